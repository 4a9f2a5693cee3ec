#!/bin/sh
# demo.sh [DIR]: FedMRN beside FedAvg, in a minute, from nothing but a clone.
#
# The UCI digits (samples/data) are dealt to 20 clients.  In each round every
# client trains on its own part, once for each method, and sends a bundle; the
# next models are made of them.  DIR (default build/demo) keeps every file.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
# shellcheck source=samples/shared.sh
. "$here/shared.sh"
data=$here/data
clients=20 rounds=${ROUNDS:-12}
jobs=$(nproc 2>/dev/null || echo 2)

case ${1:-} in
-*) help ;;
esac
dir=${1:-$root/build/demo}
if [ -e "$dir" ] && [ $# -gt 0 ]; then
    echo "demo.sh: $dir is there already; remove it, or name another" >&2
    exit 2
fi
sh "$here/deps.sh" build
make -s -C "$root" -j"$jobs" all
PATH=$root/build/bin:$PATH
export PATH

rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
dir=$(pwd)
export images="$data/digits-train-images-idx3-ubyte.gz"
export labels="$data/digits-train-labels-idx1-ubyte.gz"
test_images=$data/digits-test-images-idx3-ubyte.gz
test_labels=$data/digits-test-labels-idx1-ubyte.gz

fedmrn-split --labels "$labels" \
    --scheme iid --clients $clients --seed 1 -o parts

# Two runs with the same first weights; they differ in what a client sends, and
# each has the learning rate that suits it.
for method in fedmrn fedavg; do
    case $method in
    fedmrn) own='--lr 0.3 --noise uniform:0.05' ;;
    fedavg) own='--lr 0.1' ;;
    esac
    mkdir $method
    # shellcheck disable=SC2086 # options and their values
    fedmrn-init --arch "$here/digits.arch" --init kaiming --seed 1 \
        --mean 0.3054 --std 0.3762 --epochs 5 --batch 8 \
        --method $method $own -o $method/w0
done

# round METHOD N - train all clients, aggregate; sets bytes and accuracy.  The
# clients' private seeds are fixed, so that the demo shows the same each time.
round() {
    export base="$1/w$(($2 - 1))" r="$1/r$2" n="$2"
    mkdir "$r"
    # shellcheck disable=SC2016 # for the shell that xargs starts
    seq 0 $((clients - 1)) | xargs -P "$jobs" -I{} sh -c '
        fedmrn-train -q --threads 1 --model $base --images "$images" \
            --labels "$labels" --indices parts/{} --client {} \
            --seed $((n * 1000 + {})) |
            fedmrn-pack -t 1 -m $base -o $r/{}.mrn'
    fedmrn-aggregate -q --model "$base" "$r"/*.mrn -o "$1/w$2"
    # "accuracy 0.9472 loss 0.1946 samples 360"
    accuracy=$(fedmrn-eval -q --model "$1/w$2" --images "$test_images" \
        --labels "$test_labels" | cut -d' ' -f2)
    bytes=$(($(cat "$r"/*.mrn | wc -c) / clients))
}

echo
echo "        FedMRN: 1-bit masks        FedAvg: 32-bit floats"
echo "round   accuracy  bytes/client     accuracy  bytes/client"
for i in $(seq "$rounds"); do
    round fedmrn "$i"
    masks=$bytes
    printf '%5d   %8s  %12d' "$i" "$accuracy" "$bytes"
    round fedavg "$i"
    printf '     %8s  %12d\n' "$accuracy" "$bytes"
done
awk -v a="$bytes" -v b="$masks" 'BEGIN {
    printf "\nA client sent %.1f times fewer bytes with FedMRN.\n\n", a / b
}' </dev/null
echo "Every file is still there:"
cat <<END
    cd $dir; PATH=$root/build/bin:\$PATH
    fedmrn-inspect fedmrn/w0 fedmrn/r1/0.mrn
    fedmrn-eval --confusion --model fedmrn/w$rounds \\
        --images $test_images \\
        --labels $test_labels
    ls fedmrn/r1/*.mrn | shuf | xargs cat |
        fedmrn-aggregate --model fedmrn/w0 - | cmp - fedmrn/w1   # the same bytes
\`man $root/man/fedmrn.7\` introduces the tools.
END
