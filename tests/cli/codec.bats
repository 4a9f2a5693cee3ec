load helper
load round

# avg_round - a model w0 of fedavg with batch normalisation, and three answers
avg_round() {
    tiny_data
    printf '%s\n' 'input 1x8x8' 'conv 4 3x3 nobias' batchnorm relu flatten \
        'linear 4' >net
    fedmrn-init --arch net --method fedavg "$@" -o w0
    seq 0 99 >rows.1
    seq 60 199 >rows.2
    seq 30 89 >rows.3
    for i in 1 2 3; do
        fedmrn-train -q -t1 -m w0 --images images --labels labels \
            --indices rows.$i --client c$i --seed $i --epochs 2 -o c$i.mrn
    done
}

codecs="float16 signsgd signsgd:0.01 topk:0.05 terngrad qsgd:4 drive eden:2"

# seed CODEC N - the option, where the codec draws
seed() {
    case $1 in
    signsgd* | terngrad | qsgd*) echo "--seed $2" ;;
    esac
}

@test "codec: what is coded is aggregated to the same bytes by all who hold it" {
    avg_round
    for codec in $codecs; do
        for i in 1 2 3; do
            # shellcheck disable=SC2046 # two words are meant
            fedmrn-pack -m w0 --codec "$codec" $(seed "$codec" $i) c$i.mrn -o x$i
            fedmrn-verify -q -m w0 x$i
            fedmrn-verify -q x$i
            # Its floats, as they are: the same answer under the same id.
            fedmrn-unpack --raw -m w0 x$i -o y$i
            [ "$(id_of x$i)" = "$(id_of y$i)" ]
            [ "$(wc -c <x$i)" -lt "$(wc -c <c$i.mrn)" ]
        done
        fedmrn-aggregate -q -m w0 x1 x2 x3 -o w1
        fedmrn-aggregate -q -m w0 y3 x2 y1 | cmp - w1
        fedmrn-aggregate -q -m w0 --partial x1 y3 -o sum
        fedmrn-aggregate -q -m w0 sum x2 | cmp - w1
        fedmrn-pack -m w0 x1 x2 x3 -o r
        fedmrn-aggregate -q -m w0 r | cmp - w1
        FEDMRN_CPU=portable fedmrn-aggregate -q -t3 -m w0 x2 x1 x3 | cmp - w1
        # The private seed decides all chance there is.
        # shellcheck disable=SC2046 # two words are meant
        fedmrn-pack -m w0 --codec "$codec" $(seed "$codec" 1) <c1.mrn | cmp - x1
        fedmrn-inspect --json -m w0 x1 | jq -e ".coder == \"$codec\""
        fedmrn-unpack -m w0 x1 -o u
        fedmrn-unpack -m w0 y1 | cmp - u
    done
}

id_of() {
    fedmrn-inspect --json "$1" | jq -r .id
}

@test "codec: float32 leaves an answer as it is" {
    avg_round
    fedmrn-pack -m w0 --codec float32 c1.mrn -o x
    fedmrn-pack -m w0 c1.mrn | cmp - x
}

@test "codec: is the model's unless another is asked for" {
    avg_round --codec topk:0.1
    fedmrn-pack -m w0 c1.mrn -o x
    [ "$(fedmrn-inspect --json -m w0 x | jq -r .coder)" = topk:0.1 ]
    fedmrn-pack -m w0 --codec float16 c1.mrn -o y
    [ "$(fedmrn-inspect --json -m w0 y | jq -r .coder)" = float16 ]
    fedmrn-pack -m w0 --coder raw c1.mrn | cmp - c1.mrn
    # What was coded stays as it was.
    fedmrn-pack -m w0 y | cmp - y
    fedmrn-pack y | cmp - y
}

@test "codec: votes on signs are counted in any order" {
    avg_round --vote majority:0.01
    for i in 1 2 3; do
        fedmrn-pack -m w0 --codec signsgd --seed $i c$i.mrn -o x$i
    done
    fedmrn-aggregate -q -m w0 x1 x2 x3 -o w1
    fedmrn-aggregate -q -m w0 --partial x3 x1 -o sum
    fedmrn-aggregate -q -m w0 x2 sum | cmp - w1
    # The codec does not matter to a vote, but where an entry is 0.
    fedmrn-aggregate -q -m w0 x1 c2.mrn x3 | tail -c 2000 | cmp - <(tail -c 2000 w1)
    fedmrn-verify -q -m w0 sum
    run -2 fedmrn-init --arch net --method fedavg --vote most
    run -2 fedmrn-init --arch mlp --input 4 --classes 2 --vote majority:0.1
}

@test "codec: a residual is sent with the next answer" {
    avg_round
    fedmrn-pack -m w0 --codec topk:0.1 --residual e c1.mrn -o x1
    fedmrn-aggregate -q -m w0 x1 -o w1
    fedmrn-train -q -t1 -m w1 --images images --labels labels --client c1 \
        --seed 5 --epochs 1 -o d1.mrn
    cp e old
    fedmrn-pack -m w1 --codec topk:0.1 --residual e d1.mrn -o x2
    fedmrn-pack -m w1 --codec topk:0.1 d1.mrn -o plain
    run ! cmp -s x2 plain
    run ! cmp -s e old
    # Not twice, not another's, not another run's; and nothing is written.
    cp e old
    run -3 --separate-stderr fedmrn-pack -m w1 --codec topk:0.1 --residual e d1.mrn -o z
    [[ "$stderr" = *"d1.mrn: e: holds what was left out up to round 2"* ]]
    run -3 --separate-stderr fedmrn-pack -m w0 --codec topk:0.1 --residual e c2.mrn -o z
    [[ "$stderr" = *"the residual of another client"* ]]
    cat c2.mrn c3.mrn >both
    run -3 --separate-stderr bash -c 'fedmrn-pack -m w0 --codec signsgd --residual n <both >z'
    [[ "$stderr" = *"a second bundle, where a residual is one client's"* ]]
    cmp e old
    [ ! -e n ]
    [ ! -s z ]
    run -3 fedmrn-pack -m w0 --codec topk:0.1 --residual no/e c1.mrn -o z
    [ ! -s z ]
    # Both or neither: without room for the residual the answer has no name.
    (ulimit -f 1; run -1 fedmrn-pack -m w1 --codec topk:0.01 --residual n d1.mrn -o z)
    rm -f z
    (ulimit -f 1; run -1 fedmrn-pack -m w1 --codec topk:0.01 --residual n d1.mrn -o z)
    [ ! -e z ]
    [ ! -e n ]
    [ "$(find . -name '.*.tmp')" = "" ]
}

@test "codec: bad settings are refused before anything is written" {
    avg_round
    for codec in topk:1.5 topk:0 topk eden:0 eden:5 qsgd:0 gzip float32:1; do
        run -2 --separate-stderr fedmrn-pack -m w0 --codec $codec c1.mrn -o x
        [[ "$stderr" = "fedmrn-pack: option --codec: $codec is not float32, "* ]]
    done
    run -2 fedmrn-pack --codec signsgd c1.mrn -o x
    run -2 --separate-stderr fedmrn-pack -m w0 --codec topk:0.1 --seed 1 c1.mrn -o x
    [[ "$stderr" = *"option --seed means nothing under --codec topk:0.1, which draws nothing"* ]]
    # What the model asks for need not be known to a script that gives seeds.
    fedmrn-pack -m w0 c1.mrn -o plain
    fedmrn-pack -m w0 --seed 1 c1.mrn | cmp - plain
    rm plain
    run -2 fedmrn-pack -m w0 --codec signsgd --coder raw c1.mrn -o x
    run -2 fedmrn-pack -m w0 --codec float32 --residual e c1.mrn -o x
    run -2 fedmrn-pack -m w0 --residual e c1.mrn -o x
    run -2 fedmrn-pack -m w0 --codec signsgd --residual e c1.mrn c2.mrn -o x
    run -2 fedmrn-pack -m w0 --codec signsgd --residual - c1.mrn -o x
    run -2 fedmrn-pack -m w0 --codec signsgd --residual x c1.mrn -o x
    fedmrn-pack -m w0 --codec signsgd c1.mrn -o s
    run -3 --separate-stderr fedmrn-pack -m w0 --codec topk:0.1 s -o x
    [[ "$stderr" = "fedmrn-pack: s: made by the codec signsgd already"* ]]
    run -3 --separate-stderr fedmrn-unpack --raw s
    [[ "$stderr" = "fedmrn-unpack: s: made by a codec, "*"give --model" ]]
    fedmrn-init --arch net -o w0
    fedmrn-train -q -t1 -m w0 --images images --labels labels --epochs 1 \
        --client a -o m
    run -3 --separate-stderr fedmrn-pack -m w0 --codec topk:0.1 m -o x
    [[ "$stderr" = "fedmrn-pack: m: holds masks of fedmrn, and a codec is for "* ]]
    [ ! -e x ]
    [ ! -e e ]
}

@test "codec: every flipped bit and every cut is seen" {
    avg_round
    fedmrn-pack -m w0 --codec topk:0.02 c1.mrn -o x
    for at in 0 80 200 420 500 $(($(wc -c <x) - 30)); do
        flip x $at >bad
        run -3 fedmrn-verify -q -m w0 bad
        head -c $at x >bad
        run -3 fedmrn-verify -q -m w0 bad
    done
}
