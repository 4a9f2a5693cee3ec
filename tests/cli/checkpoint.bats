# A training that is killed goes on where it was: fedmrn-train --checkpoint.
load helper

# start METHOD [OPTION]... - w0: six steps, in two epochs
start() {
    local method=$1
    shift
    tiny_data 60
    [ "$method" = fedpm ] || set -- --init uniform "$@"
    # So fast that the masks depend on every draw.
    [[ "$method" != fedmrn* ]] || set -- --noise uniform:0.1 --lr 3 "$@"
    printf '%s\n' 'input 1x8x8' 'conv 4 3x3 pad=1' relu 'maxpool 2' \
        'linear 4' |
        fedmrn-init --arch - --method "$method" --epochs 2 --batch 20 \
            --seed 7 "$@" -o w0
}

train() {
    fedmrn-train -q -t1 --model w0 --images images --labels labels \
        --client a "$@"
}

# dies CALL N COMMAND... - kill the command before its N-th such system call;
# fails when there is none
dies() {
    local status=0
    strace -qqf -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
        "${@:3}" 2>/dev/null || status=$?
    [ "$status" = 137 ] || { [ "$status" = 0 ] && return 1; }
}

# survives CALLS [OPTION]... - whichever of these calls the training dies before,
# the bundle that follows, and the state, are those of one that lived
survives() {
    local call n points=0 calls=$1
    shift
    args=(-q -t1 --model w0 --images images --labels labels --client a "$@")
    if [[ "$*" = *--state* ]]; then
        fedmrn-train "${args[@]}" -o first
        cp state state.0
    fi
    fedmrn-train "${args[@]}" --seed 5 -o want
    [ ! -e state ] || mv state state.1
    for call in $calls; do
        n=1
        while [ ! -e state.0 ] || cp state.0 state
            rm -f got
            dies "$call" "$n" fedmrn-train "${args[@]}" --seed 5 \
                --checkpoint ck --checkpoint-every 0 -o got; do
            n=$((n + 1))
            points=$((points + 1))
            [ ! -e got ] || cmp got want
            # Once there is a checkpoint, its own seed is in it.
            if [ -e ck ]; then
                fedmrn-train "${args[@]}" --checkpoint ck -o got
            else
                fedmrn-train "${args[@]}" --seed 5 --checkpoint ck -o got
            fi
            cmp got want
            [ ! -e state ] || cmp state state.1
            [ ! -e ck ]
            [ "$(find . -name '.*.tmp')" = "" ]
        done
        cmp got want
    done
    echo "$points points"
    [ "$points" -gt 8 ]
}

@test "checkpoint: a training that dies anywhere gives the same bundle: fedmrn" {
    need_strace
    start fedmrn
    survives 'rename unlink' --momentum 0.5 --crop 2 --flip yes
}

@test "checkpoint: the same, fedpm with a state" {
    need_strace
    start fedpm
    survives 'write fsync rename unlink' --state state
}

@test "checkpoint: killed at any moment, again and again" {
    local m
    for m in fedavg fedmrn fedmrns fedpm; do
        start $m
        train --seed 5 --epochs 40 -o want
        rm -f got
        for i in 1 2 3 4 5 6 7 8; do
            timeout -s KILL "0.0$i" fedmrn-train -q -t1 --model w0 \
                --images images --labels labels --client a --seed 5 \
                --epochs 40 --checkpoint ck --checkpoint-every 0 -o got || :
        done
        train --seed 5 --epochs 40 --checkpoint ck -o got
        cmp got want
        [ ! -e ck ]
    done
}

@test "checkpoint: holds its own seed, for its owner only, until the answer" {
    start fedmrn
    umask 0
    # A full disk, after the training.
    [ -c /dev/full ] || skip "no /dev/full"
    run -1 train --checkpoint ck -o /dev/full
    [ "$(stat -c %a ck)" = 600 ]
    cp ck copy
    [ "$(bsdtar tf ck | tr '\n' ' ')" = "checkpoint.json values checksum " ]
    bsdtar xOf ck checkpoint.json | grep -q '"step":6,"steps":6}$'
    train --checkpoint ck -o a
    [ ! -e ck ]
    # No other run has this seed; and standard output counts as an answer.
    mv copy ck
    train --checkpoint ck >b
    [ ! -e ck ]
    cmp a b
    train -o c
    run -1 cmp -s a c
    # A link stays one.
    mkdir d
    ln -s d/real ck
    run -1 train --checkpoint ck -o /dev/full
    [ -f d/real ]
    train --checkpoint ck -o c
    [ -L ck ]
    [ ! -e d/real ]
}

@test "checkpoint: what is no checkpoint of this training is refused" {
    start fedmrn
    run -1 train --seed 5 --checkpoint ck -o /dev/full
    refuse() {
        run -3 --separate-stderr fedmrn-train -q --model w0 --images images \
            --labels labels --client a --checkpoint ck -o out "${@:2}"
        echo "$stderr"
        [[ "$stderr" = "fedmrn-train: ck: "*"$1"* ]]
        [ ! -e out ]
    }
    rest='; give each its own file, or remove this one to begin anew'
    refuse "the checkpoint of another training: its private seed is another$rest" --seed 6
    refuse "its lr was 3, not 0.2$rest" --lr 0.2
    seq 0 30 >rows
    refuse "the rows or their data are others$rest" --indices rows
    cp ck good
    cp labels ck
    refuse "byte "
    : >ck
    refuse "it is empty"
    [ "$stderr" = "fedmrn-train: ck: it is empty" ]
    head -c 500 good >ck
    refuse "cut short"
    mkdir dir
    run -3 train --checkpoint dir -o out
    run -3 train --checkpoint /dev/null -o out
    run -3 train --checkpoint no/ck -o out
    [ ! -e out ]
    cp good ck
    start fedmrn --prox 0.5
    refuse "the model is another$rest"
}

@test "checkpoint: usage" {
    start fedmrn
    run -2 train --checkpoint - -o out
    run -2 train --checkpoint out -o out
    run -2 train --checkpoint-every 3 -o out
    run -2 train --checkpoint ck --checkpoint-every x -o out
    [ ! -e out ]
}
