load helper
load round
load digits

@test "aggregate: the model of the next round, whatever the order" {
    small_round
    fedmrn-aggregate --model w0 a.mrn b.mrn c.mrn d.mrn e.mrn -o w1
    fedmrn-verify -q w1
    grep -q '"fedmrn.round":"1"' w1
    run ! cmp -s w0 w1
    for order in 'b a e d c' 'e d c b a' 'c e a b d'; do
        # shellcheck disable=SC2086 # one word per file is meant
        set -- $order
        fedmrn-aggregate -m w0 "${@/%/.mrn}" | cmp - w1
    done
    fedmrn-eval --model w1 --images images --labels labels
}

@test "aggregate: from files, a stream and a round file" {
    small_round
    fedmrn-aggregate --model w0 ./*.mrn -o w1
    cat e.mrn b.mrn d.mrn a.mrn c.mrn | fedmrn-aggregate --model w0 - | cmp - w1
    cat ./*.mrn | fedmrn-aggregate --model w0 | cmp - w1
    fedmrn-pack c.mrn a.mrn b.mrn -o some.rnd
    fedmrn-aggregate --model w0 d.mrn some.rnd e.mrn | cmp - w1
    cat d.mrn some.rnd e.mrn | fedmrn-aggregate --model w0 - | cmp - w1
    fedmrn-aggregate --model w0 some.rnd - d.mrn <e.mrn | cmp - w1
    fedmrn-aggregate --model - ./*.mrn <w0 | cmp - w1
}

@test "aggregate: threads and processors do not change a byte" {
    for method in fedmrn fedmrns fedavg; do
        small_round $method
        fedmrn-aggregate --model w0 --threads 1 ./*.mrn -o w1
        for threads in 0 2 3; do
            fedmrn-aggregate --model w0 -t $threads ./*.mrn | cmp - w1
        done
        for cpu in portable avx2 avx512; do
            FEDMRN_CPU=$cpu fedmrn-aggregate --model w0 ./*.mrn | cmp - w1
        done
    done
}

@test "aggregate: the server's optimizers, however it was added up and replayed" {
    local o
    for o in sgd momentum adam yogi; do
        small_round fedmrn
        cp w0 plain
        net | fedmrn-init --arch - --init uniform --epochs 1 --batch 8 \
            --noise uniform:0.05 --server-optimizer $o -o w0
        [ $o != sgd ] || cmp w0 plain
        same_bytes 3
        fedmrn-eval -q --model w3 --images images --labels labels
        rm -r r1 r2 r3 some.sum
    done
    # The state is in the file, and says so.
    grep -aq '"fedmrn.server.m.features.0.weight"' w3
    grep -aq '"fedmrn.server.v.classifier.bias"' w3
    run ! grep -aq 'fedmrn.server.[mv].features.1.running' w3
    fedmrn-inspect w3 | grep -E 'server-betas +0.9,0.99$'
    fedmrn-inspect w3 | grep -E 'server-lr +0.01$'
}

@test "aggregate: noise that follows the update, however it was added up" {
    tiny_data 40
    net | fedmrn-init --arch - --epochs 1 --batch 8 --noise bernoulli:0.02 \
        --noise-schedule list:2=0.01 --noise-scale update:9 -o w0
    for c in a b c d e; do
        fedmrn-train -q --model w0 --images images --labels labels \
            --client $c --seed 1 -o $c.mrn
    done
    fedmrn-aggregate --model w0 -t 1 ./*.mrn -o w1
    fedmrn-verify -q w1
    grep -qE '"fedmrn.magnitudes":"[0-9]+ [0-9]+ [0-9]+"' w1
    fedmrn-aggregate --model w0 --partial d.mrn a.mrn -o 1.sum
    fedmrn-aggregate --model w0 -t 3 e.mrn 1.sum c.mrn b.mrn | cmp - w1
    # Its clients, its noise and its sums have these magnitudes.
    fedmrn-inspect --json w1 >json
    a=$(grep -aoE '"fedmrn.magnitudes":"[0-9]+' w1 | cut -d'"' -f4)
    grep -o '"noise":0[.][0-9]*' json | head -n 1 | cut -d: -f2 |
        awk -v a="$a" '{ d = $1 - a / 2^24; exit !(d * d < 1e-18) }'
    fedmrn-noise --model w1 --client a --ordinal 0 -o all
    grep -aqF "\"fedmrn.magnitudes\":\"$a\"" all
    fedmrn-noise --seed 1 --round 2 --client a --noise "bernoulli:$a*2^-24" \
        --ordinal 0 --shape 3x1x3x3 --format f32 | cmp - <(tail -c 108 all)
    run -3 --separate-stderr fedmrn-noise --model w1 --client a --round 3
    [ "$stderr" = "fedmrn-noise: w1: under noise-scale update, this model tells the noise of round 2 alone" ]
    fedmrn-train -q --model w1 --images images --labels labels --client a \
        -o again.mrn
    fedmrn-aggregate --model w1 again.mrn -o w2
    fedmrn-verify -q w2
    fedmrn-pack ./?.mrn -o r1
    fedmrn-pack again.mrn -o r2
    fedmrn-aggregate --model w0 r1 r2 | cmp - w2
    # The magnitudes that a late answer had are gone.
    fedmrn-train -q --model w0 --images images --labels labels --client f \
        -o late
    run -3 --separate-stderr fedmrn-aggregate --model w1 --max-stale 1 late
    [[ "$stderr" == *"late: answers round 1, but under noise-scale update this model does not tell that round's noise" ]]
}

@test "aggregate: partial sums in any tree" {
    for noise in gaussian:0.02 bernoulli:0.02; do
        small_round fedmrns $noise
        fedmrn-aggregate --model w0 ./*.mrn -o w1
        fedmrn-aggregate --model w0 --partial a.mrn -o 1.sum
        fedmrn-aggregate --model w0 --partial c.mrn b.mrn -o 2.sum
        fedmrn-aggregate --model w0 --partial 2.sum 1.sum -o 3.sum
        fedmrn-verify --model w0 1.sum 2.sum 3.sum
        fedmrn-aggregate --model w0 1.sum d.mrn 2.sum e.mrn | cmp - w1
        fedmrn-aggregate --model w0 e.mrn 3.sum d.mrn | cmp - w1
        cat d.mrn 3.sum e.mrn | fedmrn-aggregate --model w0 - | cmp - w1
        # Equal sets give equal sums, however they were grouped.
        fedmrn-aggregate --model w0 --partial b.mrn a.mrn c.mrn | cmp - 3.sum
        cat b.mrn 1.sum c.mrn | fedmrn-aggregate --model w0 --partial |
            cmp - 3.sum
    done
}

@test "aggregate: more clients than are read at once" {
    small_round
    for i in $(seq 6 23); do
        answer "$i" "$i.mrn" --indices rows.1
    done
    fedmrn-aggregate --model w0 ./*.mrn -o w1
    fedmrn-aggregate --model w0 --partial 1?.mrn [a-c].mrn -o s1
    fedmrn-aggregate --model w0 --partial 2?.mrn [d-e].mrn -o s2
    fedmrn-aggregate --model w0 s1 s2 [6-9].mrn | cmp - w1
}

@test "aggregate: one client moves the model by its update" {
    type -P python3 >/dev/null || skip "no python3"
    small_round
    fedmrn-aggregate --model w0 c.mrn -o w1
    fedmrn-unpack --model w0 c.mrn -o u
    python3 - <<'PY'
import array, json, struct

def read(path):
    b = open(path, "rb").read()
    n = struct.unpack("<Q", b[:8])[0]
    head = json.loads(b[8:8 + n])
    head.pop("__metadata__", None)
    get = lambda a, z: struct.unpack("<%df" % ((z - a) // 4), b[8 + n + a:8 + n + z])
    return {k: get(*v["data_offsets"]) for k, v in head.items()}

w0, w1, u = read("w0"), read("w1"), read("u")
assert list(w0) == list(w1) == list(u)
for k in w0:
    assert any(u[k]), k
    for a, b, c in zip(w0[k], w1[k], u[k]):
        assert abs(a + c - b) <= 2e-7 * max(abs(a), abs(b)), (k, a, b, c)
PY
}

@test "aggregate: the same bundle twice counts once, and is named" {
    small_round
    fedmrn-aggregate --model w0 ./*.mrn -o w1
    cp b.mrn second-stick
    run --separate-stderr -0 fedmrn-aggregate --model w0 ./*.mrn second-stick -o x
    [ "$stderr" = "fedmrn-aggregate: second-stick: the same bundle as ./b.mrn, counted once" ]
    cmp x w1
    cat ./*.mrn b.mrn >all
    run --separate-stderr -0 fedmrn-aggregate --model w0 -o x - <all
    [[ "$stderr" = *"<stdin> (at byte "*"): the same bundle as <stdin> (at byte "*"counted once" ]]
    cmp x w1
}

# refused MESSAGE FILE... - status 3, the message, and no output
refused() {
    local message=$1
    shift
    echo old >out
    run --separate-stderr -3 fedmrn-aggregate --model w0 -o out "$@"
    [[ "$stderr" = *"$message"* ]] || { echo "$stderr"; return 1; }
    [ "$(cat out)" = old ]
    run -3 bash -c 'fedmrn-aggregate --model w0 "$@" >out2 2>/dev/null' - "$@"
    [ ! -s out2 ]
}

@test "aggregate: two bundles of one client are refused" {
    small_round
    answer 2 other --indices rows.1
    refused "fedmrn-aggregate: other: another bundle of client 2 than b.mrn" \
        a.mrn b.mrn other
    refused "fedmrn-aggregate: b.mrn: another bundle of client 2 than other" \
        other a.mrn b.mrn
}

@test "aggregate: a client of a partial sum may not come again" {
    small_round
    fedmrn-aggregate --model w0 --partial a.mrn b.mrn -o 1.sum
    fedmrn-aggregate --model w0 --partial b.mrn c.mrn -o 2.sum
    refused "b.mrn: client 2 is already counted by 1.sum" 1.sum b.mrn
    refused "1.sum: client 2 is already counted by b.mrn" b.mrn 1.sum
    refused "2.sum: client 2 is already counted by 1.sum" 1.sum 2.sum
    refused "1.sum: client 1 is already counted by 1.sum" 1.sum 1.sum
}

@test "aggregate: a bundle of another model, round or method" {
    small_round
    fedmrn-aggregate --model w0 a.mrn b.mrn -o w1
    mv w0 keep
    # Of the next round.
    cp w1 w0
    answer 9 late.mrn --indices rows.1
    fedmrn-aggregate --model w0 --partial late.mrn -o late.sum
    # Of another run.
    net | fedmrn-init --arch - --seed 2 -o w0
    answer 9 run.mrn --indices rows.1
    # Of another method.
    net | fedmrn-init --arch - --method fedavg -o w0
    answer 9 avg.mrn --indices rows.1
    cp keep w0
    for f in late.mrn late.sum run.mrn avg.mrn; do
        refused "fedmrn-aggregate: $f: made for round " a.mrn $f
        refused "$f: made for round " $f a.mrn
    done
}

@test "aggregate: flipped bits and cuts are refused and named" {
    small_round
    n=$(wc -c <b.mrn)
    for at in 3 20 80 100 $((n / 3)) $((n / 2)) $((n - 150)) $((n - 100)) \
        $((n - 1)); do
        flip b.mrn "$at" >bad
        refused "fedmrn-aggregate: bad: " a.mrn bad
        head -c "$at" b.mrn >bad
        refused "fedmrn-aggregate: bad: " a.mrn bad
    done
    (cat b.mrn && echo) >bad
    refused "fedmrn-aggregate: bad: " bad
    : >bad
    refused "fedmrn-aggregate: bad: empty" bad
    fedmrn-aggregate --model w0 --partial a.mrn b.mrn -o 1.sum
    n=$(wc -c <1.sum)
    for at in 7 150 400 $((n / 2)) $((n - 90)); do
        flip 1.sum "$at" >bad
        refused "fedmrn-aggregate: bad: " bad
        head -c "$at" 1.sum >bad
        refused "fedmrn-aggregate: bad: " bad
    done
}

@test "aggregate: a round file cut between two bundles is refused" {
    small_round
    fedmrn-pack a.mrn b.mrn c.mrn -o r
    head -c -"$(wc -c <c.mrn)" r >short
    refused "fedmrn-aggregate: short: cut short: the index lists 3 bundles, and 2" short
    run --separate-stderr -3 fedmrn-aggregate --model w0 - <short
    [[ "$stderr" = "fedmrn-aggregate: <stdin>: cut short: "* ]]
    # A bare row of bundles in a file could be cut unseen.
    cat a.mrn b.mrn >row
    refused "make it with fedmrn-pack, or pipe it" row
}

@test "aggregate: missing and foreign files" {
    small_round
    refused "nosuch: " a.mrn nosuch
    refused "images: " a.mrn images
    refused "w0: " a.mrn w0
    mkdir dir
    refused "dir: " dir
    run --separate-stderr -3 fedmrn-aggregate --model a.mrn a.mrn
    [[ "$stderr" = "fedmrn-aggregate: a.mrn: "* ]]
    run -3 fedmrn-aggregate --model nosuch a.mrn
    run --separate-stderr -3 fedmrn-aggregate --model w0 -o x </dev/null
    [ "$stderr" = "fedmrn-aggregate: <stdin>: empty" ]
    [ ! -e x ]
}

@test "aggregate: a full disk is status 1" {
    [ -c /dev/full ] || skip "no /dev/full"
    small_round
    run -1 bash -c 'fedmrn-aggregate --model w0 a.mrn >/dev/full'
    run -1 fedmrn-aggregate --model w0 a.mrn -o /dev/full
    [ -c /dev/full ]
}

@test "aggregate: no temporary file is left behind" {
    small_round
    cp a.mrn bad
    echo >>bad
    touch before after
    ls -A >before
    run -3 fedmrn-aggregate --model w0 -o out a.mrn bad
    ls -A >after
    cmp before after
}

@test "aggregate: usage errors are status 2" {
    touch w0 a.mrn
    run -2 fedmrn-aggregate a.mrn
    run -2 fedmrn-aggregate --model
    run -2 fedmrn-aggregate --model w0 --nosuch a.mrn
    run -2 fedmrn-aggregate --model w0 --model w0 a.mrn
    run -2 fedmrn-aggregate --model w0 --threads x a.mrn
    run -2 fedmrn-aggregate --model w0 - -
    run -2 fedmrn-aggregate --model - -
    run -2 fedmrn-aggregate --model - </dev/null
    run -0 fedmrn-aggregate --help
    [[ "$output" = "usage: fedmrn-aggregate "* ]]
    run -0 fedmrn-aggregate --version
}

@test "aggregate: three rounds in one go give what they gave one by one" {
    local r
    digits_run run
    for r in 1 2 3; do by_hand run 7 $r; done
    cd run
    w0=$(cksum <w0)
    fedmrn-aggregate -q --model w0 r1/*.mrn -o v1
    cmp v1 w1
    # Files in any order: they are put into that of their rounds.
    fedmrn-aggregate -q --model w0 r2/*.mrn r1/*.mrn -o v2
    cmp v2 w2
    fedmrn-aggregate -q --model w0 r3/5.mrn r1/*.mrn r3/[^5].mrn r2/*.mrn -o v3
    cmp v3 w3
    # A stream comes in their order; round files and sums do, too.
    cat r1/* r2/* r3/* | fedmrn-aggregate -q --model w0 | cmp - w3
    for r in 1 2 3; do fedmrn-pack r$r/*.mrn -o round$r; done
    fedmrn-aggregate -q --model w0 round3 round1 round2 | cmp - w3
    cat round2 round3 | fedmrn-aggregate -q --model w0 - round1 | cmp - w3
    fedmrn-aggregate -q --model w1 --partial r2/*.mrn -o sum2
    fedmrn-aggregate -q --model w0 r3/*.mrn sum2 round1 | cmp - w3
    # A site that has the second model needs only what came since.
    fedmrn-aggregate -q --model w2 round3 | cmp - w3
    # The partial sum of several rounds is that of the last.
    fedmrn-aggregate -q --model w0 --partial round1 round2 | cmp - sum2
    [ "$(cksum <w0)" = "$w0" ]
}

@test "aggregate: a round or a bundle that is missing between rounds is named" {
    local r
    small_round
    cp w0 first
    cp a.mrn 1a
    cp b.mrn 1b
    for r in 2 3; do
        fedmrn-aggregate --model w0 $((r - 1))a $((r - 1))b -o w1
        mv w1 w0
        answer 1 ${r}a --indices rows.1
        answer 2 ${r}b --indices rows.2
    done
    mv first w0
    fedmrn-aggregate --model w0 3a 3b 2a 2b 1a 1b -o whole
    refused "fedmrn-aggregate: 3a: answers round 3, but round 2 is missing: " \
        1a 1b 3a
    refused "fedmrn-aggregate: 2b: answers round 2, but round 1 is missing: " \
        2b
    refused "2a: made for round 2 from model " 1a 2a
    refused "but the answers to round 1 here make model " 1a 2a
    run -3 --separate-stderr fedmrn-aggregate --model w0 -o out3 \
        < <(cat 1a 1b 2a 1a)
    [[ $stderr == *"<stdin>"*": answers round 1, which answers to round 2 have ended: rounds must come in order" ]]
    [ ! -e out3 ]
    # One bad bundle of any round fails it all.
    flip 2b 300 >bad
    refused "fedmrn-aggregate: bad: " 1a 1b 2a bad 3a 3b
    # Each round counts a bundle once.
    fedmrn-aggregate --model w0 1a 1b 2a 2b 1b 3a 3b 2a -o again
    cmp again whole
}

@test "aggregate: a variance that fell to nothing does not refuse the round" {
    local at size
    # Black images: nothing varies behind the convolution.
    idx_images 40 8 8 0 >images
    idx 40 -- 0 1 2 3 >labels
    net | fedmrn-init --arch - --method fedavg --epochs 40 --batch 4 -o w0
    size=$(head -c 8 w0 | od -An -td8)
    at=$(tail -c +9 w0 | head -c $((size)) |
        jq '."features.1.running_var".data_offsets[0]')
    # 5.6 * 2^-48, where accumulators count multiples of 2^-48.
    bytes 33 33 b3 28 33 33 b3 28 33 33 b3 28 |
        dd of=w0 bs=1 seek=$((8 + size + at)) conv=notrunc status=none
    seal w0
    answer 1 a.mrn
    fedmrn-aggregate --model w0 a.mrn -o w1
    [ "$(tail -c +$((9 + $(head -c 8 w1 | od -An -td8) + at)) w1 |
        head -c 4 | od -An -tx1)" != " 33 33 b3 28" ]
}

@test "aggregate: weights by samples, capped, or all the same" {
    small_round
    # Only client 4 has 40 samples, and only client 5 has 31.
    fedmrn-aggregate --model w0 ./*.mrn -o w1
    fedmrn-aggregate --model w0 --max-samples 40 ./*.mrn | cmp - w1
    fedmrn-aggregate --model w0 --max-samples 31 ./*.mrn -o capped
    run ! cmp -s capped w1
    fedmrn-aggregate --model w0 --max-samples 1 ./*.mrn -o one
    fedmrn-aggregate --model w0 --weights uniform ./*.mrn | cmp - one
    run ! cmp -s one capped
    fedmrn-aggregate --model w0 --weights samples --threads 1 ./*.mrn |
        cmp - w1
    # Under a cap that all reach, samples are no matter.
    fedmrn-aggregate --model w0 --max-samples 8 ./*.mrn | cmp - one
}

@test "aggregate: sums of another policy do not add up" {
    small_round
    fedmrn-aggregate --model w0 --weights uniform ./*.mrn -o w1
    fedmrn-aggregate --model w0 --weights uniform --partial b.mrn a.mrn -o s
    fedmrn-verify --model w0 s
    fedmrn-aggregate --model w0 --weights uniform s [c-e].mrn | cmp - w1
    refused "s: its clients weigh by uniform, and here by samples: sums of different policies do not add up" s c.mrn
    fedmrn-aggregate --model w0 --max-samples 10 --partial b.mrn a.mrn -o s
    refused "s: its clients weigh by samples:10, and here by samples: " c.mrn s
    run -3 --separate-stderr fedmrn-aggregate --model w0 --max-samples 11 s
    [[ $stderr = *"weigh by samples:10, and here by samples:11: "* ]]
}

@test "aggregate: an excluded client does not count, and is named" {
    small_round
    fedmrn-aggregate --model w0 [ace].mrn -o w1
    run -0 --separate-stderr fedmrn-aggregate --model w0 --exclude 2 \
        --exclude 4 ./*.mrn -o x
    cmp x w1
    [ "$stderr" = "fedmrn-aggregate: ./b.mrn: client 2 is excluded
fedmrn-aggregate: ./d.mrn: client 4 is excluded" ]
    fedmrn-aggregate --model w0 --partial a.mrn b.mrn -o s
    run -3 --separate-stderr fedmrn-aggregate --model w0 --exclude 2 s c.mrn
    [[ $stderr = "fedmrn-aggregate: s: client 2 is excluded, and a partial sum cannot be taken apart" ]]
    # Perhaps the name was another: one that came is named, one that did not, too.
    run -0 --separate-stderr fedmrn-aggregate -q --model w0 --exclude 2 \
        --exclude two --quorum 1 a.mrn b.mrn -o x
    [ "$stderr" = "fedmrn-aggregate: b.mrn: client 2 is excluded
fedmrn-aggregate: option --exclude: no answer is client two's" ]
    run -2 fedmrn-aggregate --model w0 --exclude A/B a.mrn
    run -2 fedmrn-aggregate --model w0 --max-samples 0 a.mrn
    run -2 fedmrn-aggregate --model w0 --weights most a.mrn
    run -2 fedmrn-aggregate --model w0 --weights samples:5 a.mrn
    run -2 fedmrn-aggregate --model w0 --weights uniform --max-samples 5 a.mrn
    run -2 fedmrn-aggregate --model w0 --weights roster a.mrn
}

@test "aggregate: a quorum, on both sides of N" {
    local f
    small_round
    fedmrn-aggregate --model w0 [a-d].mrn -o w1
    flip e.mrn 300 >bad
    run -0 --separate-stderr fedmrn-aggregate --model w0 --quorum 4 \
        bad [a-d].mrn nosuch -o x
    cmp x w1
    [[ $stderr = "fedmrn-aggregate: nosuch: No such file or directory"$'\n'"fedmrn-aggregate: bad: "* ]]
    rm x
    run -3 --separate-stderr fedmrn-aggregate --model w0 --quorum 5 \
        bad [a-d].mrn nosuch -o x
    [[ $stderr = *$'\n'"fedmrn-aggregate: 4 clients count in round 1, and the quorum is 5" ]]
    [ ! -e x ]
    # From a stream; in any order, by any number of threads.
    cat [a-d].mrn | fedmrn-aggregate --model w0 --quorum 4 -t 1 - | cmp - w1
    cat d.mrn b.mrn | fedmrn-aggregate --model w0 --quorum 4 -t 3 c.mrn - a.mrn |
        cmp - w1
    fedmrn-aggregate --model w0 --quorum 4 <(cat a.mrn) b.mrn d.mrn c.mrn |
        cmp - w1
    # A stream that is cut is left out whole.
    fedmrn-pack e.mrn a.mrn -o some
    head -c -100 some >./cut
    fedmrn-aggregate --model w0 --quorum 4 cut [a-d].mrn | cmp - w1
    run -3 fedmrn-aggregate --model w0 --quorum 4 cut [b-d].mrn
    cat e.mrn cut | fedmrn-aggregate --model w0 --quorum 4 [a-d].mrn - |
        cmp - w1
    # Two different bundles of client 5: neither.
    answer 5 other --indices rows.1
    for f in "e.mrn other" "other e.mrn" "other e.mrn other"; do
        # shellcheck disable=SC2086 # one word per file is meant
        fedmrn-aggregate --model w0 --quorum 4 $f [a-d].mrn | cmp - w1
    done
    # Partial sums that share client 1: neither.
    fedmrn-aggregate --model w0 --partial a.mrn e.mrn -o s1
    fedmrn-aggregate --model w0 --partial e.mrn -o s2
    run -0 --separate-stderr fedmrn-aggregate --model w0 --quorum 4 s1 s2 \
        [a-d].mrn -o x
    cmp x w1
    [[ $stderr = *"s1: client 5 is in s2, too, and a partial sum cannot be taken apart: both are refused"* ]]
    run -2 fedmrn-aggregate --model w0 --quorum 0 a.mrn
}

@test "aggregate: under a quorum one client's file fails alone" {
    small_round
    fedmrn-aggregate -q --model w0 [a-d].mrn -o w1
    # To the next round, of another model; nothing at all; a directory; links.
    fedmrn-aggregate -q --model w0 a.mrn -o other
    cp w0 v0
    cp other w0
    answer 9 ahead --indices rows.2
    cp v0 w0
    mkdir folder
    ln -s nowhere loose
    ln -s /dev/zero endless
    : >empty
    truncate -s 1T huge
    for f in ahead folder loose endless empty huge; do
        run -0 --separate-stderr fedmrn-aggregate -q --model w0 --quorum 4 \
            a.mrn b.mrn $f c.mrn d.mrn -o x
        echo "$stderr"
        cmp x w1
        [ ${#stderr_lines[@]} = 1 ]
        [[ $stderr = "fedmrn-aggregate: $f: "* ]]
    done
    run -0 --separate-stderr fedmrn-aggregate -q --model w0 --quorum 4 \
        [a-d].mrn ahead --report report -o x
    [[ $stderr = "fedmrn-aggregate: ahead: made for round 2 from model "* ]]
    jq -e '(.rounds | length) == 1 and .rounds[0].counted == 4 and
        .rounds[0].refused == 1 and ([.rounds[0].answers[] |
        select(.verdict == "refused")][0] | .client == "9" and .round == 2)' \
        report
    # One who answers the true next model does not end the round before it.
    cp w1 w0
    answer 9 next --indices rows.2
    cp v0 w0
    run -0 --separate-stderr fedmrn-aggregate -q --model w0 --quorum 2 \
        a.mrn next b.mrn c.mrn d.mrn -o x
    cmp x w1
    [[ $stderr = "fedmrn-aggregate: next: answers round 2, in which 1 client counts, and the quorum is 2" ]]
}

@test "aggregate: under a quorum a stick that cannot be read is left out" {
    local n nth reads refused
    need_strace
    small_round
    fedmrn-aggregate -q --model w0 [a-d].mrn -o w1
    fedmrn-aggregate -q --model w0 [a-e].mrn -o all
    fedmrn-aggregate -q --model w0 --partial e.mrn -o e.sum
    read_error() { # read_error FILE WHEN ... - the tool, whose reads of it fail
        run --separate-stderr strace -qq -f -o log -P "$PWD/$1" \
            -e trace=read -e inject=read:error=EIO:when="$2" \
            fedmrn-aggregate -q --model w0 "${@:3}" -o x
    }
    for n in e.mrn e.sum; do
        strace -qq -f -o log -P "$PWD/$n" -e trace=read fedmrn-aggregate -q \
            --model w0 --quorum 4 [a-d].mrn $n -o x
        reads=$(grep -c 'read(' log)
        refused=0
        # Its first reads, and those of when it is added.
        for nth in $(seq 1 4 "$reads"); do
            read_error $n "$nth" --quorum 4 a.mrn b.mrn $n c.mrn d.mrn
            echo "$n $nth: $status $stderr"
            [ "$status" = 0 ]
            # The first look, for the order of the rounds, may fail.
            if [ -z "$stderr" ]; then
                cmp x all
                continue
            fi
            [[ $stderr = "fedmrn-aggregate: $n: Input/output error"* ]]
            cmp x w1
            refused=$((refused + 1))
        done
        [ "$refused" -gt $((reads / 8)) ]
        read_error $n 1+ --quorum 5 [a-d].mrn $n
        [ "$status" = 3 ]
        # Without a quorum it is the machine that failed.
        read_error $n 1+ [a-d].mrn $n
        [ "$status" = 1 ]
        read_error $n 1+ --report report [a-d].mrn $n
        [ "$status" = 1 ]
    done
    # What runs out is not the stick's fault.
    run -1 strace -qq -f -o log -P e.mrn -e trace=openat \
        -e inject=openat:error=EMFILE fedmrn-aggregate -q --model w0 \
        --quorum 4 [a-d].mrn e.mrn -o y
    [ ! -e y ]
}

@test "aggregate: a quorum without a place for the copy of a stream" {
    small_round
    TMPDIR=nosuch fedmrn-aggregate --model w0 --quorum 1 a.mrn -o w1
    TMPDIR=nosuch run -1 --separate-stderr \
        fedmrn-aggregate --model w0 --quorum 1 -o x <a.mrn
    [[ $stderr = "fedmrn-aggregate: nosuch/fedmrn-"*": No such file"* ]]
    [ ! -e x ]
}

@test "aggregate: late answers" {
    small_round
    cp w0 v0
    cp e.mrn late
    fedmrn-aggregate --model v0 [a-d].mrn -o w1
    cp w1 w0
    answer 1 a2 --indices rows.1
    answer 5 e2 --indices rows.2
    fedmrn-aggregate --model w1 a2 e2 -o w2
    run -3 --separate-stderr fedmrn-aggregate --model w1 a2 e2 late
    [[ $stderr = "fedmrn-aggregate: late: made for round 1 from model"* ]]
    fedmrn-aggregate --model w1 --max-stale 1 late a2 e2 -o x
    run ! cmp -s x w2
    fedmrn-aggregate --model w1 --max-stale 3 --staleness const e2 a2 late |
        cmp - x
    fedmrn-aggregate --model w1 --max-stale 1 --staleness poly:1 a2 late e2 -o y
    run ! cmp -s x y
    fedmrn-aggregate --model w1 --max-stale 1 --staleness hinge:1,0 a2 late e2 |
        cmp - y
    cat e2 late a2 | fedmrn-aggregate --model w1 --max-stale 1 \
        --staleness hinge:1,0 -t 2 --quorum 3 | cmp - y
    # The bundles of both rounds make it again.
    cat [a-d].mrn a2 late e2 | fedmrn-aggregate --model v0 --max-stale 1 |
        cmp - x
    # What counted in its own round does not count again.
    run -3 --separate-stderr fedmrn-aggregate --model w1 --max-stale 1 a2 a.mrn
    [[ $stderr = "fedmrn-aggregate: a.mrn: answers round 1, and has counted in round 1" ]]
    # Two rounds late takes a lineage.
    cp w2 w0
    answer 2 b3 --indices rows.2
    run -3 --separate-stderr fedmrn-aggregate --model w2 --max-stale 2 b3 late
    [[ $stderr = *"late: answers round 1, and is 2 late, but the model knows no more than 1 rounds back: see lineage in fedmrn-init(1)" ]]
    run -2 fedmrn-aggregate --model w1 --max-stale 65 a2
    run -2 fedmrn-aggregate --model w1 --staleness const a2
    run -2 fedmrn-aggregate --model w1 --max-stale 1 --staleness poly a2
    run -2 fedmrn-aggregate --model w1 --max-stale 1 --partial a2
    run -2 fedmrn-init --arch - --lineage 0 <<<"input 4"
}

@test "aggregate: a report of every answer" {
    small_round
    fedmrn-aggregate --model w0 [a-d].mrn -o w1
    answer 5 other --indices rows.1
    flip b.mrn 300 >bad
    cp a.mrn again
    fedmrn-aggregate --model w0 --partial d.mrn -o d.sum
    set -- again bad ./a.mrn b.mrn e.mrn c.mrn other d.sum
    run -0 --separate-stderr fedmrn-aggregate --model w0 --quorum 4 \
        --report report -o x "$@"
    cmp x w1
    jq -e '.rounds | length == 1' report
    jq -e '.rounds[0] | .round == 1 and .counted == 4 and .refused == 3 and
        .policy.quorum == 4 and .policy.weights == "samples"' report
    jq -r '.rounds[0].answers[] | [.client, .verdict, .kind] | @tsv' report >got
    printf '%s\t%s\t%s\n' "" refused unknown "" counted "partial sum" \
        1 counted bundle 1 twice bundle 2 counted bundle 3 counted bundle \
        5 refused bundle 5 refused bundle | sort >want
    sort got | cmp - want
    jq -e '.rounds[0].answers[] | select(.client == "3") | .samples == 8 and
        .weight == 8 and (.agreement | type == "number") and .outlier == false
        and (.id | length == 32)' report
    jq -e '.rounds[0].answers[] | select(.verdict == "refused") | .why' report
    # The same bytes by any number of threads, on any processor.
    for t in 1 3; do
        FEDMRN_CPU=portable fedmrn-aggregate --model w0 --quorum 4 -t $t \
            --report report.2 -o x "$@"
        cmp report report.2
    done
    # When there is no model the report says so, and has them all.
    run -3 --separate-stderr fedmrn-aggregate --model w0 --report report.3 \
        -o none "$@"
    [[ $stderr = *"3 of 8 answers are refused, and no quorum says that the others suffice" ]]
    [ ! -e none ]
    jq -e '.rounds[0] | .refused == 3 and (.failed | length > 9)' report.3
    jq -e '.rounds[0].answers | length == 8' report.3
    run -2 fedmrn-aggregate --model w0 --report - a.mrn
    run -1 fedmrn-aggregate --model w0 --report /dev/full a.mrn -o none
    [ ! -e none ]
}

@test "aggregate: a report shows whose labels are wrong" {
    local r
    digits_run run
    by_hand run 7 1
    cd run
    # Client 0's images with other labels than they have.
    gzip -dc "${data[3]}" >labels
    size=$(wc -c <labels)
    { head -c 8 labels; tail -c +9 labels | tr '\000-\011' '\001-\011\000'; } \
        >wrong
    [ "$(wc -c <wrong)" = "$size" ]
    fedmrn-train -q --model w0 "${data[@]:0:2}" --labels wrong \
        --indices parts/0 --client 0 --seed 1 -o liar
    fedmrn-aggregate -q --model w0 --report good -o x r1/*.mrn
    fedmrn-aggregate -q --model w0 --report bad -o x liar r1/[1-6].mrn
    jq -e '[.rounds[0].answers[].agreement] | min > 3' good
    jq -e '[.rounds[0].answers[].outlier] | any | not' good
    jq -e '.rounds[0].answers | (.[0].client == "0") and
        (.[0].agreement < ([.[1:][].agreement] | min))' bad
    # Without it the round is that of the others.
    fedmrn-aggregate -q --model w0 --exclude 0 liar r1/[1-6].mrn -o without
    fedmrn-aggregate -q --model w0 r1/[1-6].mrn | cmp - without
}

@test "aggregate: rules for bits that mean the same for all" {
    local rule
    tiny_data 40
    net | fedmrn-init --arch - --init uniform --epochs 1 --batch 8 \
        --method fedmrns --noise uniform:0.05 --noise-key round -o w0
    for c in 1 2 3 4 5; do
        seq $((c - 1)) 39 >rows.$c
        answer $c $c.mrn --indices rows.$c
    done
    fedmrn-aggregate --model w0 --weights uniform ./*.mrn -o mean
    fedmrn-aggregate --model w0 --rule mean --weights uniform ./*.mrn |
        cmp - mean
    for rule in majority trimmed:1 trimmed:2 krum:1 krum:1:2; do
        fedmrn-aggregate --model w0 --rule $rule -t 1 ./*.mrn -o w1
        run ! cmp -s w1 mean
        fedmrn-aggregate --model w0 --rule $rule 4.mrn 2.mrn 5.mrn 1.mrn 3.mrn |
            cmp - w1
        cat ./*.mrn | fedmrn-aggregate --model w0 --rule $rule --quorum 5 \
            -t 3 | cmp - w1
        FEDMRN_CPU=portable fedmrn-aggregate --model w0 --rule $rule ./*.mrn |
            cmp - w1
        fedmrn-eval --model w1 --images images --labels labels
    done
    # The median of five is what is left when two go at each end.
    fedmrn-aggregate --model w0 --rule majority ./*.mrn -o w1
    fedmrn-aggregate --model w0 --rule trimmed:2 ./*.mrn | cmp - w1
    fedmrn-aggregate --model w0 --rule trimmed:0 ./*.mrn | cmp - mean
    # With all of them Krum is the mean, but for what travels in full.
    run -3 --separate-stderr fedmrn-aggregate --model w0 --rule krum:2 ./*.mrn
    [ "$stderr" = "fedmrn-aggregate: rule krum:2:1 takes 7 clients at least, and 5 count" ]
    fedmrn-aggregate --model w0 --weights uniform --partial 1.mrn 2.mrn -o s
    run -3 --separate-stderr fedmrn-aggregate --model w0 --rule majority s 3.mrn
    [[ $stderr = "fedmrn-aggregate: s: a partial sum: rule majority needs what travels in full of every client; give the bundles" ]]
    # Where nothing does, a sum tells as much.
    printf '%s\n' 'input 1x8x8' 'linear 4' | fedmrn-init --arch - \
        --init uniform --epochs 1 --batch 8 --method fedmrns \
        --noise uniform:0.05 --noise-key round -o w0
    for c in 1 2 3 4 5; do
        answer $c $c.mrn --indices rows.$c
    done
    fedmrn-aggregate --model w0 --rule majority ./*.mrn -o w1
    fedmrn-aggregate --model w0 --weights uniform --partial 1.mrn 2.mrn -o s
    fedmrn-aggregate --model w0 --rule majority s [345].mrn | cmp - w1
    run -2 fedmrn-aggregate --model w0 --rule median 1.mrn
    run -2 fedmrn-aggregate --model w0 --rule majority --partial 1.mrn
    run -3 fedmrn-aggregate --model w0 --rule majority --weights samples 1.mrn
}

@test "aggregate: rules are refused where bits are no votes, with the reason" {
    small_round
    run -3 --separate-stderr fedmrn-aggregate --model w0 --rule majority ./*.mrn
    [[ $stderr = "fedmrn-aggregate: rule majority: under fedmrn most bits of every client are 0, and so would be their median"* ]]
    small_round fedmrns
    run -3 --separate-stderr fedmrn-aggregate --model w0 --rule krum:1 ./*.mrn
    [[ $stderr = *"each client has noise of its own"*"--noise-key round"* ]]
    small_round fedavg
    run -3 --separate-stderr fedmrn-aggregate --model w0 --rule trimmed:1 ./*.mrn
    [[ $stderr = *"clients send no bits that can be held against each other"* ]]
}

@test "aggregate: no output falls on another, or on what is read" {
    local o
    small_round
    cp w0 keep
    ln -s w0 link
    for o in "--report L --ledger L -o w1" "--report ./w1 -o w1" \
        "--report link -o w1" "--report b.mrn -o w1" "--ledger ./w1 -o w1" \
        "--ledger $PWD/w0 -o w1" "-o ./b.mrn" "--roster e.mrn -o e.mrn" \
        "--roster w0 --signatures e.mrn -o e.mrn"; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr fedmrn-aggregate --model w0 [a-d].mrn $o
        [ ! -e w1 ]
        [ ! -e L ]
        cmp w0 keep
    done
    fedmrn-verify -q --model w0 ./*.mrn
    # A sum may take the place of one that it has.
    fedmrn-aggregate --model w0 --partial a.mrn -o sum
    fedmrn-aggregate --model w0 --partial sum b.mrn -o sum
    fedmrn-aggregate --model w0 [a-d].mrn --report /dev/null -o w1
    # The next model may take the place of its base.
    fedmrn-aggregate --model w0 [a-d].mrn --report r -o link
    cmp w0 w1
    cp keep w0
    run -2 fedmrn-train --model w0 --images images --labels labels \
        --client 1 --checkpoint ./x -o x
    [ ! -e x ]
    # A name before ?.mrn was forgotten.
    cp a.mrn keep
    for o in "aggregate -m w0" "aggregate -m w0 --partial" pack; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr fedmrn-$o -o ./?.mrn
        [[ $stderr = *"option --output: ./a.mrn is a client's answer, and would be lost; name the file to write"* ]]
    done
    cmp a.mrn keep
    fedmrn-pack -m w0 a.mrn -o a.mrn
    # Whatever an option names is not written over.
    same() {
        run -2 --separate-stderr "fedmrn-$1" -o ./w0 "${@:2}"
        [[ $stderr = *": the same file (try fedmrn-$1 --help)" ]]
    }
    cp w0 keep
    same train -m w0 --images i --labels l --client 1
    same train -m - --images i --labels w0 --client 1
    same eval -m w0 --images i --labels l
    same pack -m w0 a.mrn
    same pack --sign w0 a.mrn
    same init --arch w0
    same unpack -m w0 a.mrn
    same noise -m w0 --client 1
    same stats --images w0
    same inspect -m w0 --picture noise a.mrn
    same init --arch net --from link
    cmp w0 keep
    # A client may be called like the file of its answer.
    run -3 --separate-stderr fedmrn-train -m no --images i --labels l \
        --client x -o x
}

@test "aggregate: a report names a file whose name is not UTF-8" {
    small_round
    mv a.mrn $'\xffa.mrn'
    head -c 300 b.mrn >$'\xc3.mrn'
    run -0 --separate-stderr fedmrn-aggregate --model w0 --quorum 5 \
        --report r ./*.mrn -o w1
    jq -e '[.rounds[].answers[] | select(.client == "1").file] == ["./?a.mrn"]' r
    jq -e '[.rounds[].answers[] | select(.verdict == "refused").file] == ["./?.mrn"]' r
    fedmrn-inspect --json $'\xffa.mrn' | jq -e '.file == "?a.mrn"'
}
