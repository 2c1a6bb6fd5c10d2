#!/bin/sh
# The smallest matrix that is real: one disk, one network measure and a guest's
# life on ours; then a soak of some seconds. What is judged is that it works.
set -u
build=${O:-build}
folder=$build/bench-test
file=$folder/samples.json
number=0

check() {
    what=$1
    shift
    number=$((number + 1))
    if "$@" >&2; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
    fi
}

# said NAME UNIT: the file has a sample of that measure from ours.
said() {
    tr -d ' \n' <"$file" |
        grep -q "\"$1\":{\"unit\":\"$2\"[^{}]*{\"ours\":\[[0-9]"
}

mkdir -p "$folder"
rm -f "$file" "$folder/soak.json"
echo 1..6
check "a disk, a network and a life are measured" \
    "$build/touchstone" bench --hypervisor ours --folder "$folder" \
    --only blk.blkfront-raw.randread-4k-qd1.v1 --only net.netfront.tx-p1.v1 \
    --only life.guest.create --samples 1 --seconds 0.3 --json "$file"
check "the file has samples of the disk" \
    said blk.blkfront-raw.randread-4k-qd1.v1 IOPS
check "it has samples of the network" said net.netfront.tx-p1.v1 Mbit/s
check "it has samples of a guest's life" said life.guest.create s
check "the raw answer of fio is kept" grep -q clat_ns \
    "$folder/raw/000-blk.blkfront-raw.randread-4k-qd1.v1.ours.json"
check "a soak ends with zero errors and no memory lost" \
    "$build/touchstone" bench --profile soak --hypervisor ours \
    --minutes 0.1 --folder "$folder" --json "$folder/soak.json"
