#!/bin/sh
# The scheduler as its users see it: two busy guests on one CPU get what their
# weights and caps say, measured by `xl list` over wall-clock time.
#
# On the host this boots the platform and runs itself in dom0.
[ -d /ts ] || exec "${O:-build}/touchstone" run --script "$0"
. /lib/ts.sh
. /lib/guest.sh
. /ts/daemons.sh
FAIR_S=30
SHARE_S=15

# CPU time of a guest in tenths of a second.
tenths() {
    xl list "$1" | awk 'NR == 2 { printf "%d", $6 * 10 + 0.5 }'
}

# Uptime in tenths of a second.
now() {
    awk '{ printf "%d", $1 * 10 }' /proc/uptime
}

# shares SECONDS: both guests' parts of the CPU in that time, per mille.
shares() {
    a=$(tenths b1) && b=$(tenths b2) && t=$(now) || return 1
    sleep "$1"
    a=$(($(tenths b1) - a)) b=$(($(tenths b2) - b)) t=$(($(now) - t))
    share1=$((a * 1000 / t)) share2=$((b * 1000 / t))
    echo "b1 ran ${a}00 ms, b2 ran ${b}00 ms of ${t}00 ms"
}

# about VALUE WANTED PERCENT
about() {
    [ $(($1 * 100)) -ge $(($2 * (100 - $3))) ] &&
        [ $(($1 * 100)) -le $(($2 * (100 + $3))) ] && return 0
    echo "$1 is not within $3 % of $2 ($share1 and $share2 per mille)"
    return 1
}

# ratio PERCENT WEIGHT1 WEIGHT2: the shares are as the weights.
ratio() {
    about $((share1 * $3)) $((share2 * $2)) "$1"
}

busy_guest() {
    guest_config "$1" 128 1 idle 'cpus = "1"'
    guest_relay "$1"
    ts_check "guest $1 is created" xl create "/run/$1.cfg"
    ts_check "it reaches its init" guest_await "$1" close
    ts_check "it computes" guest_ask "$1" "yes >/dev/null 2>&1 & echo on"
}

prints() {
    want=$1
    shift
    "$@" >/run/printed 2>&1 && grep -q -- "$want" /run/printed && return 0
    tail -n 3 /run/printed
    return 1
}

# many_exits GUEST NUMBER: by hypercalls; only ours counts them (key x).
many_exits() {
    xl debug-keys x
    n=$(xl dmesg | sed -n "s/.* exits d$(xl domid "$1") .*VMMCALL=\([0-9]*\).*/\1/p")
    n=$(echo "$n" | tail -n 1)
    [ -z "$n" ] && prints "xen_extra.*touchstone" xl info && return 1
    echo "$n exits"
    [ -z "$n" ] || [ "$n" -ge "$2" ]
}

guests_init
for vcpu in 0 1; do
    ts_check "dom0's vCPU $vcpu is pinned to CPU 0" \
        xl vcpu-pin Domain-0 $vcpu 0
done
busy_guest b1
busy_guest b2
ts_check "both are shown pinned to CPU 1" \
    [ "$(xl vcpu-list b1 b2 | awk 'NR > 1 { print $4 $7 }' | sort -u)" = 11 ]

ts_check "they run for $FAIR_S s" shares "$FAIR_S"
ts_check "two equal guests get the same within 5 %" ratio 5 256 256
ts_check "together they use the CPU" about $((share1 + share2)) 1000 10
ts_num share1_fair "$share1"
ts_num share2_fair "$share2"

ts_check "b1 gets three times the weight" xl sched-credit2 -d b1 -w 768
ts_check "the weight is shown" prints "^b1 .* 768 " xl sched-credit2 -d b1
ts_check "they run for $SHARE_S s" shares "$SHARE_S"
ts_check "time goes by weight" ratio 8 768 256

ts_check "b1 is capped to a quarter" xl sched-credit2 -d b1 -c 25
ts_check "they run for $SHARE_S s" shares "$SHARE_S"
ts_check "the cap holds" about "$share1" 250 10
ts_check "the other has the rest" about "$share2" 750 10

ts_check "the cap is taken off" xl sched-credit2 -d b1 -c 0 -w 256

# Each of these reads is a hypercall.
ts_check "b1 exits as fast as it can" guest_ask b1 \
    "killall yes; cd /sys/hypervisor/version
     (while read -r v <major; do :; done) >/dev/null 2>&1 & echo on"
ts_check "they run for $SHARE_S s" shares "$SHARE_S"
ts_check "b2 keeps its half" about "$share2" 500 10
ts_check "b1 did nothing but exit" many_exits b1 20000
ts_check "b2 may run everywhere" xl vcpu-pin b2 0 all
ts_check "a CPU that is not there is refused" \
    [ "$(xl vcpu-pin b2 0 63 >&- 2>&-; echo $?)" != 0 ]
ts_check "the rate limit is set" xl sched-credit2 -s -p Pool-0 -r 500
ts_check "it is shown" prints "ratelimit=500us" xl sched-credit2 -s
ts_check "b1 is destroyed" xl destroy b1
ts_check "b2 is destroyed" xl destroy b2
ts_close 0
