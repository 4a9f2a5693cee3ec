#!/bin/sh
# rate.sh [OPTION]...: what a bit buys: accuracy against file size, by noise.
#
# Sweeps magnitude, distribution, schedule and scale of the noise, both types
# of mask, over seeds, on a subset of the authors' runs on Fashion-MNIST (200
# clients of 300 rows, 10 a round, 5 epochs, 10 rounds; about 40 minutes on two
# cores).  Each run is one of samples/fashion-mnist.sh in a directory of its
# own; what was done is not done again.
#
#   --out DIR      runs, rate.tsv, mean.tsv, rate.svg      (build/rate)
#   --data DIR     the four IDX files; fetched when missing
#                                                  (build/fashion-mnist)
#   --jobs J       clients at a time               (all processors)
#   --seeds "N.."  one run each                    (1 2 3)
#   --only REGEX   of the settings' names          (all of them)
#   --arch A       cnn4, lenet5, mlp               (cnn4)
#   --rounds R --clients N --epochs E              (10, 200, 5)
#   --quick        a short test: 2 rounds of 2 clients, one seed
#   --list         print the settings and stop
#
# rate.tsv: setting, seed, round, accuracy on the test set (- when it was not
# tested), bits per masked parameter of the whole files, and of their masks.
# mean.tsv: per setting, means over seeds of the final accuracy and of the bits
# over all rounds, and half of the range of the accuracies.  rate.svg draws it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
# shellcheck source=samples/shared.sh
. "$here/shared.sh"

out=$root/build/rate data=$root/build/fashion-mnist seeds='1 2 3' only=. list=
jobs=$(nproc 2>/dev/null || echo 2) rounds=10 clients=200 epochs=5 quick=
arch=cnn4 per_round=10 every=2 first=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1; shift; continue ;;
    --list) list=1; shift; continue ;;
    --help | -h) help ;;
    --*) [ $# -gt 1 ] || usage "$1 needs a value" ;;
    *) usage "$1 is not an option" ;;
    esac
    case $1 in
    --out) out=$2 ;;
    --data) data=$2 ;;
    --jobs) jobs=$2 ;;
    --seeds) seeds=$2 ;;
    --only) only=$2 ;;
    --arch) arch=$2 ;;
    --rounds) rounds=$2 ;;
    --clients) clients=$2 ;;
    --epochs) epochs=$2 ;;
    *) usage "no option $1" ;;
    esac
    shift 2
done
if [ "$quick" ]; then
    rounds=2 clients=2000 epochs=1 seeds=1 per_round=2 every=1
fi
numbers "$rounds"

# settings - a name, and options of fashion-mnist.sh.  up and down go by a
# factor of four over the run, around the same middle as the constant one.
settings() {
    cat <<END
uniform-0.01 --noise uniform:0.01
uniform-0.04 --noise uniform:0.04
gaussian-0.02 --noise gaussian:0.02
bernoulli-0.01 --noise bernoulli:0.01
bernoulli-0.02 --noise bernoulli:0.02
bernoulli-0.05 --noise bernoulli:0.05
bernoulli-0.1 --noise bernoulli:0.1
bernoulli-0.05-down --noise bernoulli:0.1 --noise-schedule geometric:$rounds:0.025
bernoulli-0.05-up --noise bernoulli:0.025 --noise-schedule geometric:$rounds:0.1
bernoulli-update-20 --noise bernoulli:0.02 --noise-scale update:20
bernoulli-update-60 --noise bernoulli:0.05 --noise-scale update:60
signed-uniform-0.005 --method fedmrns --noise uniform:0.005
signed-bernoulli-0.005 --method fedmrns --noise bernoulli:0.005
signed-uniform-0.01-down --method fedmrns --noise uniform:0.02 --noise-schedule geometric:$rounds:0.005
signed-uniform-0.01-up --method fedmrns --noise uniform:0.005 --noise-schedule geometric:$rounds:0.02
END
}
if [ "$list" ]; then
    settings | awk -v only="$only" '$1 ~ only'
    exit
fi
# Without batch normalisation the authors' small first weights do not start.
[ "$arch" = cnn4 ] || first='--init kaiming'
[ ! -d "$root/build/bin" ] || PATH=$root/build/bin:$PATH
mkdir -p "$out"
out=$(cd "$out" && pwd)

# bits DIR ROUND - of the masks, a parameter: the mean over the round's files
bits() {
    fedmrn-inspect --json "$1/r$2"/*.mrn |
        sed -n 's/.*"mask_bits_per_parameter":\([0-9.e+-]*\).*/\1/p' |
        awk '{ s += $1 } END { printf "%.5f", s / NR }'
}

# collect NAME SEED - one run's rows
collect() {
    dir=$out/$1-$2
    masked=$(fedmrn-inspect --json "$dir/w0" |
        sed -n 's/.*"masked_parameters":\([0-9]*\).*/\1/p')
    sed 1d "$dir/results.tsv" | while read -r r _ _ accuracy _ bytes _; do
        awk -v OFS='\t' -v name="$1" -v seed="$2" -v r="$r" -v a="$accuracy" \
            -v b="$bytes" -v n=$((masked * per_round)) \
            -v m="$(bits "$dir" "$r")" 'BEGIN {
                print name, seed, r, a, sprintf("%.5f", 8 * b / n), m
            }' </dev/null
    done
}

printf 'setting\tseed\tround\taccuracy\tbits\tmask_bits\n' >"$out/rate.tsv.new"
settings | awk -v only="$only" '$1 ~ only' >"$out/settings"
for seed in $seeds; do
    while read -r name options; do
        echo "$name, seed $seed" >&2
        # shellcheck disable=SC2086 # options and their values
        sh "$here/fashion-mnist.sh" --data "$data" --out "$out/$name-$seed" \
            --jobs "$jobs" --seed "$seed" --arch "$arch" --rounds "$rounds" \
            --clients "$clients" --per-round $per_round --epochs "$epochs" \
            --eval-every $every $first $options </dev/null >/dev/null
        collect "$name" "$seed" >>"$out/rate.tsv.new"
    done <"$out/settings"
done
rm "$out/settings"
mv "$out/rate.tsv.new" "$out/rate.tsv"

awk -F'\t' -v OFS='\t' -v last="$rounds" '
NR == 1 { next }
!($1 in rows) { name[++n] = $1 }
{ rows[$1]++; bits[$1] += $5; masks[$1] += $6 }
$3 == last {
    runs[$1]++; sum[$1] += $4
    if (runs[$1] == 1 || $4 < low[$1]) low[$1] = $4
    if (runs[$1] == 1 || $4 > high[$1]) high[$1] = $4
}
END {
    print "setting", "runs", "accuracy", "half_range", "bits", "mask_bits"
    for (i = 1; i <= n; i++) {
        k = name[i]
        print k, runs[k], sprintf("%.4f", sum[k] / runs[k]),
            sprintf("%.4f", (high[k] - low[k]) / 2),
            sprintf("%.4f", bits[k] / rows[k]),
            sprintf("%.4f", masks[k] / rows[k])
    }
}' "$out/rate.tsv" >"$out/mean.tsv"
cat "$out/mean.tsv"

if ! command -v gnuplot >/dev/null; then
    echo "rate.sh: no gnuplot (sh samples/deps.sh plot installs it), so no rate.svg" >&2
    exit
fi
sh "$here/plot.sh" "$out/mean.tsv" -o "$out/rate.svg" --size 900x600 \
    --xlabel "bits per masked parameter, whole files, mean over $rounds rounds" \
    --ylabel "test accuracy after round $rounds"
