# FedPM from end to end: tests/unit tests its parts.
load helper

data=$BATS_TEST_DIRNAME/../../samples/data
images=$data/digits-train-images-idx3-ubyte.gz
labels=$data/digits-train-labels-idx1-ubyte.gz

# start [OPTION]... - w0 and parts for five clients
start() {
    printf '%s\n' 'input 1x8x8' 'conv 16 3x3 pad=1' relu 'maxpool 2' \
        'linear 64' relu 'linear 10' >net.arch
    fedmrn-init --arch net.arch --method fedpm --mean 0.3054 --std 0.3762 \
        --epochs 10 --batch 16 "$@" -o w0
    [ -d parts ] || fedmrn-split --labels "$labels" --scheme iid --clients 5 \
        --seed 1 -o parts
}

# answer ROUND CLIENT [OPTION]... - train one client
answer() {
    local r=$1 c=$2
    shift 2
    fedmrn-train -q -t1 -m w$((r - 1)) --images "$images" --labels "$labels" \
        --indices "parts/$c" --client "$c" --seed $((100 * r + c)) "$@" \
        -o "r$r/$c.mrn"
}

# rounds N - all clients, with their states
rounds() {
    local r c
    for r in $(seq "$1"); do
        mkdir "r$r"
        for c in 0 1 2 3 4; do
            answer "$r" "$c" --state "state.$c"
        done
        fedmrn-aggregate -q -m w$((r - 1)) "r$r"/*.mrn -o "w$r"
    done
}

# accuracy MODEL [OPTION]... - in ten-thousandths, on the test set
accuracy() {
    local model=$1
    shift
    fedmrn-eval -q -t1 -m "$model" "$@" \
        --images "$data/digits-test-images-idx3-ubyte.gz" \
        --labels "$data/digits-test-labels-idx1-ubyte.gz" |
        sed 's/accuracy \([01]\)\.\([0-9]*\) .*/\1\2/; s/^0*//'
}

@test "fedpm: learns which weights to keep" {
    start
    rounds 4
    for how in sample threshold mean; do
        got=$(accuracy w4 --mask $how)
        echo "$how: $got"
        [ "$got" -gt 6000 ]
    done
    [ "$(accuracy w4)" = "$(accuracy w4 --mask sample)" ]
    run fedmrn-inspect w4
    [[ $output = *votes*5* ]]
    # One byte for each parameter, and the header.
    [ "$(wc -c <w4)" -lt 22000 ]
}

@test "fedpm: what is left in the end is a seed and a mask" {
    start
    rounds 2
    fedmrn-pack --mask threshold w2 -o last
    n=$(fedmrn-inspect --json w2 | jq .parameters)
    values=$(($(wc -c <last) - $(od -An -tu8 -N8 last) - 8))
    [ $values -eq $(((n + 7) / 8)) ]
    want=$(accuracy w2 --mask threshold)
    for how in sample threshold mean; do
        [ "$(accuracy last --mask $how)" = "$want" ]
    done
    fedmrn-verify last
    run -2 --separate-stderr fedmrn-pack --mask mean w2 -o no
    [[ $stderr = *"'mean' is not sample or threshold"* ]]
    [ ! -e no ]
}

@test "fedpm: a seed gives another sampled mask, and is refused where none is drawn" {
    start
    rounds 1
    fedmrn-pack --mask sample w1 -o a
    fedmrn-pack --mask sample --seed 1 w1 -o b
    fedmrn-pack --mask sample --seed 2 w1 -o c
    fedmrn-pack --mask sample --seed 2 w1 -o d
    cmp c d
    run ! cmp -s b c
    [ -s a ]
    run -2 --separate-stderr fedmrn-pack --mask threshold --seed 2 w1 -o no
    [[ $stderr = *"option --seed means nothing under --mask threshold"* ]]
    run -2 --separate-stderr fedmrn-pack --counts --seed 2 w1 -o no
    [[ $stderr = *"option --seed means nothing under --counts"* ]]
    [ ! -e no ]
}

@test "fedpm: packed counts are the same model" {
    start
    rounds 1
    fedmrn-pack --counts w1 -o small
    # Five votes: three bits for each of the counts, of eight.
    [ $((10 * $(wc -c <small))) -lt $((6 * $(wc -c <w1))) ]
    fedmrn-unpack --counts small | cmp - w1
    mkdir r2
    answer 2 0
    fedmrn-aggregate -q -m small r2/0.mrn | cmp - <(fedmrn-aggregate -q -m w1 r2/0.mrn)
    fedmrn-pack --counts w0 -o seed
    fedmrn-unpack --counts seed | cmp - w0
}

@test "fedpm: order and grouping do not matter, nor the samples" {
    start
    rounds 1
    fedmrn-aggregate -q -m w0 r1/4.mrn r1/0.mrn r1/3.mrn r1/2.mrn r1/1.mrn |
        cmp - w1
    fedmrn-aggregate -q -m w0 --partial r1/0.mrn r1/3.mrn -o a
    fedmrn-aggregate -q -m w0 --partial r1/[124].mrn -o b
    fedmrn-aggregate -q -m w0 b a | cmp - w1
    fedmrn-verify -q -m w0 a b
    FEDMRN_CPU=portable fedmrn-aggregate -q -t1 -m w0 r1/*.mrn | cmp - w1
}

@test "fedpm: old rounds are carried out again in one command" {
    start --reset never
    rounds 2
    fedmrn-pack -q r1/*.mrn -o one
    fedmrn-pack -q r2/*.mrn -o two
    fedmrn-aggregate -q -m w0 one two | cmp - w2
}

@test "fedpm: masks are coded with the posterior, and cost less with a shared dither" {
    start
    rounds 2
    for c in 0 1; do
        fedmrn-pack -q -m w1 r2/$c.mrn -o $c.mrn
    done
    mkdir private
    mv r2 shared && mkdir r2
    answer 2 0 --dither private
    fedmrn-pack -q -m w1 r2/0.mrn -o private.mrn
    raw=$(wc -c <shared/0.mrn) small=$(wc -c <0.mrn)
    other=$(wc -c <private.mrn)
    echo "raw $raw shared $small private $other"
    [ $((10 * small)) -lt $((6 * raw)) ]
    [ "$other" -lt "$raw" ]
    [ "$small" -lt "$other" ]
    fedmrn-aggregate -q -m w1 0.mrn 1.mrn |
        cmp - <(fedmrn-aggregate -q -m w1 shared/0.mrn shared/1.mrn)
}

@test "fedpm: Adam's state goes on where it stopped" {
    start
    mkdir r1
    answer 1 0 --state s
    cp r1/0.mrn fresh
    fedmrn-inspect s | grep -q 'fedmrn.steps *180'
    answer 1 0 --state s
    run ! cmp -s fresh r1/0.mrn
    fedmrn-inspect s | grep -q 'fedmrn.steps *360'
    cp s before
    # Without room for the state there is no answer; and who is killed when the
    # answer has its name has not learned the round twice when he comes again.
    rm r1/0.mrn
    (ulimit -f 8; run -1 answer 1 0 --state s)
    [ ! -e r1/0.mrn ]
    cmp s before
    if command -v strace >/dev/null && strace -qq -o /dev/null true; then
        run -137 strace -qqf -o /dev/null -e trace=rename \
            -e inject=rename:signal=KILL:when=2 fedmrn-train -q -t1 -m w0 \
            --images "$images" --labels "$labels" --indices parts/0 \
            --client 0 --state s -o r1/0.mrn
        [ -e r1/0.mrn ]
        cmp s before
    fi
    run -3 --separate-stderr fedmrn-train -q -m w0 --images "$images" \
        --labels "$labels" --client other --state s -o no
    [[ $stderr = *"s: the state of another client"* ]]
    [ ! -e no ]
    cmp s before
    printf x | dd of=s bs=1 seek=5000 conv=notrunc status=none
    run -3 --separate-stderr fedmrn-train -q -m w0 --images "$images" \
        --labels "$labels" --client 0 --state s -o no
    [[ $stderr = *"s: damaged"* ]]
    [ ! -e no ]
    # Gradients with infinite squares would leave a state that nobody reads.
    echo 'input 64
linear 10' >net.arch
    fedmrn-init --arch net.arch --method fedpm -o w0
    run -3 --separate-stderr answer 1 1 --std 1e-25 --state wild
    [[ $stderr = *"not finite or far too large"* ]]
    [ ! -e wild ]
}

@test "fedpm: an update and a network for other programs" {
    start --init normal
    rounds 1
    fedmrn-unpack --model w0 r1/0.mrn -o own
    fedmrn-unpack --mask all w1 -o all
    fedmrn-unpack --mask all w0 -o first
    cmp <(tail -c 4000 all) <(tail -c 4000 first)
    fedmrn-unpack --mask mean w1 -o mean
    run fedmrn-inspect mean
    [[ $output = *"fedmrn.network"*mean* && $output = *classifier.2.bias* ]]
    # The client's own network has some of the weights, and 0 for the others.
    run fedmrn-inspect own
    [[ $output = *fedmrn.client* ]]
}

@test "fedpm: methods do not mix, and bad settings are refused" {
    start
    rounds 1
    fedmrn-init --arch net.arch --init kaiming -o m0
    run -3 --separate-stderr fedmrn-aggregate -m m0 r1/0.mrn -o no
    [[ $stderr = *"r1/0.mrn: made for round 1 from model"* ]]
    run -2 --separate-stderr fedmrn-eval -m m0 --mask mean --images "$images" \
        --labels "$labels"
    [[ $stderr = *"--mask and --seed go with a model of method fedpm"* ]]
    run -2 --separate-stderr fedmrn-eval -m w1 --mask median \
        --images "$images" --labels "$labels"
    [[ $stderr = *"'median' is not sample, threshold, mean or all"* ]]
    run -2 --separate-stderr fedmrn-train -m m0 --images "$images" \
        --labels "$labels" --client 0 --state s -o no
    [[ $stderr = *"--state means nothing under the model's method"* ]]
    run -2 --separate-stderr fedmrn-train -m w1 --images "$images" \
        --labels "$labels" --client 0 --masking psm -o no
    [[ $stderr = *"--masking means nothing under fedpm"* ]]
    run -2 --separate-stderr fedmrn-train -m m0 --images "$images" \
        --labels "$labels" --client 0 --gradient paper -o no
    [[ $stderr = *"--gradient means nothing under fedmrn"* ]]
    run -2 --separate-stderr fedmrn-train -m w0 --images "$images" \
        --labels "$labels" --client 0 --full-bits 8 -o no
    [[ $stderr = *"--full-bits means nothing under fedpm"* ]]
    run -2 --separate-stderr fedmrn-train -m w0 --images "$images" \
        --labels "$labels" --client 0 --state no -o no
    [[ $stderr = *"--state and --output: the same file"* ]]
    run -2 --separate-stderr fedmrn-eval -m w1 --mask mean --seed 3 \
        --images "$images" --labels "$labels"
    [[ $stderr = *"--seed means nothing under --mask mean"* ]]
    run -2 --separate-stderr fedmrn-train -q -m m0 --images "$images" \
        --labels "$labels" --client 0 --masking dm --dither private -o no
    [[ $stderr = *"--dither means nothing under masking dm, which draws no mask"* ]]
    run -2 --separate-stderr fedmrn-train -q -m m0 --images "$images" \
        --labels "$labels" --client 0 --full-bits 4 -o no
    [[ $stderr = *"--full-bits means nothing to this model, of which nothing travels in full"* ]]
    for idle in "fedmrn --masking pm --dither private" \
        "fedbat --warmup 1 --rho 3" "fedmrn --full-bits 4" \
        "fedsparsify --sparsity-first 0.1 --sparsity-from 3 --sparsity-to 3"; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr fedmrn-init --arch net.arch --method $idle -o no
        [[ $stderr = *" means nothing "* ]]
    done
    run -2 --separate-stderr fedmrn-pack --counts --mask sample w1 -o no
    [[ $stderr = *"--counts or --mask, not both"* ]]
    run -3 --separate-stderr fedmrn-pack --counts -o no <m0
    [[ $stderr = *"<stdin>: only a fedpm model"* ]]
    run -3 --separate-stderr fedmrn-noise -m w1 --client 0 -o no
    [[ $stderr = *"a fedpm model has no noise"* ]]
    run -3 --separate-stderr fedmrn-unpack --mask mean m0 -o no
    [[ $stderr = *"not a fedpm model"* ]]
    run -3 --separate-stderr fedmrn-pack --counts m0 -o no
    [[ $stderr = *"only a fedpm model has counts"* ]]
    [ ! -e no ]
    [ ! -e s ]
}

@test "fedpm: resets, priors and first scores change the posterior" {
    start --reset never
    rounds 2
    fedmrn-inspect w2 | grep -q 'votes *10$'
    rm -rf r1 r2 state.*
    start --reset 2 --prior 3 --scores zero --gradient authors
    rounds 2
    fedmrn-inspect w1 | grep -q 'votes *5$'
    fedmrn-inspect w2 | grep -q 'votes *10$'
    fedmrn-inspect w2 | grep -q 'prior *3$'
}
