#!/bin/sh
# The machine's PCI devices from dom0: data, and interrupts by MSI or MSI-X.
#
# On the host this boots the platform with the devices and runs itself in
# dom0. The two network cards are joined inside QEMU.
if [ ! -d /ts ]; then
    build=${O:-build}
    mkdir -p "$build/test"
    for disk in virtio nvme ahci; do
        yes "touchstone $disk" | head -c 16777216 >"$build/test/$disk.img"
    done
    drive="-drive if=none,format=raw,snapshot=on"
    exec "$build/touchstone" run --script "$0" --qemu-args "
        $drive,id=d0,file=$build/test/virtio.img
        -device virtio-blk-pci,drive=d0,iommu_platform=on,disable-legacy=on
        $drive,id=d1,file=$build/test/nvme.img
        -device nvme,drive=d1,serial=touchstone
        $drive,id=d2,file=$build/test/ahci.img
        -device ide-hd,drive=d2,bus=ide.0
        -netdev hubport,id=h0,hubid=0 -netdev hubport,id=h1,hubid=0
        -device virtio-net-pci,netdev=h0,mac=52:54:00:00:00:01,iommu_platform=on,disable-legacy=on
        -device e1000e,netdev=h1,mac=52:54:00:00:00:02"
fi
. /lib/ts.sh
. /ts/daemons.sh

# interrupts PATTERN: how many came on the lines that match.
interrupts() {
    awk -v pattern="$1" '$0 ~ pattern && /MSI/ {
        for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) sum += $i
    } END { print sum + 0 }' /proc/interrupts
}

more_interrupts() {
    now=$(interrupts "$1")
    [ "$now" -gt "$2" ] && return 0
    grep MSI /proc/interrupts | tail -n 5
    return 1
}

# disk LABEL DEVICE INTERRUPT_PATTERN
disk() {
    ts_check "$1: the disk is there" wait_for 20 [ -b "$2" ]
    before=$(interrupts "$3")
    sum=$(yes "touchstone $1" | head -c 16777216 | md5sum)
    ts_check "$1: 16 MB read are right" \
        [ "$(dd if="$2" bs=256k iflag=direct 2>/dev/null | md5sum)" = "$sum" ]
    ts_check "$1: the reads came with MSI" more_interrupts "$3" "$before"
    ts_check "$1: what is written reads back" written_back "$2"
}

written_back() {
    head -c 65536 /dev/urandom >/tmp/random
    dd if=/tmp/random of="$1" bs=64k seek=8 oflag=direct 2>/dev/null &&
        dd if="$1" bs=64k skip=8 count=1 iflag=direct 2>/dev/null |
        cmp - /tmp/random
}

interface() {
    grep -l "$1" /sys/class/net/*/address | cut -d/ -f5
}

# The cards face each other; the e1000e lives in a name space of its own.
network() {
    virtio=$(interface 52:54:00:00:00:01)
    e1000e=$(interface 52:54:00:00:00:02)
    ts_check "virtio-net: the interface is there" [ -n "$virtio" ]
    ts_check "e1000e: the interface is there" [ -n "$e1000e" ]
    # The shell has a smaller ip of its own.
    ip=/usr/bin/ip
    $ip addr add 10.1.0.1/24 dev "$virtio"
    $ip link set "$virtio" up
    $ip netns add other
    $ip link set "$e1000e" netns other
    $ip -n other addr add 10.1.0.2/24 dev "$e1000e"
    $ip -n other link set "$e1000e" up
    ts_check "e1000e: the link comes up" wait_for 20 \
        $ip netns exec other grep -q 1 "/sys/class/net/$e1000e/carrier"
    virtio_before=$(interrupts "virtio.*-(input|output)")
    e1000e_before=$(interrupts "$e1000e")
    ts_check "virtio-net and e1000e reach each other" \
        ping -c 5 -w 20 10.1.0.2
    ts_check "virtio-net: packets came with MSI-X" \
        more_interrupts "virtio.*-(input|output)" "$virtio_before"
    ts_check "e1000e: packets came with MSI-X" \
        more_interrupts "$e1000e" "$e1000e_before"
}

for module in virtio_pci virtio_blk virtio_net nvme ahci sd_mod e1000e; do
    ts_check "driver $module loads" modprobe $module
done
disk virtio /dev/vda 'virtio.*-req'
disk nvme /dev/nvme0n1 'nvme0q[1-9]'
disk ahci /dev/sda 'ahci'
network
ts_file interrupts /proc/interrupts
ts_close 0
