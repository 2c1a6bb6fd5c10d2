#!/bin/sh
# Every xl verb that the platform promises, on one stock guest.
#
# On the host this boots the platform and runs itself in dom0.
[ -d /ts ] || exec "${O:-build}/touchstone" run --script "$0"
. /lib/ts.sh
. /lib/guest.sh
. /ts/daemons.sh

# The columns of `xl list` for one guest: id, memory, vCPUs, state, time.
column() {
    xl list "$1" | awk -v n="$2" 'NR == 2 { print $n }'
}

has_state() {
    column "$1" 5 | grep -q "$2"
}

# contains TEXT COMMAND...: the command succeeds and prints the text.
contains() {
    text=$1
    shift
    "$@" >/run/printed 2>&1 && grep -q -- "$text" /run/printed && return 0
    tail -n 3 /run/printed
    return 1
}

equals() {
    [ "$1" = "$2" ] && return 0
    echo "'$1' is not '$2'"
    return 1
}

refused() {
    ! "$@"
}

queries() {
    ts_check "xl info names the version" contains "xen_version *: 4.17" xl info
    ts_check "xl info -n lists CPUs" contains "cpu_topology" xl info -n
    ts_check "xl list shows dom0" contains "^Domain-0 *0 " xl list
    ts_check "xl uptime shows dom0" contains "^Domain-0" xl uptime
    ts_check "xl dmesg prints the console ring" contains "[0-9]" xl dmesg
    ts_check "xl dmesg -c empties the ring" emptied
    ts_check "xl debug-keys h lists the keys" key_listed
    ts_check "xl vcpu-list shows dom0's vCPUs" contains "^Domain-0 *0 *1 " \
        xl vcpu-list 0
    ts_check "xl cpupool-list shows a pool" contains "^Pool-0" xl cpupool-list
    ts_check "xl claims prints a table" contains "Claimed" xl claims
}

emptied() {
    xl dmesg -c >/dev/null && [ "$(xl dmesg | wc -c)" -lt 200 ]
}

key_listed() {
    xl dmesg -c >/run/old; xl debug-keys h && contains "dump\|key" xl dmesg
}

creation() {
    guest_config g1 256 2 idle
    guest_relay g1
    ts_check "xl create starts a guest" xl create /run/g1.cfg
    ts_check "the guest reaches its init" guest_await g1 close
    ts_check "xl list shows the guest" contains "^g1 " xl list
    ts_check "a second guest of that name is refused" \
        refused xl create /run/g1.cfg
    id=$(column g1 2)
    ts_check "xl domid finds the guest" equals "$(xl domid g1)" "$id"
    ts_check "xl domname finds the guest" equals "$(xl domname "$id")" g1
    ts_check "xl list -l prints JSON" contains '"name": "g1"' xl list -l g1
    ts_check "xl top prints the guest" contains "g1" xentop -b -i 1
    ts_check "the guest sees two CPUs" guest_says g1 2 nproc
    ts_check "the guest sees a Xen PVH platform" \
        guest_says g1 PVH "cat /sys/hypervisor/guest_type"
}

# The console as a person uses it. xl console takes no input unless it comes
# from a terminal; xenconsole, which it becomes, can be told to.
console() {
    ts_check "xl console shows what the guest prints" console_shows
    ts_check "xenconsole carries text both ways" console_answers
}

console_shows() {
    xl console g1 >/run/shown 2>&1 </dev/null &
    console_pid=$!
    guest_ask g1 "echo spoken >/dev/hvc0" &&
        wait_for 20 grep -q spoken /run/shown
    console_ended $?
}

console_answers() {
    mkfifo /run/typed
    xenconsole --interactive "$id" </run/typed >/run/seen 2>&1 &
    console_pid=$!
    exec 6>/run/typed
    # shellcheck disable=SC2016 # the guest expands it
    echo 'echo "6 x 7 = $((6 * 7))"' >&6
    wait_for 20 grep -q "6 x 7 = 42" /run/seen
    rc=$?
    exec 6>&-
    console_ended $rc
}

console_ended() {
    kill "$console_pid"
    wait "$console_pid"
    return "$1"
}

running() {
    ts_check "xl pause stops the guest" xl pause g1
    ts_check "a paused guest is shown so" has_state g1 p
    ts_check "xl unpause lets it go on" xl unpause g1
    ts_check "the guest answers after unpause" guest_says g1 on "echo on"
    ts_check "xl vcpu-pin sets hard affinity" xl vcpu-pin g1 0 1
    ts_check "xl vcpu-list shows the pinning" \
        contains "^g1 *$id *0 .* 1 / all" xl vcpu-list g1
    ts_check "xl vcpu-pin all undoes it" xl vcpu-pin g1 0 all
    ts_check "xl sched-credit2 sets a weight" xl sched-credit2 -d g1 -w 512
    ts_check "xl sched-credit2 shows the weight" \
        contains "^g1 *$id *512" xl sched-credit2 -d g1
    ts_check "xl sched-credit2 sets a cap" xl sched-credit2 -d g1 -c 50
    ts_check "xl sched-credit2 shows the cap" \
        contains "^g1 *$id *512 *50" xl sched-credit2 -d g1
    xl sched-credit2 -d g1 -w 256 -c 0
    ts_check "xl vcpu-set takes a vCPU away" xl vcpu-set g1 1
    ts_check "the guest sees one CPU" guest_says g1 1 nproc
    ts_check "xl vcpu-set gives it back" xl vcpu-set g1 2
    # A distribution's udev rule brings it on line; this guest has none.
    ts_check "the guest can use it again" guest_says g1 2 \
        "echo 1 >/sys/devices/system/cpu/cpu1/online; nproc"
}

ballooning() {
    ts_check "xl mem-set shrinks the guest" xl mem-set g1 192
    ts_check "the guest gives the memory back" wait_for 30 has_memory g1 192
    ts_check "xl mem-set lets it grow" xl mem-set g1 256
    ts_check "the guest takes the memory" wait_for 30 has_memory g1 256
}

has_memory() {
    [ "$(column "$1" 3)" = "$2" ]
}

devices() {
    modprobe brd rd_nr=2 rd_size=8192
    echo "written in dom0" | dd of=/dev/ram0 conv=sync 2>/dev/null
    ts_check "xl block-attach adds a disk" \
        xl block-attach g1 phy:/dev/ram0 xvdc w
    ts_check "the guest reads what dom0 wrote" guest_says g1 \
        "written in dom0" "head -n 1 /dev/xvdc"
    ts_check "the guest writes to the disk" guest_says g1 written \
        "echo from the guest | dd of=/dev/xvdc bs=4096 conv=sync,fsync 2>&- && echo written"
    ts_check "dom0 reads what the guest wrote" contains "from the guest" \
        dd if=/dev/ram0 bs=4096 count=1
    ts_check "xl block-list shows the disk" contains "backend/vbd" \
        xl block-list g1
    ts_check "xl block-detach takes it away" xl block-detach g1 xvdc
    ts_check "the guest has lost the disk" guest_says g1 none \
        "[ -b /dev/xvdc ] || echo none"

    bridge_up xenbr0 10.0.0.1/24
    ts_check "xl network-attach adds an interface" \
        xl network-attach g1 bridge=xenbr0 mac=00:16:3e:00:00:11
    ts_check "the guest has the interface" guest_says g1 \
        00:16:3e:00:00:11 "cat /sys/class/net/eth0/address"
    ts_check "guest and dom0 reach each other" guest_says g1 reached \
        "ifconfig eth0 10.0.0.2 && ping -c 3 10.0.0.1 >&- && echo reached"
    ts_check "xl network-list shows the interface" contains \
        00:16:3e:00:00:11 xl network-list g1
    ts_check "xl network-detach takes it away" \
        xl network-detach g1 00:16:3e:00:00:11
    ts_check "the guest has lost the interface" guest_says g1 none \
        "[ -e /sys/class/net/eth0 ] || echo none"
}

ending() {
    ts_check "xl reboot is accepted" xl reboot g1
    ts_check "the guest goes down" guest_await g1 gone
    guest_relay g1
    ts_check "the guest comes up again" guest_await g1 close
    ts_check "it has a new id" refused equals "$(column g1 2)" "$id"
    ts_check "xl rename changes the name" xl rename g1 g2
    ts_check "xl rename back" xl rename g2 g1
    ts_check "xl shutdown -w waits for the end" xl shutdown -w g1
    ts_check "the guest is gone" wait_for 10 refused xl domid g1
    guest_config g2 256 1 idle
    guest_relay g2
    ts_check "xl create -p makes a paused guest" xl create -p /run/g2.cfg
    ts_check "it is shown as paused" has_state g2 p
    ts_check "xl destroy ends it" xl destroy g2
    ts_check "no guest is left" equals "$(xl list | wc -l)" 2
    ts_check "destroying an unknown guest is refused" refused xl destroy nobody
}

guests_init
free_before=$(xl info | sed -n 's/^free_memory *: //p')
queries
creation
console
running
ballooning
devices
ending
ts_check "all memory came back" equals \
    "$(xl info | sed -n 's/^free_memory *: //p')" "$free_before"
ts_close 0
