# Records that scripts in dom0 and in guests leave on the console.
#
# One record is one line:   @ts SOURCE NUMBER LENGTH JSON
# NUMBER counts the records of a source from 1, LENGTH is that of JSON in
# bytes. Reader: impl/platform/touchstone/console.py, which undoes lines that
# the hypervisor printed into the middle of one. Call these functions from
# one shell only, never in a subshell: the count lives in TS_SEQ.
# shellcheck shell=dash

TS_SRC=${TS_SRC:-dom0}
TS_SEQ=${TS_SEQ:-0}
TS_CHECKS=${TS_CHECKS:-0}
TS_FAILED=${TS_FAILED:-0}
TS_OUT=${TS_OUT:-/dev/console}

ts_emit() {
    TS_SEQ=$((TS_SEQ + 1))
    echo "@ts $TS_SRC $TS_SEQ ${#1} $1" >"$TS_OUT"
}

# A JSON string of any text, in $TS_STR: no subshell, they are slow here.
ts_str() {
    TS_STR=$1
    case $TS_STR in
    *[!\ -~]* | *[\"\\]*)
        TS_STR=$(printf %s "$1" | tr '\n\t' '  ' | tr -cd ' -~' |
            sed 's/[\\"]/\\&/g')
        ;;
    esac
    TS_STR="\"$TS_STR\""
}

# ts_mark NAME: something was reached; the reader's clock says when.
ts_mark() {
    ts_emit "{\"t\":\"mark\",\"name\":\"$1\"}"
}

# ts_begin NAME / ts_end NAME [RC]: a span, timed by the reader's clock.
ts_begin() {
    ts_emit "{\"t\":\"begin\",\"name\":\"$1\"}"
}

ts_end() {
    ts_emit "{\"t\":\"end\",\"name\":\"$1\",\"rc\":${2:-0}}"
}

# ts_span NAME COMMAND...: run a command as a span; its status is returned.
ts_span() {
    ts_name=$1
    shift
    ts_begin "$ts_name"
    ts_rc=0
    "$@" || ts_rc=$?
    ts_end "$ts_name" "$ts_rc"
    return $ts_rc
}

# ts_fact NAME TEXT / ts_num NAME NUMBER: a result.
ts_fact() {
    ts_str "$2"
    ts_emit "{\"t\":\"fact\",\"name\":\"$1\",\"value\":$TS_STR}"
}

ts_num() {
    ts_emit "{\"t\":\"fact\",\"name\":\"$1\",\"value\":$2}"
}

# ts_error TEXT: something went wrong that is not a check.
ts_error() {
    ts_str "$1"
    ts_emit "{\"t\":\"error\",\"text\":$TS_STR}"
}

# ts_file NAME FILE: a file's contents in numbered pieces, compressed (which
# brings length and checksum).
ts_file() {
    gzip -c "$2" | base64 -w 600 >/tmp/ts_file.$$
    ts_n=0
    while read -r ts_piece; do
        ts_n=$((ts_n + 1))
        ts_emit "{\"t\":\"piece\",\"name\":\"$1\",\"n\":$ts_n,\"d\":\"$ts_piece\"}"
    done </tmp/ts_file.$$
    ts_emit "{\"t\":\"file\",\"name\":\"$1\",\"pieces\":$ts_n}"
    rm -f /tmp/ts_file.$$
}

# ts_check NAME COMMAND...: one fact; passes when the command succeeds. What
# the command printed is the detail of a failure.
ts_check() {
    ts_name=$1
    shift
    ts_rc=0
    "$@" >/tmp/ts_check.$$ 2>&1 </dev/null || ts_rc=$?
    ts_verdict "$ts_name" "$ts_rc" "$(tail -n 6 /tmp/ts_check.$$)"
    rm -f /tmp/ts_check.$$
    return $ts_rc
}

# ts_verdict NAME STATUS DETAIL: a check whose outcome is already known.
ts_verdict() {
    TS_CHECKS=$((TS_CHECKS + 1))
    ts_ok=true
    if [ "$2" != 0 ]; then
        TS_FAILED=$((TS_FAILED + 1))
        ts_ok=false
    fi
    ts_str "$1"
    ts_label=$TS_STR
    ts_str "rc=$2 $3"
    ts_emit "{\"t\":\"check\",\"name\":$ts_label,\"ok\":$ts_ok,\"detail\":$TS_STR}"
}

# ts_skip NAME REASON: a fact that cannot be checked here.
ts_skip() {
    ts_str "$1"
    ts_label=$TS_STR
    ts_str "$2"
    ts_emit "{\"t\":\"skip\",\"name\":$ts_label,\"detail\":$TS_STR}"
}

# ts_close STATUS: the source has no more to say; NUMBER shows any loss.
ts_close() {
    ts_emit "{\"t\":\"close\",\"rc\":$1,\"checks\":$TS_CHECKS,\"failed\":$TS_FAILED}"
}
