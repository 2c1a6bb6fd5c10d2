# How the control domain's Xen daemons are started.
# shellcheck shell=dash

# wait_for SECONDS COMMAND...: until a command succeeds; for the few things
# that announce themselves in no other way.
wait_for() {
    wait_left=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        wait_left=$((wait_left - 1))
        [ $wait_left -gt 0 ] || return 1
        usleep 50000
    done
}

start_daemons() {
    for module in xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs \
        xen-blkback xen-netback bridge; do
        modprobe $module || ts_error "no module $module"
    done
    mount -t xenfs xenfs /proc/xen || return 1
    # It goes to the background once it accepts connections.
    xenstored --pid-file /run/xenstored.pid || return 1
    xen-init-dom0 >/run/xen-init-dom0.log 2>&1 || {
        cat /run/xen-init-dom0.log
        return 1
    }
    xenconsoled --log=guest --pid-file=/run/xenconsoled.pid || return 1
    ts_mark dom0_tools
}
