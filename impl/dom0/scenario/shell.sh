# Interactive scenario: a shell on the machine's console until it is closed.
# shellcheck shell=dash
stty sane
echo "dom0 shell; 'exit' powers the machine off"
exec setsid sh -i </dev/hvc0 >/dev/hvc0 2>&1
