#!/bin/sh
# compilers.sh BUILD...: every build of the tools gives the same bytes.
#
# The exact tools (init, split, noise, pack, unpack, aggregate) of each build
# directory run on the same inputs, and so do those of the first one without
# SIMD and with another number of threads; the outputs must be equal.  Training
# is not exact, so the clients' bundles all come from the first build.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
data=$root/samples/data
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

# bundles BIN - two clients' answers to each model of $tmp/first
bundles() {
    for m in fedmrn fedmrns fedavg; do
        for c in 0 1; do
            "$1/fedmrn-train" -q --threads 1 --epochs 1 --seed $c \
                --model "$tmp/first/$m" --indices "$tmp/first/iid/$c" \
                --images "$data/digits-test-images-idx3-ubyte.gz" \
                --labels "$data/digits-test-labels-idx1-ubyte.gz" \
                --client $c -o "$tmp/$m.$c.mrn"
        done
    done
}

# models BIN - what depends on nothing but its options
models() {
    init="$1/fedmrn-init --input 1x8x8 --classes 10 --seed 7"
    $init --arch mlp --method fedmrn --noise uniform:0.01 \
        --noise-scale update:20 -o fedmrn
    $init --arch cnn4 --method fedmrns --noise gaussian:0.005 \
        --noise-schedule geometric:9:0.0021 --init kaiming -o fedmrns
    $init --arch lenet5 --input 1x28x28 --noise bernoulli:0.02 \
        --init xavier -o lenet 2>/dev/null || "$1/fedmrn-init" --seed 7 \
        --arch lenet5 --input 1x28x28 --classes 10 --noise bernoulli:0.02 \
        --init xavier -o lenet
    $init --arch mlp --method fedavg --init uniform -o fedavg
    for m in fedmrn fedmrns lenet; do
        "$1/fedmrn-noise" --model $m --client a -o noise.$m
    done
    "$1/fedmrn-noise" --model fedmrns --client a --round 5 -o noise.round
    for s in iid 'dirichlet:0.3 --min-rows 2' labels:0.3; do
        # shellcheck disable=SC2086 # a scheme and its option
        "$1/fedmrn-split" --labels "$data/digits-test-labels-idx1-ubyte.gz" \
            --scheme $s --clients 4 --seed 3 -o "${s%%:*}"
    done
}

# rounds BIN THREADS - what is made of the first build's bundles
rounds() {
    for codec in float16 signsgd topk:0.01 terngrad qsgd:8 eden:3; do
        # Those that draw nothing take no seed.
        case $codec in
        signsgd | terngrad | qsgd:*) seed='--seed 5' ;;
        *) seed= ;;
        esac
        # shellcheck disable=SC2086 # two words are meant
        "$1/fedmrn-pack" --model fedavg --codec $codec $seed \
            --residual residual.$codec "$tmp/fedavg.0.mrn" -o $codec
        "$1/fedmrn-unpack" --model fedavg $codec -o $codec.update
    done
    for m in fedmrn fedmrns fedavg; do
        "$1/fedmrn-pack" "$tmp/$m.0.mrn" -o $m.0.packed
        "$1/fedmrn-pack" "$tmp/$m.1.mrn" -o $m.1.packed
        "$1/fedmrn-unpack" --raw $m.0.packed -o $m.0.raw
        "$1/fedmrn-unpack" --model $m $m.0.packed -o $m.0.update
        "$1/fedmrn-aggregate" --threads "$2" --model $m $m.0.packed \
            "$tmp/$m.1.mrn" -o $m.next
        "$1/fedmrn-aggregate" --threads "$2" --model $m --partial \
            $m.1.packed -o $m.partial
        "$1/fedmrn-aggregate" --threads "$2" --model $m "$tmp/$m.0.mrn" \
            $m.partial -o $m.sums
        cmp $m.next $m.sums
    done
}

# compare NAME BIN THREADS - one build's outputs against the first's
compare() {
    dir=$tmp/$1
    mkdir -p "$dir"
    if (cd "$dir" && models "$2" && rounds "$2" "$3") >"$tmp/log" 2>&1 &&
        diff -r "$tmp/first" "$dir" >>"$tmp/log" 2>&1; then
        echo "ok $1: $(find "$dir" -type f | wc -l) files, the same bytes"
    else
        echo "not ok $1"
        sed 's/^/# /' "$tmp/log"
        bad=1
    fi
}

first=
for build; do
    bin=$(cd "$build/bin" 2>/dev/null && pwd) || bin=
    if [ -z "$bin" ]; then
        echo "ok ${build##*/}: # skip not built"
    elif [ -z "$first" ]; then
        first=$bin
        mkdir "$tmp/first"
        (cd "$tmp/first" && models "$bin")
        bundles "$bin"
        (cd "$tmp/first" && rounds "$bin" 1)
        echo "ok ${build##*/}: $(find "$tmp/first" -type f | wc -l) files made"
        export FEDMRN_CPU=portable
        compare "${build##*/}, portable, 3 threads" "$bin" 3
        unset FEDMRN_CPU
    else
        compare "${build##*/}" "$bin" 2
    fi
done
if [ -z "$first" ]; then
    echo "not ok compilers: nothing was built"
    bad=1
fi
exit "$bad"
