# The main job: stock guests on a bridge and on disks, measured from inside,
# then bare create and destroy rounds. Parameters come in /ts/params.
# shellcheck shell=dash
. /lib/ts.sh
. /lib/guest.sh
GUESTS=1
ROUNDS=3
RUNTIME_S=4
DISK_MIB=64
[ -r /ts/params ] && . /ts/params

xl_facts() {
    xl info >/run/info || return 1
    for key in xen_version xen_caps xen_scheduler virt_caps nr_cpus \
        total_memory free_memory; do
        ts_fact "$key" "$(sed -n "s/^$key *: //p" /run/info)"
    done
    ts_num dom0_memory "$(xl list 0 | awk 'NR == 2 { print $3 }')"
}

backends_up() {
    modprobe loop
    modprobe brd rd_nr=3 rd_size=$((DISK_MIB * 1024))
    losetup -r /dev/loop0 /guest/tools.img || return 1
    bridge_up xenbr0 10.0.0.1/24
}

# measured_guest NUMBER
measured_guest() {
    dd if=/dev/zero of="/dev/ram$(($1 - 1))" bs=1M count=$DISK_MIB \
        2>/dev/null
    guest_config "g$1" 256 1 "measure ts.number=$1 ts.runtime=$RUNTIME_S" \
        "disk = [ 'phy:/dev/loop0,xvda,r', 'phy:/dev/ram$(($1 - 1)),xvdb,w' ]" \
        "vif = [ 'bridge=xenbr0' ]"
    iperf3 -s -D -p $((5200 + $1)) --pidfile "/run/iperf3-$1"
    guest_start "g$1"
}

measured_guests() {
    number=0
    while [ $number -lt $GUESTS ]; do
        number=$((number + 1))
        measured_guest $number || return 1
        # One after the other, so that their figures do not disturb them.
        guest_await "g$number" close || ts_error "g$number did not end its job"
    done
    ts_fact domains "$(xl list | awk 'NR > 1 { printf "%s%s", s, $1; s = " " }')"
    xl debug-keys x
    xl vcpu-list >/run/vcpus
    ts_file vcpu_list /run/vcpus
    number=0
    while [ $number -lt $GUESTS ]; do
        number=$((number + 1))
        guest_stop "g$number"
    done
}

bare_rounds() {
    round=0
    while [ $round -lt $ROUNDS ]; do
        round=$((round + 1))
        guest_config "bare$round" 256 1 idle
        guest_start "bare$round" || return 1
        guest_await "bare$round" guest_init ||
            ts_error "bare$round did not start"
        guest_stop "bare$round"
    done
}

guests_init
xl_facts || ts_error "xl info failed"
backends_up || ts_error "no backends"
rc=0
measured_guests || rc=1
bare_rounds || rc=1
ts_fact free_memory_end "$(xl info | sed -n 's/^free_memory *: //p')"
ts_close $rc
exit $rc
