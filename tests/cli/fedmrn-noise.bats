load helper

root=${BATS_TEST_DIRNAME%/tests/cli}

# noise OPTION... - of one client and round, as text unless told otherwise
noise() {
    fedmrn-noise --seed 1 --round 2 --client 7 --ordinal 3 "$@"
}

model() {
    fedmrn-init --arch mlp --input 1x4x4 --classes 3 --seed 1 "$@"
}

@test "noise: the manual's examples print what the manual says" {
    # Commands start with "$ " and go on after a backslash; what follows is
    # their output.
    sed -e 's/\\-/-/g' -e 's/\\e$/\\/' "$root/man/fedmrn-noise.7" |
        awk '/^\$ / { shown = 1; n++ }
             /^\.Ed/ { shown = 0 }
             !shown { next }
             /^\$ / || more { sub(/^\$ /, ""); print >(n ".sh")
                              more = /\\$/; next }
             { print >(n ".want") }'
    [ -e 5.sh ]
    for f in *.sh; do
        echo "$f: $(cat "$f")"
        sh "$f" | diff "${f%.sh}.want" -
    done
}

@test "noise: forms agree with each other" {
    for d in uniform:0.01 gaussian:2.5 bernoulli:1e-3; do
        noise --noise $d --shape 5x7x9 --format text -o text
        noise --noise $d --shape 5x7x9 --format i32 -o i32
        noise --noise $d --shape 5x7x9 --format f32 -o f32
        noise --noise $d --shape 5x7x9 -o st
        [ "$(wc -l <text)" -eq 315 ]
        diff <(cut -f1 text) <(od -An -v -w4 -td4 i32 | tr -d ' ')
        # Nine digits name a float.
        paste <(cut -f2 text) <(od -An -v -w4 -tf4 f32) |
            awk '{ d = $1 - $2; if (d * d > 1e-14 * $1 * $1) exit 1 }'
        cmp <(tail -c 1260 st) f32
        [ "$(head -c 9 st | tail -c 1)" = "{" ]
        grep -aq '"noise":{"dtype":"F32","shape":\[5,7,9\]' st
        grep -aq '"fedmrn.noise-key":"3e5a71de2ddc161a"' st
    done
}

@test "noise: a longer tensor starts like a shorter one" {
    noise --noise uniform:1 --shape 1001 --format i32 >short
    noise --noise uniform:1 --shape 20x1000 --format i32 >long
    cmp short <(head -c 4004 long)
}

@test "noise: seed, round, client and ordinal all matter" {
    fedmrn-noise --seed 1 --round 2 --client 7 --ordinal 3 \
        --noise uniform:1 --shape 8 --format i32 >a
    fedmrn-noise --seed 0x2 --round 2 --client 7 --ordinal 3 \
        --noise uniform:1 --shape 8 --format i32 >b
    fedmrn-noise --seed 1 --round 3 --client 7 --ordinal 3 \
        --noise uniform:1 --shape 8 --format i32 >c
    fedmrn-noise --seed 1 --round 2 --client 8 --ordinal 3 \
        --noise uniform:1 --shape 8 --format i32 >d
    fedmrn-noise --seed 1 --round 2 --client 7 --ordinal 4 \
        --noise uniform:1 --shape 8 --format i32 >e
    fedmrn-noise --seed 1 --round 2 --noise-key round --ordinal 3 \
        --noise uniform:1 --shape 8 --format i32 >f
    [ "$(cat a b c d e f | od -An -v -w32 -td4 | sort -u | wc -l)" -eq 6 ]
}

@test "noise: every CPU variant gives the same bytes" {
    for d in uniform:0.01 gaussian:0.01 bernoulli:0.01; do
        noise --noise $d --shape 333x33 >fast
        for cpu in portable avx2; do
            FEDMRN_CPU=$cpu noise --noise $d --shape 333x33 | cmp fast
        done
    done
}

@test "noise: NumPy makes the same noise from the manual" {
    [ -x /usr/bin/python3 ] || skip "no /usr/bin/python3"
    /usr/bin/python3 -c 'import numpy' 2>/dev/null || skip "no NumPy"
    key=$(fedmrn-noise --seed 1 --round 2 --client 7 --key)
    for d in uniform:0.01 gaussian:0.0123 bernoulli:3.7 'uniform:9*2^-24'; do
        noise --noise "$d" --shape 12345 --format f32 >ours
        /usr/bin/python3 "$root/samples/numpy/noise.py" \
            "$key" "$d" 3 12345 | cmp ours
        noise --noise "$d" --shape 12345 --format i32 >ours
        /usr/bin/python3 "$root/samples/numpy/noise.py" \
            "$key" "$d" 3 12345 i32 | cmp ours
    done
}

@test "noise: a model's tensors have the noise of their ordinals" {
    command -v fedmrn-init || skip "no fedmrn-init"
    model --noise gaussian:0.02 -o w0
    fedmrn-noise --model w0 --client a --format i32 -o all
    # mlp: linear 200, linear 200, linear 3, each a weight and a bias
    [ "$(wc -c <all)" -eq $((4 * (16*200 + 200 + 200*200 + 200 + 200*3 + 3))) ]
    for t in 0:200x16 1:200 2:200x200 3:200 4:3x200 5:3; do
        fedmrn-noise --seed 1 --round 1 --client a --noise gaussian:0.02 \
            --ordinal ${t%:*} --shape ${t#*:} --format i32
    done | cmp all
    fedmrn-noise --model w0 --client a --ordinal 2 --format i32 |
        cmp <(tail -c +13601 all | head -c 160000)
    [ "$(fedmrn-noise --model w0 --client a --key)" = \
        "$(fedmrn-noise --seed 1 --round 1 --client a --key)" ]
    fedmrn-noise -m w0 --client a -o named
    fedmrn-noise --model - --client a <w0 | cmp named
    fedmrn-noise --model w0 --client a --round 9 --format i32 >nine
    run -1 cmp -s all nine
}

@test "noise: a model's schedule says how large it is in each round" {
    command -v fedmrn-init || skip "no fedmrn-init"
    model --noise uniform:0.04 --noise-schedule linear:5:0.02 -o w0
    # Halfway between 671089 and 335544, rounded up.
    for r in 1:0.04 '3:503317*2^-24' 5:0.02 9:0.02; do
        fedmrn-noise --seed 1 --round "${r%:*}" --client a \
            --noise "uniform:${r#*:}" --ordinal 1 --shape 200 --format f32 >want
        fedmrn-noise --model w0 --round "${r%:*}" --client a --ordinal 1 \
            --format f32 | cmp - want
    done
}

@test "noise: a model with a key per round needs no client" {
    command -v fedmrn-init || skip "no fedmrn-init"
    model --noise-key round -o w0
    fedmrn-noise --model w0 >a
    fedmrn-noise --model w0 --client b | cmp a
    [ "$(fedmrn-noise --model w0 --key)" = \
        "$(fedmrn-noise --seed 1 --round 1 --noise-key round --key)" ]
}

@test "noise: what has no noise is rejected" {
    command -v fedmrn-init || skip "no fedmrn-init"
    model --method fedavg -o avg
    run -3 --separate-stderr fedmrn-noise --model avg --client a -o out
    [ "$stderr" = "fedmrn-noise: avg: this model's method has no noise" ]
    for method in fedpm fedbat fedsparsify; do
        model --method $method -o other
        run -3 --separate-stderr fedmrn-noise --model other --client a -o out
        [[ $stderr == "fedmrn-noise: other: a $method model has no noise; its "* ]]
    done
    model -o w0
    run -3 --separate-stderr fedmrn-noise -m w0 --client a --ordinal 6 -o out
    [ "$stderr" = "fedmrn-noise: w0: tensor 6 has no noise" ]
    [ ! -e out ]
}

@test "noise: a bad model is rejected, and nothing is written" {
    run -3 --separate-stderr fedmrn-noise --model none --client a -o out
    [[ $stderr == "fedmrn-noise: none: "* ]]
    echo old >out
    head -c 100 /dev/zero >zero
    run -3 --separate-stderr fedmrn-noise --model zero --client a -o out
    [[ $stderr == "fedmrn-noise: zero: "* ]]
    [ "$(cat out)" = old ]
    [ "$(ls)" = "$(printf 'out\nzero')" ]
}

@test "noise: usage errors are status 2" {
    run -2 --separate-stderr fedmrn-noise
    [[ $stderr == "fedmrn-noise: either --model or --seed is needed"* ]]
    run -2 --separate-stderr fedmrn-noise --model w --seed 1
    [[ $stderr == *"--model and --seed exclude each other"* ]]
    run -2 --separate-stderr fedmrn-noise --seed 1 --round 0
    [[ $stderr == *"--round: '0' is not an integer in 1.."* ]]
    run -2 --separate-stderr fedmrn-noise --seed 1 --round 1 --client ../x
    [[ $stderr == *"--client: '../x' is not"* ]]
    run -2 --separate-stderr fedmrn-noise --seed 1 --round 1
    [[ $stderr == *"option --client is missing"* ]]
    run -2 --separate-stderr noise --noise normal:1 --shape 1
    [[ $stderr == *"option --noise: "* ]]
    for s in 0 x 3x 3x0 -1 1x1x1x1x1x1x1x1x1 2000000000x2000000000x2000000000
    do
        run -2 --separate-stderr noise --noise uniform:1 --shape "$s"
        [[ $stderr == *"--shape: '$s' is not"* ]]
    done
    run -2 --separate-stderr noise --noise uniform:1 --shape 1 --format json
    [[ $stderr == *"--format: 'json' is not"* ]]
    run -2 --separate-stderr noise --noise uniform:1 --shape 1 more
    [[ $stderr == *"'more' is not an option"* ]]
}

@test "noise: a full disk is status 1" {
    [ -c /dev/full ] || skip "no /dev/full"
    run -1 bash -c 'fedmrn-noise --seed 1 --round 1 --client a \
        --noise uniform:1 --ordinal 0 --shape 9 >/dev/full'
}
