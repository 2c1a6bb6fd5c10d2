#!/bin/sh
# dom0 reboots the machine, comes up again, and powers it off.
#
# On the host this boots the platform with a disk, the only thing that
# remembers the first time, and runs itself in dom0.
if [ ! -d /ts ]; then
    build=${O:-build}
    mkdir -p "$build/test"
    head -c 4096 /dev/zero >"$build/test/reboot.img"
    exec "$build/touchstone" run --reboots --script "$0" --qemu-args "
        -drive if=none,format=raw,id=d0,file=$build/test/reboot.img
        -device virtio-blk-pci,drive=d0,iommu_platform=on,disable-legacy=on"
fi
. /lib/ts.sh
. /ts/daemons.sh

modprobe virtio_pci
modprobe virtio_blk
ts_check "the disk is there" wait_for 20 [ -b /dev/vda ]
if [ "$(head -c 6 /dev/vda)" = second ]; then
    ts_check "dom0 is up again after the reboot" xl list
else
    printf second | dd of=/dev/vda bs=512 conv=sync,fsync 2>/dev/null
    ts_check "dom0 is up for the first time" xl list
    echo reboot >/run/ts.end
fi
ts_close 0
