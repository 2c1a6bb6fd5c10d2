# Takes jobs from the machine's console until it is told to end.
# shellcheck shell=dash
. /lib/ts.sh
. /lib/guest.sh
. /lib/agent.sh
for more in /ts/agent.d/*.sh; do
    # shellcheck source=/dev/null
    [ -r "$more" ] && . "$more"
done
guests_init
stty -echo
agent_loop
ts_close 0
