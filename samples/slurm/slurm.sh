#!/bin/sh
# slurm.sh [OPTION]... DIR [-- SBATCH-OPTION...]: rounds as Slurm job arrays.
#
# DIR has the first model, w0, and a list of rows for each client, parts/ID; it
# is seen under the same path by all nodes.  Each round becomes a job array
# that trains the clients, one array for each level of partial sums, and a job
# that makes the model and evaluates it; each waits until all of the one before
# is done.  Finished work is not done again: after a failure, or for more
# rounds, give the same command again.
#
#   --tasks N        tasks in one array at most       (what Slurm allows)
#   --at-once N      tasks of one array at a time     (as many as fit)
#   --wait           until all is done, or has failed
set -eu

tasks_max='' at_once='' wait=''
own_option() {
    case $1 in
    --tasks) tasks_max=$2 ;;
    --at-once) at_once=%$2 ;;
    --wait) wait=1 ;;
    *) usage "no option $1" ;;
    esac
}
# shellcheck disable=SC1091
. "$(dirname "$0")/common.sh"
sbatch_options=
for o; do
    sbatch_options="$sbatch_options $(quoted "$o")"
done
command -v sbatch >/dev/null || fail "no sbatch here; this is for Slurm's users"
# An array's largest index is one less than this.
allowed=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')
[ -n "$allowed" ] || fail "Slurm does not answer (see above)"
[ -n "$tasks_max" ] && [ "$tasks_max" -le "$allowed" ] || tasks_max=$allowed

# alive JOB... - whether one of them still waits or runs
alive() {
    [ -n "$(squeue -h -o %i -j "$(echo "$*" | tr ' ' ,)" 2>/dev/null)" ]
}

# queue NAME ARRAY STEP... - submit a job that follows $after; sets $after.  It
# never starts without what it needs: Slurm removes it when that has failed.
queue() {
    name=$1 array=$2 log=r$round/log/$1
    shift 2
    set -- "$dir/step.sh" "$dir" "$round" "$@"
    eval "set -- $sbatch_options \"\$@\""
    if [ -n "$array" ]; then
        log=$log-%a
        set -- --array="$array$at_once" "$@"
    fi
    [ -z "$after" ] || set -- --kill-on-invalid-dep=yes \
        --dependency=afterok:"$after" "$@"
    if ! after=$(sbatch --parsable --job-name="$name-$round" --chdir="$dir" \
        --output="$log" "$@"); then
        # shellcheck disable=SC2086 # one word per job
        [ -z "$jobs" ] || scancel $jobs
        fail "sbatch refused round $round; the rounds before it are queued"
    fi
    after=${after%%;*}
    jobs="$jobs $after"
}

# queue_array NAME STEP... - for those files of a step that are not there
queue_array() {
    name=$1
    shift
    step "$round" missing "$@" >"r$round/missing"
    if [ -s "r$round/missing" ]; then
        # The step's files are numbered from 0; these have the last number.
        files=$(step "$round" total "$@")
        tasks=$((files < tasks_max ? files : tasks_max))
        queue "$name" "$(awk -v n=$tasks '{ print $1 % n }' "r$round/missing" |
            sort -nu | ranges)" share $tasks "$@"
    fi
    rm "r$round/missing"
}

# ranges - write numbers that come in order, one a line, as 0-3,5-5,7-9
ranges() {
    awk 'NR > 1 && $1 != last + 1 { printf "%d-%d,", first, last; first = $1 }
        NR == 1 { first = $1 }
        { last = $1 }
        END { printf "%d-%d", first, last }'
}

after=
round=0
while [ $((round += 1)) -le "$rounds" ]; do
    jobs=
    if finished $round; then
        after=
        continue
    fi
    if [ -f r$round/jobs ]; then
        jobs=$(cat r$round/jobs)
        if alive "${jobs##* }"; then
            after=${jobs##* }
            continue
        fi
        # shellcheck disable=SC2086 # one word per job
        ! alive $jobs || fail "round $round has failed, but some of its tasks \
still run; wait for them, or: scancel$jobs"
        jobs=
        # Of later rounds there is nothing to say but that they had to wait.
        [ -n "$after" ] || reasons $round
    fi
    prepare $round
    queue_array train client
    for level in $(seq "$(step $round levels)"); do
        queue_array sum"$level" sum "$level"
    done
    queue model '' model
    echo "$jobs" >r$round/jobs
    echo "round $round: jobs$jobs" >&2
done
[ -n "$wait" ] || exit 0

round=1 pause=0
while [ $round -le "$rounds" ]; do
    # shellcheck disable=SC2046 # one word per job
    if finished $round; then
        show $round
        round=$((round + 1)) pause=0
    elif alive $(cat r$round/jobs); then
        pause=$((pause < 15 ? pause + 1 : pause))
        sleep $pause
    else
        # A shared file may be seen later than the end of its job.
        sleep 3
        finished $round || report $round
    fi
done
cat results.tsv
