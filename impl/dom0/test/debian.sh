#!/bin/sh
# Debian's own tests of hypervisors with Xen's interface (xen-utils), in dom0.
#
# On the host this boots the platform and runs itself in dom0.
[ -d /ts ] || exec "${O:-build}/touchstone" run --limit 120 --script "$0"
. /lib/ts.sh
BIN=/usr/lib/xen-4.17/bin
OUT=/run/debian.log

ts_check test-cpu-policy $BIN/test-cpu-policy
ts_check test-paging-mempool $BIN/test-paging-mempool
ts_check test-resource $BIN/test-resource
ts_check test-xenstore $BIN/test-xenstore -i 5

# QEMU begins transactions on CPUs that have none, and it aborts them: two
# complaints on any hypervisor, which are not its fault. A third one is.
$BIN/test-tsx >$OUT 2>&1
rc=$?
if [ $rc = 0 ] || ! grep -q "Host reports no RTM, but appears available" $OUT ||
    grep -E "failed|Expected" $OUT; then
    ts_verdict test-tsx $rc "$(tail -n 8 $OUT)"
else
    ts_skip test-tsx "QEMU begins transactions on a CPU without them"
fi
ts_close 0
