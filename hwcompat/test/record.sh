#!/bin/sh
# A record taken in dom0, on our hypervisor: all of it, and the log of Xen.
#
# On the host this boots the platform with the program and its libraries and
# runs itself in dom0.
if [ ! -d /ts ]; then
    build=${O:-build}
    set -- --script "$0" --file "/ts/record=$build/touchstone-record"
    # Libraries that dom0 does not have; its C library is the same one.
    for library in $(ldd "$build/touchstone-record" | awk '/=> \// {print $3}'); do
        case $library in
        */libc.so.6 | */libm.so.6) ;;
        *) set -- "$@" --file "/ts/lib/${library##*/}=$library" ;;
        esac
    done
    exec "$build/touchstone" run "$@"
fi
. /lib/ts.sh

record() {
    LD_LIBRARY_PATH=/ts/lib /ts/record "$@"
}

# has FILE PATTERN: the record's file has such a line.
has() {
    grep -q "$2" "/run/record/$1" || {
        tail -n 20 "/run/record/$1"
        return 1
    }
}

modprobe msr
ts_check "dom0 can be recorded" record /run/record
ts_check "the record is whole" record --check /run/record
ts_check "as an archive as well" record --quiet /run/record.tar.zst
ts_check "and that is whole" record --check /run/record.tar.zst
ts_check "it is root's" has record.json '"privileged":.true'
ts_check "it has the MADT" has acpi/tables.json '"APIC"'
ts_check "and knows where tables lay" has acpi/tables.json '"address"'
ts_check "it has the table that points at them" \
    has acpi/tables.json '"[RX]SDT"'
ts_check "it has SMBIOS" [ -s /run/record/smbios/table.bin ]
ts_check "it has a memory map" has memory.json '"e820"'
ts_check "it has CPUID of all CPUs" \
    [ "$(grep -c '^cpu' /run/record/cpu/cpuid.txt)" = "$(nproc)" ]
ts_check "it has MSRs, the APIC's base among them" has cpu/msr.txt '^0000001b '
ts_check "it has PCI functions" has pci/config.txt '^00: 86 80'
ts_check "it has the kernel's log" has logs/kernel.txt 'Linux version'
ts_check "it has the hypervisor's log" [ -s /run/record/logs/hypervisor.txt ]
ts_check "it knows the hypervisor" has raw/hypervisor.txt '^type: xen'
ts_check "CPUID is what the CPUs say, and not what dom0 is told" \
    has record.json "raw policy"
ts_check "nothing names the machine" \
    [ "$(grep -c '"identifiers":.false' /run/record/record.json)" = 1 ]
