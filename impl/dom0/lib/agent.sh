# Jobs for a shell, as lines on its standard input; answers are records.
#
#   more :TEXT:        appends to the text of the next job; answered, because a
#                      hypervisor's console buffers only some hundred bytes
#   job NUMBER VERB    runs the text: sh (a shell of its own), do (in this one),
#                      to:GUEST (the agent in that guest runs it with sh)
#   end                ends the loop
#
# A job's output comes back as the file job<NUMBER>, then a record "done".
# shellcheck shell=dash

agent_loop() {
    agent_text=
    ts_mark agent
    while read -r agent_word agent_rest; do
        case $agent_word in
        more)
            agent_rest=${agent_rest#:}
            agent_text=$agent_text${agent_rest%:}
            ts_emit '{"t":"more"}'
            ;;
        job)
            agent_job "${agent_rest%% *}" "${agent_rest#* }"
            agent_text=
            ;;
        end) return 0 ;;
        esac
    done
}

# agent_job NUMBER VERB
agent_job() {
    agent_rc=0
    agent_out=${TMPDIR:-/tmp}/agent.out
    case $2 in
    sh) sh -c "$agent_text" >"$agent_out" 2>&1 </dev/null || agent_rc=$? ;;
    do) eval "$agent_text" >"$agent_out" 2>&1 </dev/null || agent_rc=$? ;;
    to:*)
        agent_send "${2#to:}" "$1" && return 0
        echo "no guest '${2#to:}'" >"$agent_out"
        agent_rc=1
        ;;
    *) agent_rc=127 ;;
    esac
    ts_file "job$1" "$agent_out"
    ts_emit "{\"t\":\"done\",\"job\":$1,\"rc\":$agent_rc}"
}

# agent_send GUEST NUMBER: the guest answers by itself.
agent_send() {
    agent_tty=$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty") ||
        return 1
    printf 'more :%s:\njob %s sh\n' "$agent_text" "$2" >"$agent_tty"
}
