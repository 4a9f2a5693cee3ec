load helper
load round

@test "pack: one bundle stays a bundle, as a filter or to a file" {
    small_round
    fedmrn-pack a.mrn -o x
    cmp x a.mrn
    fedmrn-pack <a.mrn >x
    cmp x a.mrn
    fedmrn-pack - <a.mrn >x
    cmp x a.mrn
    fedmrn-pack --coder raw a.mrn | cmp - a.mrn
    fedmrn-pack --coder auto a.mrn | fedmrn-verify -q --model w0
    fedmrn-pack --quiet --output x a.mrn
    cmp x a.mrn
}

@test "pack: the bundles of a round file follow its index" {
    small_round
    fedmrn-pack a.mrn c.mrn b.mrn -o r
    cat a.mrn c.mrn b.mrn >row
    tail -c "$(wc -c <row)" r | cmp - row
    # Two members, one of 8 + 3 * 16 bytes, 272 bytes in headers, trailer and
    # checksum.
    [ "$(wc -c <r)" = $(($(wc -c <row) + 56 + 82 + 85 + 16 + 87)) ]
    bsdtar tf r | head -2 | cmp - <(printf '%s\n' index checksum)
    [ "$(bsdtar xOf r index | head -c 8 | od -An -tx1)" = " 03 00 00 00 00 00 00 00" ]
    # An id is its bundle's checksum.
    bsdtar xOf r index | tail -c +9 | head -c 16 | cmp - <(bsdtar xOf a.mrn checksum)
    bsdtar xOf r index | tail -c 16 | cmp - <(bsdtar xOf b.mrn checksum)
}

@test "pack: streams and round files give the same round file" {
    small_round
    fedmrn-pack a.mrn b.mrn c.mrn d.mrn -o r
    fedmrn-pack r | cmp - r
    cat a.mrn b.mrn c.mrn d.mrn | fedmrn-pack | cmp - r
    fedmrn-pack b.mrn c.mrn -o bc
    fedmrn-pack a.mrn bc d.mrn | cmp - r
    cat a.mrn bc d.mrn | fedmrn-pack - | cmp - r
    fedmrn-verify -q --model w0 r
}

@test "pack: bad bundles are refused, named, and leave nothing" {
    small_round
    fedmrn-pack a.mrn b.mrn -o r
    fedmrn-aggregate --model w0 --partial a.mrn -o sum
    flip a.mrn 300 >flipped
    head -c 200 a.mrn >short
    head -c -300 r >cut-round
    cat a.mrn b.mrn >row
    : >empty
    for f in flipped short cut-round row empty sum w0 images nosuch; do
        run --separate-stderr -3 fedmrn-pack c.mrn $f -o out
        [[ "$stderr" = "fedmrn-pack: $f: "* ]]
        [ "${#stderr_lines[@]}" = 1 ]
        [ ! -e out ]
        run -3 bash -c 'fedmrn-pack "$1" >out2 2>/dev/null' - $f
        [ ! -s out2 ]
    done
}

@test "pack: a round file holds one round" {
    small_round
    fedmrn-aggregate --model w0 a.mrn b.mrn -o w1
    mv w1 w0
    answer 9 late.mrn --indices rows.1
    run --separate-stderr -3 fedmrn-pack a.mrn late.mrn -o out
    [[ "$stderr" = "fedmrn-pack: late.mrn: answers model "*"one round" ]]
    [ ! -e out ]
    # Another model would help where none of them fits, not where the first did.
    run --separate-stderr -3 fedmrn-pack --model w0 a.mrn late.mrn -o out
    [[ "$stderr" = *"a.mrn: "*"give an older model, or leave this answer out" ]]
    run --separate-stderr -3 fedmrn-pack --model w0 late.mrn a.mrn -o out
    [ "$stderr" = "fedmrn-pack: a.mrn: answers round 1, but the first bundle \
answers round 2; a round file holds one round" ]
    [ ! -e out ]
}

@test "pack: a full disk is status 1" {
    [ -c /dev/full ] || skip "no /dev/full"
    small_round
    run -1 bash -c 'fedmrn-pack a.mrn b.mrn >/dev/full'
}

@test "pack: usage errors are status 2" {
    run -2 fedmrn-pack --coder zip /dev/null
    run -2 fedmrn-pack --nosuch
    run -2 fedmrn-pack - -
    run -0 fedmrn-pack --help
    [[ "$output" = "usage: fedmrn-pack "* ]]
}

@test "pack: --model makes bundles smaller, and no tool sees a difference" {
    for method in fedmrn fedmrns; do
        wide_round $method
        for f in a b; do
            fedmrn-pack --model w0 $f.mrn -o $f.x 2>words
            [ ! -s words ]
            fedmrn-pack -m - $f.mrn <w0 | cmp - $f.x
            fedmrn-pack --coder rans -t 2 -m w0 <$f.mrn | cmp - $f.x
            [ "$(wc -c <$f.x)" -lt "$(wc -c <$f.mrn)" ]
            [ "$(bsdtar xOf $f.x manifest.json | jq -r .coder)" = rans ]
            # The id is that of the raw form.
            [ "$(bsdtar xOf $f.x manifest.json | jq -r .id)" = \
                "$(bsdtar xOf $f.mrn checksum | od -An -tx1 | tr -d ' \n')" ]
            # And back.
            fedmrn-pack --coder raw --model w0 $f.x | cmp - $f.mrn
            fedmrn-verify -q $f.x
            fedmrn-verify -q --model w0 $f.x
        done
        # Gathered by one who has no model, as they are.
        fedmrn-pack a.x b.x -o r.x
        cat a.x b.x >row
        tail -c "$(wc -c <row)" r.x | cmp - row
        fedmrn-pack --model w0 a.mrn b.mrn | cmp - r.x
        fedmrn-pack a.mrn b.mrn --coder raw -o r
        fedmrn-pack --coder raw --model w0 r.x | cmp - r
        fedmrn-aggregate -q --model w0 a.mrn b.mrn -o w1
        fedmrn-aggregate -q --model w0 r.x | cmp - w1
        cat b.x a.mrn | fedmrn-aggregate -q --model w0 | cmp - w1
        fedmrn-aggregate -q --model w0 a.mrn a.x b.x | cmp - w1
    done
}

@test "pack: without a model it says what a model would do" {
    wide_round
    run --separate-stderr fedmrn-pack a.mrn -o x
    [ "$stderr" = "fedmrn-pack: coded without the noise of the model; --model MODEL makes it smaller" ]
    [ "$(wc -c <x)" -lt "$(wc -c <a.mrn)" ]
    run --separate-stderr fedmrn-pack -q a.mrn -o y
    [ -z "$stderr" ]
    cmp x y
    fedmrn-pack --coder raw x | cmp - a.mrn
    # Given the model later, it is coded anew.
    fedmrn-pack --model w0 x -o z
    [ "$(wc -c <z)" -lt "$(wc -c <x)" ]
    fedmrn-pack --model w0 a.mrn | cmp - z
    fedmrn-pack x z | fedmrn-aggregate -q --model w0 -o w1
    fedmrn-aggregate -q --model w0 a.mrn | cmp - w1
}

@test "pack: damaged codes and other models are refused" {
    wide_round
    fedmrn-pack --model w0 a.mrn -o x
    for at in 100 400 $(($(wc -c <x) - 500)) $(($(wc -c <x) - 10)); do
        flip x $at >bad
        run --separate-stderr -3 fedmrn-pack bad -o out
        [[ "$stderr" = "fedmrn-pack: bad: "* ]]
        run --separate-stderr -3 fedmrn-aggregate -q --model w0 bad -o out
        [[ "$stderr" = "fedmrn-aggregate: bad: "* ]]
        [ ! -e out ]
    done
    run --separate-stderr -3 fedmrn-pack --coder raw x -o out
    [[ "$stderr" = "fedmrn-pack: x: "*"which --model must give" ]]
    net | fedmrn-init --arch - --seed 5 -o other
    run --separate-stderr -3 fedmrn-pack --model other a.mrn -o out
    [[ "$stderr" = "fedmrn-pack: a.mrn: made for round 1 from model "* ]]
    run --separate-stderr -3 fedmrn-pack --model a.mrn a.mrn -o out
    [ ! -e out ]
}

@test "pack: Python decodes a bundle by the manual alone" {
    local how key options
    [ -x /usr/bin/python3 ] || skip "no /usr/bin/python3"
    /usr/bin/python3 -c 'import numpy' 2>/dev/null || skip "no NumPy"
    unpack() {
        /usr/bin/python3 -B "$BATS_TEST_DIRNAME/../../samples/numpy/unpack.py" "$@"
    }
    for how in "fedmrn --full-bits 5" "fedmrns --noise gaussian:0.1" \
        "fedmrns --dither private" "fedmrn --noise-key round" \
        "fedmrns --noise uniform:0.2" fedavg fedbat \
        "fedsparsify --sparsity-first 0.75 --sparsity 0.75"; do
        read -ra options <<<"$how"
        wide_round "${options[@]}"
        key=("$(fedmrn-noise --seed 1 --round 1 --client 1 --key)")
        [[ $how != *round ]] || key+=("$(fedmrn-noise --model w0 --client 1 --key)")
        bsdtar xOf a.mrn masks dense >want
        fedmrn-pack --coder rans --model w0 a.mrn -o coded
        unpack w0 coded "${key[@]}" | cmp - want
        fedmrn-pack -q --coder rans a.mrn -o coded
        unpack w0 coded "${key[@]}" | cmp - want
    done
}

@test "pack: Python decodes every codec by the manual alone" {
    [ -x /usr/bin/python3 ] || skip "no /usr/bin/python3"
    /usr/bin/python3 -c 'import numpy' 2>/dev/null || skip "no NumPy"
    wide_round fedavg
    public=$(fedmrn-noise --seed 1 --round 1 --client 1 --key)
    for codec in float16 signsgd signsgd:0.01 topk:0.05 topk:1 terngrad qsgd:1 \
        qsgd:300 drive eden:2 eden:3 eden:4; do
        echo "$codec"
        fedmrn-pack --model w0 --codec "$codec" a.mrn -o coded
        fedmrn-unpack --raw --model w0 coded -o decoded
        bsdtar xOf decoded masks dense >want
        /usr/bin/python3 -B "$BATS_TEST_DIRNAME/../../samples/numpy/unpack.py" \
            w0 coded "$public" | cmp - want
    done
}
