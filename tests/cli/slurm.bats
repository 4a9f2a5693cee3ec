# samples/slurm/slurm.sh under a Slurm of its own, started here by hand: one
# node, ports and sockets that only this machine sees, all files in the test's
# directory.
load helper
load digits

setup_file() {
    local c d=$BATS_FILE_TMPDIR node
    for c in munged slurmctld slurmd sbatch; do
        PATH=$PATH:/usr/sbin type -P $c >/dev/null || skip "no $c here"
    done
    [ "$(id -u)" = 0 ] || skip "slurmd needs root"
    PATH=$PATH:/usr/sbin
    node=$(uname -n)
    node=${node%%.*}
    mkdir "$d/state" "$d/spool"
    head -c 128 /dev/urandom >"$d/key"
    chmod 600 "$d/key"
    export SLURM_CONF=$d/slurm.conf
    # No array has more than five tasks.  The names of plugins are given where
    # the default looks for what a bare machine does not have.
    cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmctldPort=$(free_port 20000)
SlurmdPort=$(free_port 25000)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthInfo=socket=$d/munge
StateSaveLocation=$d/state
SlurmdSpoolDir=$d/spool
SlurmctldPidFile=$d/slurmctld.pid
SlurmdPidFile=$d/slurmd.pid
SlurmctldLogFile=$d/slurmctld.log
SlurmdLogFile=$d/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
MaxArraySize=5
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
    # Descriptor 3 is bats's own; who keeps it open keeps bats waiting.  The
    # time limit is for a bats that was killed, and could not clear up.
    timeout 300 munged --foreground --force --key-file="$d/key" --socket="$d/munge" \
        --pid-file="$d/munge.pid" --log-file="$d/munge.log" \
        --seed-file="$d/munge.seed" >/dev/null 2>&1 3>&- &
    echo $! >"$d/daemons"
    soon test -S "$d/munge" || skip "munged does not start"
    timeout 300 slurmctld -D -c >"$d/words" 2>&1 3>&- &
    echo $! >>"$d/daemons"
    timeout 300 slurmd -D >>"$d/words" 2>&1 3>&- &
    echo $! >>"$d/daemons"
    soon idle || skip "Slurm does not start: $(grep -E 'fatal|error' "$d/words" |
        tail -n 1)"
}

teardown_file() {
    local pid d=$BATS_FILE_TMPDIR
    [ -f "$d/daemons" ] || return 0
    scancel --user root 2>/dev/null || :
    soon empty || :
    # The last that came goes first, and needs the others for that.
    for pid in $(tac "$d/daemons"); do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
}

idle() { sinfo -h -o %T | grep -qx idle; }
empty() { [ -z "$(squeue -h)" ]; }

@test "slurm: rounds of job arrays are, byte for byte, those made by hand" {
    digits_run a
    cp -r a hand
    by_hand hand 3 1
    by_hand hand 3 2
    # Seven clients make sums of four files in level 1, and two in level 2.
    queue() {
        sh "$slurm/slurm.sh" "${data[@]}" --seed 3 --group 2 "$@" a
    }
    queue --rounds 1 2>words
    grep -qE '^round 1: jobs( [0-9]+){4}$' words
    # Nothing is queued twice, and the next round waits for this one.
    queue --rounds 2 --wait >table 2>words
    run ! grep -q 'round 1: jobs' words
    grep -qE '^round 2: jobs( [0-9]+){4}$' words
    cmp a/w1 hand/w1
    cmp a/w2 hand/w2
    [ "$(echo a/r1/*.mrn | wc -w) $(echo a/r2/*.mrn | wc -w)" = "7 7" ]
    [ ! -e a/r1/sums ]
    cmp table a/results.tsv
    fedmrn-eval -q --model a/w2 --images "${data[5]}" --labels "${data[7]}" |
        awk -v b="$(cat a/r2/*.mrn | wc -c)" -v OFS='\t' \
            '{ print 2, $2, $4, 7, b }' >row
    tail -n 1 table | cmp - row
    [ "$(cut -f1 table | tr '\n' ' ')" = "round 1 2 " ]
    # What is finished is not done again.
    run -0 --separate-stderr queue --rounds 2
    [ -z "$stderr" ]
}

@test "slurm: a failed client is named; mended, the round goes on" {
    digits_run a
    cp -r a hand
    by_hand hand 5 1
    echo 99999 >>a/parts/4
    queue() {
        sh "$slurm/slurm.sh" "${data[@]}" --seed 5 --tasks 3 --wait a \
            -- --comment='two words'
    }
    run -1 --separate-stderr queue
    [[ $stderr == *"round 1, client 4, on "*": fedmrn-train: parts/4:"*"row 99999 is not below"* ]]
    [[ $stderr == *"round 1, client 4, on "*": status 3"* ]]
    [[ $stderr == *"round 1 lacks 1 of 7 answers: 4"* ]]
    [ ! -e a/w1 ]
    # The model's job, which can never start, does not stay in the queue.
    soon empty
    cp hand/parts/4 a/parts/4
    stat -c '%i %n' a/r1/*.mrn >before
    run -0 --separate-stderr queue
    [[ $stderr == *"round 1 lacks 1 of 7 answers: 4"*"round 1: jobs "* ]]
    [ ! -e a/r1/failed ]
    cmp a/w1 hand/w1
    # The others were not trained again.
    stat -c '%i %n' a/r1/*.mrn | grep -v /4.mrn | cmp - before
}
