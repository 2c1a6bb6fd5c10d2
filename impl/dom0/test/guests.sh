#!/bin/sh
# Guests of several shapes: four CPUs, three at once, disks of every kind.
#
# On the host this boots the platform and runs itself in dom0.
[ -d /ts ] || exec "${O:-build}/touchstone" run --image qemu --script "$0"
. /lib/ts.sh
. /lib/guest.sh
. /ts/daemons.sh

four_cpus() {
    guest_config smp 256 4 idle
    guest_relay smp
    ts_check "a guest with four CPUs is created" xl create /run/smp.cfg
    ts_check "it reaches its init" guest_await smp close
    ts_check "it uses four CPUs" guest_says smp 4 nproc
    # shellcheck disable=SC2016 # the guest expands it
    ts_check "each of its CPUs runs a program" guest_says smp 0123 \
        'for c in 0 1 2 3; do taskset -c $c cut -d" " -f39 /proc/self/stat; done | tr -d "\n"'
    ts_check "it ends when told" ended smp
}

three_at_once() {
    for name in t1 t2 t3; do
        guest_config $name 192 1 idle "vif = [ 'bridge=xenbr0' ]"
        guest_relay $name
        ts_check "guest $name is created" xl create /run/$name.cfg
        ts_check "guest $name reaches its init" guest_await $name close
    done
    ts_check "three guests run" [ "$(xl list | grep -c '^t[123] ')" = 3 ]
    for number in 1 2 3; do
        guest_says t$number up "ifconfig eth0 10.0.0.1$number && echo up" \
            >/dev/null
    done
    ts_check "guest t1 reaches t2" guest_says t1 reached \
        "ping -c 2 10.0.0.12 >&- && echo reached"
    ts_check "guest t2 reaches t3" guest_says t2 reached \
        "ping -c 2 10.0.0.13 >&- && echo reached"
    ts_check "guest t3 reaches t1" guest_says t3 reached \
        "ping -c 2 10.0.0.11 >&- && echo reached"
    for name in t1 t2 t3; do
        ts_check "guest $name is destroyed" xl destroy $name
    done
}

# ended NAME: told to shut down, and its monitor has cleaned up.
ended() {
    xl shutdown -w "$1" && wait_for 20 gone "$1"
}

gone() {
    ! xl domid "$1"
}

# disk_guest NAME LABEL DISK_LINE: a guest reads its disk, writes it, reads again.
disk_guest() {
    guest_config "$1" 192 1 idle "disk = [ '$3' ]"
    guest_relay "$1"
    ts_check "a guest with $2 is created" xl create "/run/$1.cfg"
    ts_check "it reaches its init" guest_await "$1" close
    ts_check "it reads from $2" guest_says "$1" "$pattern_sum" \
        "head -c 4194304 /dev/xvdb | md5sum | cut -c1-32"
    ts_check "it writes to $2" guest_says "$1" written \
        "yes x | tr -d '\n' | head -c 1048576 | dd of=/dev/xvdb bs=65536 \
conv=fsync 2>&- && echo written"
    ts_check "it reads its own writing" guest_says "$1" xxxx \
        "echo 3 >/proc/sys/vm/drop_caches; head -c 4 /dev/xvdb"
    ts_check "it ends when told" ended "$1"
}

disks() {
    yes touchstone | head -c 4194304 >/root/pattern
    pattern_sum=$(md5sum </root/pattern | cut -c1-32)
    cp /root/pattern /root/raw.img
    modprobe loop
    losetup /dev/loop1 /root/raw.img
    disk_guest raw "a raw disk through blkback" "phy:/dev/loop1,xvdb,w"
    ts_check "its writing is in the image" \
        [ "$(head -c 4 /root/raw.img)" = xxxx ]
    losetup -d /dev/loop1

    ts_check "qemu-img makes a qcow2 image" \
        qemu-img convert -O qcow2 /root/pattern /root/disk.qcow2
    disk_guest qcow2 "a qcow2 disk through QEMU" \
        "format=qcow2, vdev=xvdb, access=rw, target=/root/disk.qcow2"
    ts_check "the qcow2 image is sound" qemu-img check /root/disk.qcow2
    qemu-img convert -O raw /root/disk.qcow2 /root/out.img
    ts_check "its writing is in the qcow2 image" \
        [ "$(head -c 4 /root/out.img)" = xxxx ]
}

guests_init
bridge_up xenbr0 10.0.0.1/24
free_before=$(xl info | sed -n 's/^free_memory *: //p')
four_cpus
three_at_once
disks
ts_check "no guest is left" [ "$(xl list | wc -l)" = 2 ]
free_after=$(xl info | sed -n 's/^free_memory *: //p')
ts_check "all memory came back" [ "$free_after" = "$free_before" ]
ts_close 0
