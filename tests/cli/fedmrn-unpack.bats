load helper
load round

@test "unpack: the update is a safetensors file with the model's tensors" {
    for method in fedmrn fedmrns fedavg; do
        small_round $method
        fedmrn-unpack --model w0 b.mrn -o u
        fedmrn-unpack -m w0 <b.mrn | cmp - u
        fedmrn-unpack -m w0 - <b.mrn | cmp - u
        fedmrn-unpack -m - b.mrn <w0 | cmp - u
        [ "$(head -c 9 u | tail -c 1)" = "{" ]
        grep -q '"fedmrn.client":"2"' u
        for name in features.0.weight features.1.running_var classifier.weight \
            classifier.bias; do
            grep -q "\"$name\":{\"dtype\":\"F32\"" u
        done
        # A round file of one bundle is one bundle.
        fedmrn-pack b.mrn | fedmrn-unpack -m w0 | cmp - u
    done
}

@test "unpack: masked tensors hold the noise or nothing" {
    small_round fedmrns bernoulli:0.25
    fedmrn-unpack --model w0 a.mrn -o u
    # Signed bernoulli noise: every masked weight moves by 1/4, up or down, so
    # that no other float is in the last tensors (classifier, 108 + 4).
    tail -c 448 u | od -An -tx4 -v -w4 | sort -u >values
    printf '%s\n' ' 3e800000' ' be800000' | cmp - values
    small_round fedmrn bernoulli:0.25
    fedmrn-unpack --model w0 a.mrn | tail -c 448 | od -An -tx4 -v -w4 |
        sort -u >values
    printf '%s\n' ' 00000000' ' 3e800000' ' be800000' | cmp - values
}

@test "unpack: --raw gives the bundles with plain masks" {
    small_round
    fedmrn-unpack --raw a.mrn -o x
    cmp x a.mrn
    fedmrn-pack a.mrn | fedmrn-unpack --raw | cmp - a.mrn
    fedmrn-pack a.mrn b.mrn -o r
    fedmrn-unpack --raw r | cmp - r
    fedmrn-unpack --raw a.mrn | bsdtar xOf - masks | cmp - <(bsdtar xOf a.mrn masks)
}

@test "unpack: bad bundles are refused, named, and leave nothing" {
    small_round
    fedmrn-pack a.mrn b.mrn -o r
    fedmrn-aggregate --model w0 --partial a.mrn -o sum
    flip a.mrn 300 >flipped
    head -c 200 a.mrn >short
    : >empty
    for f in flipped short empty sum w0 nosuch r; do
        run --separate-stderr -3 fedmrn-unpack --model w0 $f -o out
        [[ "$stderr" = "fedmrn-unpack: $f: "* ]]
        [[ $f != @(sum|r) || "$stderr" = *": not one bundle, which --model wants" ]]
        [ ! -e out ]
        [ $f != r ] || continue
        run --separate-stderr -3 fedmrn-unpack --raw $f -o out
        [[ "$stderr" = "fedmrn-unpack: $f: "* ]]
        [ ! -e out ]
    done
    net | fedmrn-init --arch - --seed 9 -o other
    run --separate-stderr -3 fedmrn-unpack --model other a.mrn -o out
    [[ "$stderr" = "fedmrn-unpack: a.mrn: made for round 1 from model "* ]]
    run --separate-stderr -3 fedmrn-unpack --model a.mrn a.mrn -o out
    [ ! -e out ]
}

@test "unpack: a full disk is status 1" {
    [ -c /dev/full ] || skip "no /dev/full"
    small_round
    run -1 bash -c 'fedmrn-unpack --model w0 a.mrn >/dev/full'
    run -1 bash -c 'fedmrn-unpack --raw a.mrn >/dev/full'
}

@test "unpack: usage errors are status 2" {
    touch a b
    run -2 fedmrn-unpack a
    run -2 fedmrn-unpack --raw a b
    run -2 fedmrn-unpack --model - -
    run -2 fedmrn-unpack --model -
    run -0 fedmrn-unpack --help
    [[ "$output" = "usage: fedmrn-unpack "* ]]
}

@test "unpack: a coded bundle comes back as it was, given its model" {
    wide_round
    fedmrn-pack --model w0 a.mrn -o x
    [ "$(wc -c <x)" -lt "$(wc -c <a.mrn)" ]
    fedmrn-unpack --raw --model w0 x | cmp - a.mrn
    fedmrn-unpack --raw --model - x <w0 | cmp - a.mrn
    fedmrn-unpack --model w0 a.mrn -o u
    fedmrn-unpack --model w0 x | cmp - u
    run --separate-stderr -3 fedmrn-unpack --raw x -o out
    [ "$stderr" = "fedmrn-unpack: x: its masks are coded with the noise of its model, which --model must give" ]
    [ ! -e out ]
    # Without side information no model is needed.
    fedmrn-pack -q --coder rans a.mrn | fedmrn-unpack --raw | cmp - a.mrn
}
