load helper

# A model whose outputs are its three inputs: fedmrn-init's header, our values.
identity() {
    local header
    printf 'input 3\nlinear 3 nobias\n' |
        fedmrn-init --arch - --method fedavg --init normal:1 -o w0
    header=$(head -c 8 w0 | od -An -tu8 | tr -d ' ')
    {
        head -c $((header + 8)) w0
        for v in 1 0 0 0 1 0 0 0 1; do
            if [ $v = 1 ]; then bytes 00 00 80 3f; else bytes 00 00 00 00; fi
        done
    } >identity
    seal identity
}

eval_() {
    fedmrn-eval --model identity --images images --labels labels "$@"
}

# Four samples whose largest inputs are 0, 2, 0 (the first of equals) and 1.
data() {
    idx 4 3 -- 255 0 0 0 51 102 0 0 0 0 204 51 >images
    idx_labels 0 2 1 1 >labels
}

@test "eval: accuracy, loss and samples, worked by hand" {
    identity
    data
    # log(e+2)-1, log(1+e^.2+e^.4)-.4, log 3, log(1+e^.8+e^.2)-.8
    want=$(awk 'BEGIN { printf "%.4f", (log(exp(1)+2)-1 + \
        log(1+exp(.2)+exp(.4))-.4 + log(3) + log(1+exp(.8)+exp(.2))-.8)/4 }')
    eval_ >got
    [ "$(cat got)" = "accuracy 0.7500 loss $want samples 4" ]
    eval_ -o file
    cmp got file
    fedmrn-eval -m - --images images --labels labels <identity | cmp - got
}

@test "eval: confusion and predictions" {
    identity
    data
    eval_ --confusion >got
    cmp <(tail -n 3 got) <(printf '1\t0\t0\n1\t1\t0\n0\t0\t1\n')
    eval_ --predict p >line
    [ "$(wc -l <line)" = 1 ]
    cmp p <(printf '0\t0\t0\n1\t2\t2\n2\t1\t0\n3\t1\t1\n')
    printf '3\n1\n' >rows
    eval_ --indices rows --predict p
    cmp p <(printf '3\t1\t1\n1\t2\t2\n')
}

@test "eval: JSON" {
    identity
    data
    eval_ --json --confusion >got
    grep -Eq '^\{"model":"[0-9a-f]{32}","round":0,"samples":4,"correct":3,"accuracy":0.75,"loss":0\.[0-9]+,"confusion":\[\[1,0,0\],\[1,1,0\],\[0,0,1\]\]\}$' got
}

@test "eval: mean and std can be given" {
    identity
    data
    eval_ >a
    eval_ --mean 0 --std 1 >b
    cmp a b
    # Large logits: the loss of the wrong one is the difference, 0 here.
    eval_ --mean 0,0,0 --std 0.01 >c
    run ! cmp -s a c
    run -2 --separate-stderr eval_ --mean 0,0
    [[ "$stderr" = "fedmrn-eval: options --mean and --std have 1 value, or 3"* ]]
    run -2 --separate-stderr eval_ --std 0
    [[ "$stderr" = "fedmrn-eval: option --std: "* ]]
}

@test "eval: the same for any number of threads, and compressed data" {
    tiny_data 600
    fedmrn-init --arch cnn4 --input 1x8x8 --classes 4 --init uniform -o w0
    fedmrn-eval -m w0 --images images --labels labels -t 1 -j >a
    fedmrn-eval -m w0 --images images --labels labels -t 3 -j >b
    cmp a b
    gzip -k images
    xz -k labels
    fedmrn-eval -m w0 --images images.gz --labels labels.xz -j | cmp - a
}

@test "eval: bad inputs are named, and leave no file" {
    identity
    data
    refuse() {
        run -3 --separate-stderr fedmrn-eval -o out --predict p "${@:2}"
        echo "$stderr"
        [[ "$stderr" = "fedmrn-eval: $1"* ]]
        [ "${#stderr_lines[@]}" = 1 ]
        [ ! -e out ]
        [ ! -e p ]
    }
    refuse "missing: No such" -m missing --images images --labels labels
    refuse "missing: No such" -m identity --images missing --labels labels
    refuse "missing: No such" -m identity --images images --labels missing
    refuse "missing: No such" -m identity --images images --labels labels \
        --indices missing
    refuse "labels: " -m labels --images images --labels labels
    idx_labels 0 1 2 3 >four
    refuse "four: label 3 of sample 3 is not below 3 classes" -m identity \
        --images images --labels four
    idx_labels 0 1 2 >three
    refuse "three: 3 labels for 4 images in images" -m identity \
        --images images --labels three
    idx 4 4 -- 1 >wide
    refuse "wide: image 4 does not fit the model's input 3" -m identity \
        --images wide --labels labels
    echo 4 >rows
    refuse "rows:1: row 4 is not below the data set's 4" -m identity \
        --images images --labels labels --indices rows
}

@test "eval: usage errors are status 2" {
    run -2 fedmrn-eval --images images --labels labels
    run -2 fedmrn-eval -m w --labels labels
    run -2 fedmrn-eval -m w --images images
    run -2 fedmrn-eval -m w -m v --images images --labels labels
    run -2 fedmrn-eval -m w --images images --labels labels operand
    run -2 fedmrn-eval -m - --images - --labels labels
    run -2 fedmrn-eval -m w --images i --labels l --predict -
    run -2 --separate-stderr fedmrn-eval -m w --images i --labels l --predict p -o p
    [ "$stderr" = "fedmrn-eval: options --predict and --output: the same file (try fedmrn-eval --help)" ]
}

@test "eval: a full disk is status 1" {
    [ -c /dev/full ] || skip "no /dev/full"
    identity
    data
    run -1 bash -c 'fedmrn-eval --model identity --images images \
        --labels labels >/dev/full'
}
