#!/bin/sh
# compare.sh [OPTION]...: methods beside each other: accuracy, and bytes sent.
#
# Each method trains with each partition and seed on the same rows of one data
# set; each such run is one of samples/fashion-mnist.sh in a directory of its
# own.  What was done is not done again: give the same command again after it
# was stopped, for more rounds, or for more methods, partitions and seeds.
#
#   --methods "M..."     names of the table below     (all of them)
#   --partitions "P..."  iid, dirichlet:B, labels:F   (iid)
#   --seeds "N..."       one run each                 (1)
#   --table FILE         rows of one's own, instead of the table below
#   --jobs J             processes at a time          (all processors)
#   --data DIR           four IDX files with MNIST's names, of any data set;
#                        fetched when missing         (build/fashion-mnist)
#   --train N --test N   the first so many rows of it; 0: all  (10000, 2000)
#   --out DIR            runs, tables, pictures       (build/compare)
#   --clients N --per-round K --rounds R              (40, 10, 20)
#   --epochs E --batch B                              (5, 25)
#   --arch PRESET|FILE   a small network of two convolutions without batch
#                        normalisation, which fedpm cannot have; fedpm takes it
#                        in any case
#   --eval-every N       rounds from one test to the next      (1)
#   --list               print the table of methods and stop
#
# rounds.tsv: method, partition, seed, round, accuracy and loss on the test
# rows (- when not tested), the bytes that the round's clients sent, the bytes
# that they fetched (the model, each of them; fedpm's packed), and the bits sent
# for each parameter of the network, everything counted.
# final.md: for each method the accuracy after the last round, mean and standard
# deviation over the seeds, and what it cost.  PARTITION-round and
# PARTITION-bytes, .png and .svg: accuracy by round, and by what a client sent.
#
# All methods of the table with one seed take a quarter of an hour on two
# processors.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
# shellcheck source=samples/shared.sh
. "$here/shared.sh"

# The methods: a name, options of fashion-mnist.sh (and so of fedmrn-init), and
# after another bar options of fedmrn-pack, where @ is a file that each client
# keeps from one round to the next.  A line more is a method more.  Learning
# rates and magnitudes did best in short runs of a few values, not in a search.
table() {
    cat <<END
fedavg | --method fedavg --lr 0.05
fedprox | --method fedavg --lr 0.05 --prox 0.01
fedavgm | --method fedavg --lr 0.05 --server-optimizer momentum
fedadam | --method fedavg --lr 0.05 --server-optimizer adam
fedyogi | --method fedavg --lr 0.05 --server-optimizer yogi
fedmrn | --method fedmrn --lr 0.1 --noise uniform:0.02
fedmrns | --method fedmrns --lr 0.1 --noise uniform:0.01
fedmrn-bernoulli | --method fedmrn --lr 0.1 --noise bernoulli:0.05
fedpm | --method fedpm
fedbat | --method fedbat --lr 0.1
fedsparsify | --method fedsparsify --lr 0.05 --sparsity 0.9 --sparsity-to 15
float16 | --method fedavg --lr 0.05 --codec float16
signsgd | --method fedavg --lr 0.05 --codec signsgd
signsgd-memory | --method fedavg --lr 0.05 --codec signsgd | --residual @
signsgd-majority | --method fedavg --lr 0.05 --codec signsgd:0.003 --vote majority:0.003
topk | --method fedavg --lr 0.05 --codec topk:0.03
topk-memory | --method fedavg --lr 0.05 --codec topk:0.03 | --residual @
terngrad | --method fedavg --lr 0.05 --codec terngrad
qsgd | --method fedavg --lr 0.05 --codec qsgd:7
drive | --method fedavg --lr 0.05 --codec drive
eden-1 | --method fedavg --lr 0.05 --codec eden:1
eden-2 | --method fedavg --lr 0.05 --codec eden:2
eden-4 | --method fedavg --lr 0.05 --codec eden:4
END
}

methods='' partitions=iid seeds=1 rows='' list=''
jobs=$(nproc 2>/dev/null || echo 2) data=$root/build/fashion-mnist
train=10000 test=2000 out=$root/build/compare
clients=40 per_round=10 rounds=20 epochs=5 batch=25 arch='' every=1
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) help ;;
    --list) list=1; shift; continue ;;
    --*) [ $# -gt 1 ] || usage "$1 needs a value" ;;
    *) usage "$1 is not an option" ;;
    esac
    case $1 in
    --methods) methods=$2 ;;
    --partitions) partitions=$2 ;;
    --seeds) seeds=$2 ;;
    --table) rows=$2 ;;
    --jobs) jobs=$2 ;;
    --data) data=$2 ;;
    --train) train=$2 ;;
    --test) test=$2 ;;
    --out) out=$2 ;;
    --clients) clients=$2 ;;
    --per-round) per_round=$2 ;;
    --rounds) rounds=$2 ;;
    --epochs) epochs=$2 ;;
    --batch) batch=$2 ;;
    --arch) arch=$2 ;;
    --eval-every) every=$2 ;;
    *) usage "no option $1" ;;
    esac
    shift 2
done
# shellcheck disable=SC2086 # words
numbers $seeds "$jobs" "$train" "$test" "$clients" "$per_round" "$rounds" \
    "$epochs" "$batch" "$every"
[ "$jobs" -gt 0 ] || usage "--jobs 0"
[ -z "$rows" ] || [ -f "$rows" ] || usage "$rows: no such file"
rows=$(if [ "$rows" ]; then cat "$rows"; else table; fi |
    sed 's/^ *//; s/ *| */|/g; s/ *$//; /^#/d; /^$/d')
names=$(echo "$rows" | cut -d'|' -f1)
for m in ${methods:=$(echo "$names" | tr '\n' ' ')}; do
    echo "$names" | grep -qxF -e "$m" ||
        usage "$m: no such method in the table; --list prints it"
done
if [ "$list" ]; then
    echo "$rows" | awk -F'|' -v OFS=' | ' -v of=" $methods " '
        index(of, " " $1 " ") { $1 = $1; print }'
    exit
fi
find_tools
need_data fashion-mnist "$data"
find_data "$(cd "$data" && pwd)"
case $arch in
*/* | *.arch) arch=$(cd "$(dirname "$arch")" && pwd)/$(basename "$arch") ;;
esac
mkdir -p "$out/runs"
cd "$out"
out=$(pwd)

# A directory belongs to one comparison; there may be more of it later.
settings="data=$images train=$train test=$test clients=$clients \
per_round=$per_round epochs=$epochs batch=$batch arch=$arch"
if [ -f settings ] && [ "$(cat settings)" != "$settings" ]; then
    echo "compare.sh: $out holds another comparison:" >&2
    echo "    $(cat settings)" >&2
    echo "    (this one: $settings)" >&2
    exit 1
fi
echo "$settings" >settings

# number OF FILE - what fedmrn-inspect says of it
number() {
    fedmrn-inspect --json "$2" | sed -n "s/.*\"$1\":\\([0-9.e-]*\\)[,}].*/\\1/p"
}

# rows_of IDX N FILE - its first N items (0: all) as an IDX file
rows_of() {
    [ ! -f "$3" ] || return 0
    of=$(number samples "$1")
    n=$(($2 > 0 && $2 < of ? $2 : of))
    gzip -dcf "$1" >"$3.all"
    head=$((4 + 4 * $(od -An -tu1 -j3 -N1 "$3.all")))
    each=$((($(wc -c <"$3.all") - head) / of))
    {
        head -c 4 "$3.all"
        # shellcheck disable=SC2059 # bytes
        printf "$(printf '\\%03o' $((n >> 24)) $((n >> 16 & 255)) \
            $((n >> 8 & 255)) $((n & 255)))"
        head -c $((head + n * each)) "$3.all" | tail -c +9
    } >"$3.new"
    rm "$3.all"
    mv "$3.new" "$3"
}
mkdir -p data
rows_of "$images" "$train" data/train-images-idx3-ubyte
rows_of "$labels" "$train" data/train-labels-idx1-ubyte
rows_of "$test_images" "$test" data/t10k-images-idx3-ubyte
rows_of "$test_labels" "$test" data/t10k-labels-idx1-ubyte
normal="--mean $(number mean data/train-images-idx3-ubyte) \
--std $(number std data/train-images-idx3-ubyte)"

[ -f net.arch ] || cat >net.arch <<END
input $(shape_of data/train-images-idx3-ubyte)
conv 16 3x3 pad=1
relu
maxpool 2
conv 32 3x3 pad=1
relu
maxpool 2
linear 128
relu
linear $(classes_of data/train-labels-idx1-ubyte)
END

# The runs, and what each of them is asked for.
for s in $seeds; do
    for p in $partitions; do
        for m in $methods; do
            run=runs/$m-$(echo "$p" | tr : -)-$s
            row=$(echo "$rows" | awk -F'|' -v m="$m" '$1 == m')
            options=$(echo "$row" | cut -d'|' -f2)
            net=${arch:-$out/net.arch}
            case "$options " in
            *'--method fedpm '*) net=$out/net.arch ;;
            *' --init '*) ;;
            *)
                # Without batch normalisation the authors' small first weights
                # do not start.
                case $net in
                cnn4 | cnn8) ;;
                *) options="--init kaiming $options" ;;
                esac ;;
            esac
            {
                printf '%s\n' --out "$run" --partition "$p" --seed "$s" \
                    --arch "$net" --pack "$(echo "$row" | cut -d'|' -f3)"
                echo "$options" | tr -s ' ' '\n'
            } >"$run.options"
            echo "$run $m $p $s"
        done
    done
done >plan

# Several runs at a time, or several clients of one.
at_once=$(wc -l <plan)
each=$((jobs > at_once ? jobs / at_once : 1))
export here rounds clients per_round epochs batch every each normal
cut -d' ' -f1 plan | xargs -P "$jobs" -I{} sh -c '
    run=$1
    shift
    while IFS= read -r word; do set -- "$@" "$word"; done <"$run.options"
    sh "$here/fashion-mnist.sh" --data data --rounds "$rounds" --jobs "$each" \
        --threads "$each" --clients "$clients" --per-round "$per_round" \
        --epochs "$epochs" --batch "$batch" --eval-every "$every" $normal "$@" \
        >"$run.rows" 2>"$run.log" </dev/null || {
        echo "$run: $(grep -v "^round " "$run.log" | head -n 1)" >&2
        exit 1
    }
    tail -n 1 "$run.rows" |
        awk -v run="$run" '\''{ print run ": round " $1 ": accuracy " $4 }'\'' >&2
    rm "$run.rows"
' - {} || {
    echo "compare.sh: not all runs are done; the same command does the rest" >&2
    exit 1
}

# sent RUN - the rounds: number, accuracy, loss, bytes up and down, bits
sent() {
    parameters=$(number parameters "$1/w0")
    sed 1d "$1/results.tsv" | awk -v last="$rounds" '$1 <= last' |
        while read -r r _ _ accuracy loss up _; do
            before=$1/w$((r - 1))
            down=$(fedmrn-pack -q --counts "$before" 2>/dev/null | wc -c)
            [ "$down" -gt 0 ] || down=$(wc -c <"$before")
            awk -v OFS='\t' -v r="$r" -v a="$accuracy" -v l="$loss" -v u="$up" \
                -v d="$down" -v k="$per_round" -v n="$parameters" 'BEGIN {
                    print r, a, l, u, k * d, sprintf("%.5f", 8 * u / k / n)
                }' </dev/null
        done
}
printf 'method\tpartition\tseed\tround\taccuracy\tloss\tbytes_up\tbytes_down\tbits\n' \
    >rounds.tsv.new
while read -r run m p s; do
    sent "$run" | awk -v OFS='\t' -v m="$m" -v p="$p" -v s="$s" \
        '{ print m, p, s, $0 }'
done <plan >>rounds.tsv.new
mv rounds.tsv.new rounds.tsv

# Means over the seeds, in the order of the table.
awk -F'\t' -v last="$rounds" '
NR == 1 { next }
!($1 in known) { known[$1]; method[++nm] = $1 }
!($2 in part) { part[$2]; partition[++np] = $2 }
{ rows[$1]++; up[$1] += $7; down[$1] += $8; bits[$1] += $9 }
$4 == last && $5 != "-" { i = $1 FS $2; n[i]++; sum[i] += $5; square[i] += $5 * $5 }
END {
    printf "| method |"
    for (p = 1; p <= np; p++) printf " %s |", partition[p]
    print " bits a parameter | MB up | MB down |"
    printf "|---|"
    for (p = 1; p <= np; p++) printf "---|"
    print "---|---|---|"
    for (m = 1; m <= nm; m++) {
        printf "| %s |", method[m]
        for (p = 1; p <= np; p++) {
            i = method[m] FS partition[p]
            if (!n[i]) {
                printf " - |"
                continue
            }
            mean = sum[i] / n[i]
            v = n[i] > 1 ? (square[i] - n[i] * mean * mean) / (n[i] - 1) : -1
            printf " %.4f%s |", mean,
                n[i] < 2 ? "" : sprintf(" ± %.4f", sqrt(v > 0 ? v : 0))
        }
        r = rows[method[m]]
        printf " %.4f | %.3f | %.3f |\n", bits[method[m]] / r,
            up[method[m]] / r * last / 1e6, down[method[m]] / r * last / 1e6
    }
}' rounds.tsv >final.new
{
    echo "Test accuracy after round $rounds, mean and standard deviation over" \
        "the seeds $seeds; bits sent for a"
    echo "parameter of the network, all bytes counted, and the bytes of a run," \
        "up and down, means over all runs."
    echo "$per_round of $clients clients a round, $epochs epochs, batch $batch;" \
        "$(number samples data/train-images-idx3-ubyte) training and" \
        "$(number samples data/t10k-images-idx3-ubyte) test rows."
    [ -z "$arch" ] || ! grep -q '^fedpm$' runs/*.options ||
        echo "fedpm has a network of its own, net.arch, without batch" \
            "normalisation."
    echo
    cat final.new
} >final.md
rm final.new
cat final.md

command -v gnuplot >/dev/null || {
    echo "compare.sh: no gnuplot (sh samples/deps.sh plot installs it), so no" \
        "pictures" >&2
    exit
}

# What a client of each round sent, in all, is what pictures tell.
awk -F'\t' -v OFS='\t' -v k="$per_round" -v last="$rounds" '
    NR == 1 { print $0, "kB" }
    NR > 1 && $4 <= last { print $0, $7 / k / 1e3 }' rounds.tsv >kB.tsv
# draw PICTURE OPTION... - of one partition
draw() {
    picture=$(echo "$p" | tr : -)-$1
    shift
    sh "$here/plot.sh" kB.tsv --by method --only "partition=$p" --title "$p" \
        --ylabel 'test accuracy' -o "$picture" "$@"
}
for p in $partitions; do
    for type in svg png; do
        draw round.$type
        draw bytes.$type -x kB --sum kB --log x \
            --xlabel 'kB that a client of each round sent, in all'
    done
done
rm kB.tsv
