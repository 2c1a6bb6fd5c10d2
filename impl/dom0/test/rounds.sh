#!/bin/sh
# Fifty guests come and go, each with a disk and an interface, and leave
# nothing behind.
#
# On the host this boots the platform and runs itself in dom0.
[ -d /ts ] || exec "${O:-build}/touchstone" run --limit 1600 --script "$0"
. /lib/ts.sh
. /lib/guest.sh
ROUNDS=${ROUNDS:-50}

free_mib() {
    xl info | sed -n 's/^free_memory *: //p'
}

one_round() {
    xl create -q /run/round.cfg && xl destroy round
}

modprobe brd rd_nr=1 rd_size=8192
bridge_up xenbr0 10.0.0.1/24
guest_config round 128 2 idle "disk = [ 'phy:/dev/ram0,xvdb,w' ]" \
    "vif = [ 'bridge=xenbr0' ]"
# The first round loads what stays loaded.
ts_check "the first guest comes and goes" one_round
before=$(free_mib)
round=0
failed=0
while [ $round -lt "$ROUNDS" ]; do
    round=$((round + 1))
    one_round >/run/round.log 2>&1 || failed=$((failed + 1))
    [ $((round % 10)) != 0 ] || echo "$round rounds"
done
ts_verdict "$ROUNDS guests come and go" $failed "$(tail -n 3 /run/round.log)"
ts_check "no guest is left" [ "$(xl list | wc -l)" = 2 ]
ts_check "free memory is as before" [ "$(free_mib)" = "$before" ]
ts_check "xenstore holds no trace of them" \
    [ "$(xenstore-list /local/domain)" = 0 ]
ts_close 0
