#!/bin/bash
# The `touchstone` command itself: help, refusals, completion. Prints TAP.
set -u

touchstone=${O:-build}/touchstone
number=0

# check NAME COMMAND...: one result, by the command's status
check() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then echo "ok $number - $name"; else echo "not ok $number - $name"; fi
}

refuses() {
    local text=$1 status
    shift
    "$touchstone" "$@" 2>"$scratch/err"
    status=$?
    [ "$status" -eq 2 ] && grep -q -e "$text" "$scratch/err"
}

# What bash offers for the last of these words.
offers() {
    COMP_WORDS=(touchstone "$@") COMP_CWORD=$#
    _touchstone
    printf '%s\n' "${COMPREPLY[@]}"
}

offers_exactly() {
    local wanted=$1
    shift
    [ "$(offers "$@" | paste -s -d' ')" = "$wanted" ]
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
PATH=$(cd "$(dirname "$touchstone")" && pwd):$PATH
eval "$(touchstone completion bash)"

check "help names the commands" grep -q '^  sim ' <("$touchstone" --help)
check "no command is told" refuses usage
check "an unknown command is told" refuses "unknown command 'nosuch'" nosuch
check "completion wants a shell" refuses usage completion tcsh
check "commands are completed" offers_exactly "sim scan" s
check "options are completed" offers_exactly --port sim --por
check "zsh gets its own" grep -q '^compdef _touchstone' \
    <("$touchstone" completion zsh)
echo "1..$number"
