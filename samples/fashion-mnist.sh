#!/bin/sh
# fashion-mnist.sh [OPTION]...: FedMRN's authors' runs on Fashion-MNIST.
#
# 100 clients, 10 of them a round, 10 local epochs, batch 64, network cnn4
# (arXiv 2408.03220, section 5).  It goes on where it was stopped: a file that
# is there is whole, since the tools write whole files or none.
#
#   --method M       fedmrn, fedmrns or fedavg        (fedmrn)
#   --partition P    iid, dirichlet:0.3, labels:0.3   (iid)
#   --rounds R       rounds in all                    (100)
#   --jobs J         clients at a time                (all processors)
#   --data DIR       the four IDX files; fetched when missing
#                                                     (build/fashion-mnist)
#   --out DIR        models, bundles, results.tsv     (METHOD-PARTITION)
#   --seed N         makes the run reproducible: the clients' private seeds
#                    come from it too                 (1, private seeds random)
#   --clients N --per-round K --epochs E --batch B --lr L
#   --noise DIST:A --noise-schedule S --noise-scale S --noise-key W
#   --masking M --dither D --full-bits N              (the authors'; 3)
#   --arch A --init SCHEME                            (cnn4, normal:0.01)
#   --eval-every N   rounds from one test to the next (1)
#
# results.tsv: round, method, partition, accuracy and loss on the test set, the
# bytes that the round's clients sent, and the seconds it took (as far as this
# run did it).  A round without a test has - for accuracy and loss.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
# shellcheck source=samples/shared.sh
. "$here/shared.sh"

method=fedmrn partition=iid rounds=100 data=$root/build/fashion-mnist out=
jobs=$(nproc 2>/dev/null || echo 2) seed=1 private=
clients=100 per_round=10 epochs=10 batch=64 arch=cnn4 every=1
settings=
while [ $# -gt 0 ]; do
    case $1 in
    --*=*) name=${1%%=*} value=${1#*=}; shift ;;
    --help | -h) help ;;
    --*)
        [ $# -gt 1 ] || usage "$1 needs a value"
        name=$1 value=$2; shift 2 ;;
    *) usage "$1 is not an option" ;;
    esac
    case $name in
    --method) method=$value ;;
    --partition) partition=$value ;;
    --rounds) rounds=$value ;;
    --jobs) jobs=$value ;;
    --data) data=$value ;;
    --out) out=$value ;;
    --seed) seed=$value private=1 ;;
    --clients) clients=$value ;;
    --per-round) per_round=$value ;;
    --epochs) epochs=$value ;;
    --batch) batch=$value ;;
    --arch) arch=$value ;;
    --eval-every) every=$value ;;
    --lr | --noise | --noise-schedule | --noise-scale | --noise-key | \
        --masking | --dither | --full-bits | --init)
        settings="$settings $name $value" ;;
    *) usage "no option $name" ;;
    esac
done
numbers "$rounds" "$jobs" "$seed" "$clients" "$per_round" "$every"
[ "$every" -gt 0 ] || usage "--eval-every 0"
[ "$per_round" -le "$clients" ] || usage "more clients a round than clients"
out=${out:-$method-$(echo "$partition" | tr : -)}

find_tools
sh "$here/get-data.sh" fashion-mnist "$data"
data=$(cd "$data" && pwd)
find_data "$data"

mkdir -p "$out"
cd "$out"
# A directory belongs to one run.
run="$method $partition $clients $per_round $epochs $batch $seed$settings"
[ "$arch" = cnn4 ] || run="$run --arch $arch"
if [ -f run ] && [ "$(cat run)" != "$run" ]; then
    echo "fashion-mnist.sh: $out holds another run:" >&2
    echo "    $(cat run)   (this one: $run)" >&2
    exit 1
fi
echo "$run" >run
# shellcheck disable=SC2086 # options and their values
[ -f w0 ] || fedmrn-init --arch "$arch" --input 1x28x28 --classes 10 \
    --method "$method" --mean 0.2860 --std 0.3530 --epochs "$epochs" \
    --batch "$batch" $settings --seed "$seed" -o w0
[ -d parts ] || fedmrn-split --labels "$labels" --scheme "$partition" \
    --clients "$clients" --seed "$seed" -o parts

# client ID BASE BUNDLE ROUND - train one and pack its answer
cat >client.sh <<'CLIENT'
set -eu
one= ; [ -z "$private" ] || one="--seed $(((seed << 40 ^ $4 << 20 ^ $1) & 0x7fffffffffffffff))"
fedmrn-train -q --threads 1 --model "$2" --images "$images" --labels "$labels" \
    --indices "parts/$1" --client "$1" $one -o "$3.raw"
fedmrn-pack --threads 1 --model "$2" "$3.raw" -o "$3"
rm -f "$3.raw"
CLIENT
export images labels private seed

[ -f results.tsv ] || printf '%b' \
    'round\tmethod\tpartition\taccuracy\tloss\tbytes_up\tseconds\n' >results.tsv
r=1
while [ "$r" -le "$rounds" ]; do
    if cut -f1 results.tsv | grep -qx "$r"; then
        r=$((r + 1))
        continue
    fi
    began=$(date +%s)
    base=w$((r - 1))
    if [ ! -f w$r ]; then
        mkdir -p r$r
        for c in $(chosen "$seed" "$r" "$clients" "$per_round"); do
            [ -f "r$r/$c.mrn" ] || echo "$c"
        done | xargs -P "$jobs" -I{} sh client.sh {} $base r$r/{}.mrn "$r"
        fedmrn-aggregate -q --model $base r$r/*.mrn -o w$r
    fi
    # "accuracy 0.9012 loss 0.2871 samples 10000"
    result="accuracy - loss -"
    [ $((r % every)) != 0 ] && [ "$r" != "$rounds" ] ||
        result=$(fedmrn-eval -q --model w$r --images "$test_images" \
            --labels "$test_labels" --mean 0.2868 --std 0.3524)
    # One short write: a line is there or it is not.
    echo "$result" | awk -v OFS='\t' -v r="$r" -v m="$method" \
        -v p="$partition" -v b="$(cat r$r/*.mrn | wc -c)" \
        -v s=$(($(date +%s) - began)) \
        '{ print r, m, p, $2, $4, b, s }' >row
    cat row >>results.tsv
    echo "round $r: $result" >&2
    r=$((r + 1))
done
rm -f row client.sh
cat results.tsv
