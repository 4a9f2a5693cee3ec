# A small run on the digits, for what carries out rounds: `load digits`.
# shellcheck disable=SC2034 # the tests use it
slurm=$BATS_TEST_DIRNAME/../../samples/slurm
digits=$BATS_TEST_DIRNAME/../../samples/data/digits
data=(--images "$digits-train-images-idx3-ubyte.gz"
    --labels "$digits-train-labels-idx1-ubyte.gz"
    --test-images "$digits-test-images-idx3-ubyte.gz"
    --test-labels "$digits-test-labels-idx1-ubyte.gz")

# digits_run DIR - the first model and the rows of seven clients
digits_run() {
    mkdir "$1"
    fedmrn-init --arch "${digits%/data/*}/digits.arch" --init kaiming \
        --noise uniform:0.05 --lr 0.3 --epochs 1 --batch 16 \
        --mean 0.3054 --std 0.3762 -o "$1/w0"
    fedmrn-split --labels "$digits-train-labels-idx1-ubyte.gz" \
        --scheme iid --clients 7 -o "$1/parts"
}

# by_hand DIR SEED ROUND - the next model by plain tools, all bundles at once
by_hand() {
    local i base=$1/w$(($3 - 1))
    mkdir "$1/r$3"
    for i in 0 1 2 3 4 5 6; do
        fedmrn-train -q --threads 1 --model "$base" "${data[@]:0:4}" \
            --indices "$1/parts/$i" --client $i \
            --seed $(($2 << 40 ^ $3 << 20 ^ i)) |
            fedmrn-pack -o "$1/r$3/$i.mrn"
    done
    fedmrn-aggregate -q --model "$base" "$1/r$3"/*.mrn -o "$1/w$3"
}

# free_port FROM - a port from FROM on at which nobody listens here
free_port() {
    local port
    while port=$(($1 + RANDOM % 5000)); do
        (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# soon COMMAND... - run it until it succeeds, for half a minute
soon() {
    local end=$((SECONDS + 30))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return
        sleep 0.1
    done
}
