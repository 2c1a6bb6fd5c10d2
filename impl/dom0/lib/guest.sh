# Starting guests from dom0 scripts and waiting for what they report.
#
# A guest's console log is a named pipe here, so its lines arrive as they are
# printed: a relay copies its records to the machine's console and tells this
# shell about marks, facts and ends through one queue, /run/ts.events.
# shellcheck shell=bash

GUEST_KERNEL=/guest/vmlinuz
GUEST_INITRD=/guest/initrd
GUEST_WAIT_S=${GUEST_WAIT_S:-240}
CONSOLE_DIR=/var/log/xen/console
g_asked=0

# Once per script, before the first guest.
guests_init() {
    [ -p /run/ts.events ] || mkfifo /run/ts.events
    exec 7<>/run/ts.events
}

# guest_config NAME MEMORY_MIB VCPUS WORD [LINE...]: its xl file; each LINE is
# added as it is.
guest_config() {
    g_name=$1
    cat >"/run/$g_name.cfg" <<EOF
name = "$1"
type = "pvh"
memory = $2
vcpus = $3
kernel = "$GUEST_KERNEL"
ramdisk = "$GUEST_INITRD"
extra = "console=hvc0 quiet ts.name=$1 ts.do=$4"
EOF
    shift 4
    for g_line in "$@"; do
        echo "$g_line" >>"/run/$g_name.cfg"
    done
}

# guest_relay NAME: must run before the guest is created. Ends with the guest.
guest_relay() {
    g_pipe=$CONSOLE_DIR/guest-$1.log
    [ -p "$g_pipe" ] || mkfifo "$g_pipe"
    awk -v name="$1" -v events=/run/ts.events -v log_file="/run/$1.log" '
        { sub(/\r$/, "") }
        index($0, "@ts ") {
            print substr($0, index($0, "@ts ")); fflush()
            word = $0
            if (!sub(/.*"name":"/, "", word)) word = "close"
            sub(/".*/, "", word)
            if (match($0, /"t":"fact"/)) {
                value = $0
                sub(/.*"value":"?/, "", value)
                sub(/"?\}$/, "", value)
                word = word "=" value
            }
            if (match($0, /"t":"(mark|close|fact)"/)) {
                print name, word >events; fflush(events)
            }
            next
        }
        { print >log_file; fflush(log_file) }
        END { print name, "gone" >events }
    ' "$g_pipe" >/dev/console &
    g_relay_pid=$!
}

# guest_await NAME WORD: until a guest reports a mark, "close", or "gone" when
# its console ended. Fails when it ends first or takes too long.
guest_await() {
    while read -r -t "$GUEST_WAIT_S" g_name g_word <&7; do
        [ "$g_name" = "$1" ] || continue
        [ "$g_word" = "$2" ] && return 0
        [ "$g_word" = gone ] && return 1
    done
    return 1
}

# guest_ask NAME COMMAND: what a command prints in the guest's shell, in $ANSWER.
guest_ask() {
    g_tty=$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty") ||
        return 1
    g_asked=$((g_asked + 1))
    echo "ts_fact answer$g_asked \"\$($2)\"" >"$g_tty"
    while read -r -t "$GUEST_WAIT_S" g_name g_word <&7; do
        case "$g_name $g_word" in
        "$1 answer$g_asked="*)
            ANSWER=${g_word#*=}
            return 0
            ;;
        "$1 gone") return 1 ;;
        esac
    done
    return 1
}

# guest_says NAME TEXT COMMAND: a command prints this in the guest, now or soon.
guest_says() {
    g_left=20
    while guest_ask "$1" "$3"; do
        [ "$ANSWER" = "$2" ] && return 0
        g_left=$((g_left - 1))
        [ $g_left -gt 0 ] || break
        usleep 200000
    done
    echo "'$3' in $1 says '$ANSWER', not '$2'"
    return 1
}

# guest_start NAME: relay, then create; a span "create NAME".
guest_start() {
    guest_relay "$1"
    ts_span "create $1" xl create "/run/$1.cfg" >/run/xl.out 2>&1 || {
        ts_error "xl create $1: $(tail -n 3 /run/xl.out)"
        kill "$g_relay_pid" 2>/dev/null
        return 1
    }
}

# guest_stop NAME: destroy; a span "destroy NAME".
guest_stop() {
    ts_span "destroy $1" xl destroy "$1"
}

# bridge_up NAME ADDRESS/BITS
bridge_up() {
    ip link add "$1" type bridge && ip link set "$1" up &&
        ip addr add "$2" dev "$1"
}
