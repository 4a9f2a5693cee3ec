load helper

root=$BATS_TEST_DIRNAME/../..

# bench ROW... - run the quick rows, against the tools that are on PATH
bench() {
    BUILD=$(dirname "$(dirname "$(command -v fedmrn-train)")") QUICK=1 \
        TSV=$PWD/t.tsv sh "$root/tests/bench/run.sh" "$@"
}

# figures COLUMN - fail unless every row has a positive number there
figures() {
    awk -F '\t' -v k="$1" 'NR > 1 && !($k > 0) {print; bad = 1}
        END {exit bad || NR < 2}' t.tsv
}

@test "bench: every row runs, alone where there are no peers" {
    PEER=/nonexistent bench >log
    grep -q '^# no peers: ' log
    head -n 1 t.tsv | grep -qx $'row\tunit\tours\tpeer\tratio\tbar\tverdict'
    figures 3
    for row in step/cnn4/fedmrn/1 step/conv4/fedmrns/over-fedavg \
        agg/lib/portable/1 agg/tool/portable/1 noise/gaussian/portable \
        files/pack/raw files/verify start/inspect; do
        grep -q "^$row"$'\t' t.tsv
    done
    [ "$(cut -f 1 t.tsv | sort | uniq -d)" = "" ]
}

@test "bench: the large rows run when they are asked for" {
    PEER=/nonexistent bench large >log
    figures 3
    grep -q "^large/1G/aggregate/peak"$'\tMiB\t' t.tsv
    PEER=/nonexistent bench large/100M/verify/cpu >log
    [ "$(cut -f 1 t.tsv)" = $'row\nlarge/100M/verify/cpu' ]
}

@test "bench: peers are measured beside ours, and bars are held to" {
    # A peer that answers as the scripts do, without torch.
    mkdir peer
    touch peer/train_step.py peer/aggregate.py
    cat >python <<'END'
#!/bin/sh
echo "$*" >>calls
case "$*" in
*train_step*) echo "cnn4 fedmrn batch 64 threads 1: 1000000.50 ms/step" ;;
*aggregate*) printf 'torch: 1 million\nnumpy: 2 million\n' ;;
esac
END
    chmod +x python
    PEER=$PWD/peer PYTHON=$PWD/python bench step/cnn4/fedmrn/1 \
        agg/lib/against-numpy >log
    figures 3
    figures 4
    figures 5
    grep -qP '^step/cnn4/fedmrn/1\tms\t.*\t100000[01]\t.*\tx1\.3\tmet$' t.tsv
    grep -qP '^agg/lib/against-numpy\tM/s\t.*\t2\t.*\t-\t-$' t.tsv
    grep -q 'train_step.py --net cnn4 --image 1x28x28 --method fedmrn' calls
}

@test "bench: what is pinned by the environment is measured without it too" {
    PEER=/nonexistent bench step/cnn4/fedavg/1 >log
    [ "$(wc -l <t.tsv)" = 2 ]
    mkdir peer
    touch peer/train_step.py peer/aggregate.py
    cat >python <<'END'
#!/bin/sh
case "$*" in *train_step*) echo "${PIN-unset}" >>pins ;; esac
echo "cnn4 fedavg batch 64 threads 1: 5.00 ms/step"
END
    chmod +x python
    PINS=PIN PIN=old PEER=$PWD/peer PYTHON=$PWD/python \
        bench step/cnn4/fedavg/1 >log
    grep -q '^# PIN: old; ' log
    [ "$(cut -f 1,4 t.tsv | tail -n 2)" = \
        $'step/cnn4/fedavg/1\t5\nstep/cnn4/fedavg/1/unpinned\t5' ]
    [ "$(cat pins)" = $'old\nunset' ]
}

@test "bench: a row that does not exist is a usage error" {
    run -2 --separate-stderr bench no-such-row
    [[ $stderr == *"no row is called no-such-row" ]]
}
