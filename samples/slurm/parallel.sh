#!/bin/sh
# parallel.sh [OPTION]... DIR [-- PARALLEL-OPTION...]: rounds by GNU parallel,
# on this machine or over ssh.
#
# DIR has the first model, w0, and a list of rows for each client, parts/ID.
# Without --workdir the hosts see it, and the data, under the same paths.
# Finished work is not done again: after a failure, or for more rounds, give
# the same command again.
#
#   --hosts FILE     one ssh login a line, `8/node1` for 8 jobs at a time, `:`
#                    for this machine (as --sshloginfile of parallel) (only it)
#   --jobs J         jobs at a time on each host      (all its processors)
#   --workdir DIR    the hosts share no files but the data: send them there what
#                    a client needs, bring its bundle back, and sum it up here
set -eu

hosts='' jobs='' workdir=''
own_option() {
    case $1 in
    --hosts) hosts=$(full "$2") || exit ;;
    --jobs) jobs=$2 ;;
    --workdir) workdir=$2 ;;
    *) usage "no option $1" ;;
    esac
}
# shellcheck disable=SC1091
. "$(dirname "$0")/common.sh"
parallel --will-cite --version 2>/dev/null | grep -q '^GNU parallel' ||
    fail "no GNU parallel here"
[ -z "$jobs" ] || set -- --jobs "$jobs" "$@"

# each OPTION... -- COMMAND... - for the lines of standard input
each() {
    parallel --will-cite --colsep ' ' "$@"
}

# hosted OPTION... - on all hosts
hosted() {
    [ -z "$hosts" ] || set -- --sshloginfile "$hosts" "$@"
    each "$@"
}

# clients ROUND - number and name of those whose bundles are not there
clients() {
    step "$1" missing client | awk 'NR == FNR { of[$1]; next }
        FNR - 1 in of { print FNR - 1, $2 }' - "r$1/clients"
}

# play ROUND PARALLEL-OPTION... - train, sum, make the model
play() {
    round=$1
    shift
    prepare "$round"
    if [ -n "$workdir" ]; then
        clients "$round" | hosted "$@" --workdir "$workdir" --cleanup \
            --basefile run --basefile step.sh --basefile "w$((round - 1))" \
            --basefile "r$round/clients" --transferfile 'parts/{2}' \
            --return "r$round/{2}.mrn" sh step.sh . "$round" client '{1}'
    else
        clients "$round" |
            hosted "$@" sh "$(quoted "$dir/step.sh")" "$(quoted "$dir")" \
                "$round" client '{1}'
    fi || return
    sum=hosted
    [ -z "$workdir" ] || sum=each
    for level in $(seq "$(step "$round" levels)"); do
        step "$round" missing sum "$level" |
            $sum "$@" sh "$(quoted "$dir/step.sh")" "$(quoted "$dir")" \
                "$round" sum "$level" '{1}' || return
    done
    CPUS=$(nproc) step "$round" model
}

round=0
while [ $((round += 1)) -le "$rounds" ]; do
    finished "$round" && continue
    play "$round" "$@" || report "$round"
    show "$round"
done
cat results.tsv
