# Two network cards of one machine that face each other inside QEMU.
# shellcheck shell=dash

# pair_wait COMMAND...: until it succeeds; a link comes up without a word.
pair_wait() {
    pair_left=400
    until "$@" >/dev/null 2>&1; do
        pair_left=$((pair_left - 1))
        [ $pair_left -gt 0 ] || return 1
        usleep 50000
    done
}

pair_find() {
    grep -l "$1" /sys/class/net/*/address | cut -d/ -f5
}

# lab_pair NAME MAC MAC SUBNET MODULE...: the second card, and who answers
# there, live in a name space; addresses are SUBNET.1 and SUBNET.2.
lab_pair() {
    pair_name=$1
    pair_subnet=$4
    pair_near=$2
    pair_far=$3
    shift 4
    lab_modules "$@" || return 1
    pair_near=$(pair_find "$pair_near")
    pair_far=$(pair_find "$pair_far")
    [ -n "$pair_near" ] && [ -n "$pair_far" ] || return 1
    # The shell has a smaller ip of its own.
    pair_ip=/usr/bin/ip
    $pair_ip addr add "$pair_subnet.1/24" dev "$pair_near"
    $pair_ip link set "$pair_near" up
    $pair_ip netns add "$pair_name"
    $pair_ip link set "$pair_far" netns "$pair_name"
    $pair_ip -n "$pair_name" addr add "$pair_subnet.2/24" dev "$pair_far"
    $pair_ip -n "$pair_name" link set "$pair_far" up
    $pair_ip -n "$pair_name" link set lo up
    pair_wait ping -c 1 -w 1 "$pair_subnet.2" || return 1
    $pair_ip netns exec "$pair_name" iperf3 -s -D -p 5201
}

# lab_disk DEVICE MODULE...: a disk of the machine, once it is there.
lab_disk() {
    lab_path=$1
    shift
    lab_modules "$@" && pair_wait [ -b "$lab_path" ]
}

lab_modules() {
    for lab_module in "$@"; do
        modprobe "$lab_module" || return 1
    done
}

# lab_echo PORT [PREFIX...]: fio answers one client there, message by message.
lab_echo() {
    echo_port=$1
    shift
    "$@" fio --name=s --ioengine=net --protocol=tcp --port="$echo_port" \
        --listen --rw=read --bs=64 --size=1g --pingpong=1 >/tmp/echo.out 2>&1 &
    pair_wait "$@" grep -q "$(printf :%04X "$echo_port") .* 0A " /proc/net/tcp /proc/net/tcp6
}
