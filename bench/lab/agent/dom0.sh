# What the lab needs in the control domain: disks, a bridge, guests.
# shellcheck shell=dash

# lab_fill DEVICE: every block written once, so that none is thin.
lab_fill() {
    dd if=/dev/urandom of=/tmp/lab.pattern bs=1M count=1 2>/dev/null
    lab_left=$(($(blockdev --getsize64 "$1") / 1048576))
    while [ $lab_left -gt 0 ]; do
        lab_left=$((lab_left - 1))
        dd if=/tmp/lab.pattern of="$1" bs=1M seek=$lab_left 2>/dev/null ||
            return 1
    done
}

# lab_tools: the guests' first disk.
lab_tools() {
    modprobe loop
    losetup -r /dev/loop0 /guest/tools.img
}

# lab_ram COUNT MIB: /dev/ram0 and more, filled.
lab_ram() {
    modprobe brd rd_nr="$1" rd_size=$(($2 * 1024)) || return 1
    for lab_disk in /dev/ram*; do
        lab_fill "$lab_disk"
    done
}

# lab_null COUNT: /dev/nullb0 and more, which complete a request as it comes.
lab_null() {
    modprobe null_blk nr_devices="$1" gb=1 queue_mode=2 irqmode=0
}

# lab_thin NUMBER MIB: /dev/loopNUMBER on a file without blocks.
lab_thin() {
    busybox truncate -s "$2M" "/tmp/thin$1.img" &&
        losetup "/dev/loop$1" "/tmp/thin$1.img"
}

# lab_qcow2 NAME MIB: every cluster written.
lab_qcow2() {
    dd if=/dev/urandom of=/tmp/plain bs=1M count="$2" 2>/dev/null &&
        qemu-img convert -O qcow2 /tmp/plain "/tmp/$1.qcow2" && rm /tmp/plain
}

# lab_qcow2_thin NAME MIB: no cluster written.
lab_qcow2_thin() {
    qemu-img create -f qcow2 "/tmp/$1-thin.qcow2" "$2M"
}

# lab_bridge: dom0's end of the guests' network, and who answers there.
lab_bridge() {
    bridge_up xenbr0 10.0.0.1/24 && iperf3 -s -D -p 5201
}

# lab_guest NAME MEMORY_MIB VCPUS LINE...: a guest whose agent takes jobs.
lab_guest() {
    lab_name=$1
    lab_memory=$2
    lab_vcpus=$3
    shift 3
    guest_config "$lab_name" "$lab_memory" "$lab_vcpus" agent "$@"
    guest_start "$lab_name" || {
        grep -v '^Parsing' /run/xl.out
        return 1
    }
    guest_await "$lab_name" agent
}

# lab_round NAME: a bare guest comes up and goes.
lab_round() {
    guest_config "$1" 256 1 idle
    guest_start "$1" && guest_await "$1" guest_init
    guest_stop "$1"
}

# lab_storm COUNT: bare guests one after the other, then all of them go.
lab_storm() {
    ts_begin storm
    lab_number=0
    while [ $lab_number -lt "$1" ]; do
        lab_number=$((lab_number + 1))
        guest_config "storm$lab_number" 64 1 idle
        guest_start "storm$lab_number" &&
            guest_await "storm$lab_number" guest_init || return 1
    done
    ts_end storm
    while [ $lab_number -gt 0 ]; do
        guest_stop "storm$lab_number"
        lab_number=$((lab_number - 1))
    done
}

# lab_stream MIB: a stream of known bytes on port 9000; what port 9001 takes
# is answered with its checksum. Prints the checksum.
lab_stream() {
    dd if=/dev/urandom of=/tmp/stream bs=1M count="$1" 2>/dev/null
    nc -ll -p 9000 -e cat /tmp/stream </dev/null >/dev/null 2>&1 &
    nc -ll -p 9001 -e sha256sum </dev/null >/dev/null 2>&1 &
    sha256sum /tmp/stream | cut -c1-64
}

# lab_state: what is left of memory and what xenstore knows, in numbers.
lab_state() {
    echo "$(xl info | sed -n 's/^free_memory *: //p')" \
        "$(xl list | wc -l)" "$(xenstore-ls /local | wc -l)" \
        "$(xenstore-ls /libxl 2>/dev/null | wc -l)" \
        "$(dmesg | grep -c -i -E 'i/o error|hung|BUG|WARNING')"
}

# lab_gone: waits until only dom0 is left.
lab_gone() {
    pair_wait lab_alone
}

lab_alone() {
    [ "$(xl list | wc -l)" = 2 ]
}
