# What a guest does in the soak: verified blocks and a checked stream at once.
# shellcheck shell=dash

# soak_work DEVICE MIB SEED MODE: MODE is write (every block, then every block
# read back and compared) or verify (what an earlier write left). One line:
# written and verified blocks, bytes received, the stream's two checksums.
soak_work() {
    soak_only=
    [ "$4" = verify ] && soak_only=--verify_only
    nc 10.0.0.1 9000 </dev/null >/tmp/soak.got &
    soak_pid=$!
    # shellcheck disable=SC2086 # nothing or one option
    fio --name=s --filename="$1" --size="$2m" --rw=randwrite --bs=4k \
        --ioengine=libaio --iodepth=8 --direct=1 --verify=crc32c \
        --verify_fatal=1 --do_verify=1 --randseed="$3" $soak_only \
        --output-format=json >/tmp/soak.json 2>/tmp/soak.err || {
        tail -n 3 /tmp/soak.err /tmp/soak.json
        wait $soak_pid
        return 1
    }
    wait $soak_pid
    soak_written=$(soak_ios write)
    echo "soak $soak_written $(soak_ios read)" \
        "$(wc -c </tmp/soak.got) $(sha256sum </tmp/soak.got | cut -c1-64)" \
        "$(nc 10.0.0.1 9001 </tmp/soak.got | cut -c1-64)"
}

# soak_ios KIND: how many requests of a kind fio counts.
soak_ios() {
    awk -v kind="\"$1\"" '$1 == kind { inside = 1 }
        inside && $1 == "\"total_ios\"" { print $3 + 0; exit }' /tmp/soak.json
}
