load helper

# names DIR - what is in it, hidden files too, on one line
names() {
    find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' '
}

# labels N [CLASSES] - N labels 0 1 .. CLASSES-1 0 1 .. (10 classes)
labels() {
    # shellcheck disable=SC2046 # one word per label is meant
    idx "$1" -- $(seq 0 $((${2:-10} - 1))) >labels
}

@test "split: a directory of lists, every row once" {
    labels 1000
    fedmrn-split --labels labels --scheme iid --clients 7 --seed 5 --out parts
    [ "$(names parts)" = "0 1 2 3 4 5 6 " ]
    cmp <(cat parts/* | sort -n) <(seq 0 999)
    [ "$(wc -l <parts/0)" = 143 ]
    [ "$(wc -l <parts/6)" = 142 ]
    [ "$(names .)" = "labels parts " ]
}

@test "split: without -o it prints client and row, the same rows" {
    labels 300
    fedmrn-split --labels labels --scheme dirichlet:0.5 --clients 4 -o parts
    for k in 0 1 2 3; do sed "s/^/$k	/" parts/$k; done >want
    fedmrn-split --labels - --scheme dirichlet:0.5 --clients 4 <labels >got
    cmp got want
    fedmrn-split --labels labels --scheme dirichlet:0.5 --clients 4 -o - |
        cmp - want
    [ ! -e ./- ]
}

@test "split: the seed decides, and is 1 when it is not given" {
    labels 300
    split() { fedmrn-split --labels labels --scheme iid --clients 3 "$@"; }
    split >a
    split --seed 1 >b
    split -s 0x1 >c
    split --seed 2 >d
    cmp a b
    cmp a c
    run ! cmp -s a d
}

# From tests/unit/split_answers.py, an implementation in Python.
@test "split: known answer" {
    for i in $(seq 0 59); do echo $((i * i % 7)); done >y
    # shellcheck disable=SC2046
    idx_labels $(cat y) >labels
    fedmrn-split --labels labels --scheme dirichlet:0.3 --clients 5 \
        --min-rows 5 --seed 1234 | awk '$1 == 1 { print $2 }' >got
    cmp got <(printf '%s\n' 8 41 18 38 25 4)
}

@test "split: labels:F gives each client its share of the classes" {
    labels 1000
    fedmrn-split --labels labels --scheme labels:0.3 --clients 10 -o parts
    for k in 0 1 2 3 4 5 6 7 8 9; do
        # Row i is of class i mod 10.
        [ "$(sed 's/.*\(.\)$/\1/' parts/$k | sort -u | wc -l)" = 3 ]
        [ "$(wc -l <parts/$k)" -ge 99 ]
    done
}

@test "split: compressed labels" {
    labels 100
    fedmrn-split --labels labels --scheme iid --clients 3 >want
    gzip -k labels
    xz -k labels
    fedmrn-split --labels labels.gz --scheme iid --clients 3 | cmp - want
    fedmrn-split --labels labels.xz --scheme iid --clients 3 | cmp - want
}

@test "split: a directory with files in it stays as it is" {
    labels 100
    mkdir parts
    echo old >parts/mine
    run -3 --separate-stderr fedmrn-split --labels labels --scheme iid \
        --clients 3 -o parts
    [ "$stderr" = "fedmrn-split: parts: is there and not empty; remove it or choose another name" ]
    [ "$(ls -A parts)" = mine ]
    [ "$(names .)" = "labels parts " ]
    echo file >f
    run -3 --separate-stderr fedmrn-split --labels labels --scheme iid \
        --clients 3 -o f
    [ "$stderr" = "fedmrn-split: f: is not a directory" ]
    ln -s loop loop
    run -3 --separate-stderr fedmrn-split --labels labels --scheme iid \
        --clients 2 -o loop/parts
    [ "$stderr" = "fedmrn-split: loop/parts: Too many levels of symbolic links" ]
    [ "$(cat f)" = file ]
    run -3 --separate-stderr fedmrn-split --labels labels --scheme iid \
        --clients 3 -o no/such/place
    [ "$stderr" = "fedmrn-split: no/such/place: No such file or directory" ]
}

@test "split: an empty directory, a slash at the end, a link" {
    labels 100
    mkdir parts real
    ln -s real link
    for d in parts new/ link; do
        fedmrn-split --labels labels --scheme iid --clients 2 -o "$d"
    done
    [ "$(names parts)$(names new)$(names real)" = "0 1 0 1 0 1 " ]
    [ -L link ]
}

@test "split: a failure leaves nothing behind" {
    labels 100
    run -3 --separate-stderr fedmrn-split --labels labels \
        --scheme dirichlet:0.3 --clients 20 -o parts
    [ "$stderr" = "fedmrn-split: labels: 100 rows cannot give 20 clients 10 rows each" ]
    run -3 --separate-stderr fedmrn-split --labels labels \
        --scheme labels:0.1 --clients 4 -o parts
    [[ "$stderr" = "fedmrn-split: labels: 4 clients with 1 classes each leave some of 10 classes"* ]]
    run -3 --separate-stderr fedmrn-split --labels labels --scheme iid \
        --clients 101 -o parts
    [ "$stderr" = "fedmrn-split: labels: 100 rows for 101 clients" ]
    [ "$(ls -A)" = labels ]
}

@test "split: bad labels" {
    split() { run -3 --separate-stderr fedmrn-split --scheme iid --clients 2 --labels "$@"; }
    split missing
    [ "$stderr" = "fedmrn-split: missing: No such file or directory" ]
    idx_images 4 2 2 0 >images
    split images
    [ "$stderr" = "fedmrn-split: images: IDX with 3 dimensions, not 1 (are images and labels mixed up?)" ]
    bytes 00 00 08 01 00 00 00 05 01 02 >short
    split short
    [ "$stderr" = "fedmrn-split: short: IDX header promises 5 values, the file has 2" ]
    split - <short
    [ "$stderr" = "fedmrn-split: <stdin>: IDX header promises 5 values, the file has 2" ]
    : >empty
    split empty
    [[ "$stderr" = "fedmrn-split: empty: "* ]]
}

@test "split: usage errors are status 2, before anything is read" {
    split() { run -2 --separate-stderr fedmrn-split "$@"; }
    split --scheme iid --clients 2
    split --labels x --clients 2
    split --labels x --scheme iid
    split --labels x --scheme iid --clients 0
    split --labels x --scheme iid --clients 2 --clients 3
    split --labels x --scheme iid --clients 2 --colour red
    split --labels x --scheme iid --clients 2 operand
    split --labels x --scheme iid --clients 2 --min-rows 5
    [[ "$stderr" = "fedmrn-split: option --min-rows means nothing under iid"* ]]
    split --labels x --scheme even --clients 2
    [[ "$stderr" = "fedmrn-split: option --scheme: 'even' is not a scheme"* ]]
    split --labels x --scheme dirichlet:-1 --clients 2
    [[ "$stderr" = "fedmrn-split: option --scheme: dirichlet:'-1' is not a number"* ]]
    [ -z "$(ls)" ]
}

@test "split: a full disk is status 1" {
    [ -c /dev/full ] || skip "no /dev/full"
    labels 100
    run -1 bash -c 'fedmrn-split --labels labels --scheme iid --clients 2 >/dev/full'
}

@test "split: what a killed run left is removed by the next one" {
    idx_labels 0 1 2 3 0 1 2 3 >labels
    # No process has the first number; init has the second.
    mkdir .parts.999999999-0.tmp .parts.1-0.tmp .other.999999999-0.tmp
    touch .parts.999999999-0.tmp/0
    fedmrn-split --labels labels --scheme iid --clients 2 \
        -o "$PWD/parts/"
    [ "$(LC_ALL=C ls -A)" = "$(printf '%s\n' .other.999999999-0.tmp \
        .parts.1-0.tmp labels parts)" ]
}
