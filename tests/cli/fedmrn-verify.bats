load helper
load round

# every_kind - one good file of each kind: a.mrn row.rnd some.sum w0 w1
every_kind() {
    small_round
    fedmrn-pack a.mrn b.mrn c.mrn -o row.rnd
    fedmrn-aggregate --model w0 --partial a.mrn b.mrn -o some.sum
    fedmrn-aggregate --model w0 ./*.mrn -o w1
}

@test "verify: every kind of file, with and without the model" {
    every_kind
    run --separate-stderr -0 fedmrn-verify a.mrn row.rnd some.sum w0 w1
    [ "$output" = "$(printf '%s: ok\n' a.mrn row.rnd some.sum w0 w1)" ]
    [ -z "$stderr" ]
    run --separate-stderr -0 fedmrn-verify --model w0 a.mrn row.rnd some.sum w1
    [ "$output" = "$(printf '%s: ok\n' a.mrn row.rnd some.sum w1)" ]
    run -0 fedmrn-verify --quiet a.mrn row.rnd
    [ -z "$output" ]
}

@test "verify: as JSON, a line for each file" {
    small_round
    head -c 99 a.mrn >$'bad\xff'
    run --separate-stderr -3 fedmrn-verify --json b.mrn $'bad\xff' w0
    [ "$(jq -c '[.file, .ok]' <<<"$output" | tr '\n' ' ')" = \
        '["b.mrn",true] ["bad?",false] ["w0",true] ' ]
    [[ ${stderr_lines[0]} = *"$(jq -r 'select(.ok | not).reason' \
        <<<"$output")" ]]
    run --separate-stderr -3 fedmrn-verify -qj b.mrn $'bad\xff'
    [ "$(jq -c 'keys' <<<"$output")" = '["file","ok","reason"]' ]
    # Of the form of UTF-8, and none: too long, a surrogate, beyond U+10FFFF.
    run --separate-stderr -3 fedmrn-verify --json b.mrn \
        $'\xe0\x9f\xbf' $'\xed\xa0\x80' $'\xf0\x8f\xbf\xbf' $'\xf4\x90\x80\x80' \
        $'\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf'
    [ "$(jq -r .file <<<"$output" | tr '\n' ' ')" = \
        "b.mrn ??? ??? ???? ???? "$'\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf ' ]
    fedmrn-aggregate --model w0 --ledger ledger a.mrn b.mrn -o w1
    run -0 fedmrn-verify --json --ledger ledger --dir .
    [ "$(jq -c '[.round, .model, .lines]' <<<"$output" | tr '\n' ' ')" = \
        '[1,"./w1",null] [null,null,1] ' ]
}

@test "verify: standard input" {
    every_kind
    for f in a.mrn row.rnd some.sum w1; do
        [ "$(fedmrn-verify <$f)" = "<stdin>: ok" ]
        [ "$(fedmrn-verify - <$f)" = "<stdin>: ok" ]
    done
    cat a.mrn some.sum row.rnd | fedmrn-verify -q --model w0
    run --separate-stderr -3 fedmrn-verify </dev/null
    [ "${stderr_lines[0]}" = "fedmrn-verify: <stdin>: empty" ]
    [ -z "$output" ]
}

@test "verify: damage of every kind is status 3 and named; the rest goes on" {
    every_kind
    for f in a.mrn row.rnd some.sum w1; do
        n=$(wc -c <$f)
        for at in 1 $((n / 3)) $((n / 2)) $((n - 1)); do
            head -c "$at" $f >short
            run --separate-stderr -3 fedmrn-verify short a.mrn
            [ "$output" = "a.mrn: ok" ]
            [[ "${stderr_lines[0]}" = "fedmrn-verify: short: "* ]]
            [[ "$stderr" = *"1 of 2 files is bad" ]]
        done
    done
    for f in a.mrn row.rnd some.sum; do
        n=$(wc -c <$f)
        for at in 5 60 77 100 $((n / 2)) $((n - 180)) $((n - 95)) $((n - 2)); do
            flip $f "$at" >flipped
            run --separate-stderr -3 fedmrn-verify flipped
            [[ "${stderr_lines[0]}" = "fedmrn-verify: flipped: "* ]]
        done
    done
    cp w1 flipped
    printf '{' | dd of=flipped bs=1 seek=20 conv=notrunc 2>/dev/null
    run -3 fedmrn-verify flipped
}

@test "verify: every cut between the bundles of a round file is noticed" {
    every_kind
    index=$(($(wc -c <row.rnd) - $(cat a.mrn b.mrn c.mrn | wc -c)))
    for n in $index $((index + $(wc -c <a.mrn))) \
        $((index + $(cat a.mrn b.mrn | wc -c))); do
        head -c "$n" row.rnd >short
        run --separate-stderr -3 fedmrn-verify short
        [[ "${stderr_lines[0]}" = "fedmrn-verify: short: cut short: the index lists 3 bundles"* ]]
        run -3 fedmrn-verify - <short
    done
    # And a bundle that is not the one the index lists.
    (head -c "$index" row.rnd && cat b.mrn a.mrn c.mrn) >swapped
    run --separate-stderr -3 fedmrn-verify swapped
    [[ "${stderr_lines[0]}" = "fedmrn-verify: swapped: item at byte "* ]]
}

@test "verify: the wrong model, only when one is given" {
    every_kind
    fedmrn-verify -q --model w0 a.mrn row.rnd some.sum
    for f in a.mrn row.rnd some.sum; do
        run --separate-stderr -3 fedmrn-verify --model w1 $f
        [[ "${stderr_lines[0]}" = *"made for round 1 from model "* ]]
        [[ "${stderr_lines[0]}" = "fedmrn-verify: $f: "* ]]
    done
    run -3 fedmrn-verify --model nosuch a.mrn
}

@test "verify: files that are not ours" {
    tiny_data 4
    echo "hello, this is a text" >text
    mkdir dir
    for f in text images dir nosuch; do
        run --separate-stderr -3 fedmrn-verify $f
        [[ "${stderr_lines[0]}" = "fedmrn-verify: $f: "* ]]
        [ -z "$output" ]
    done
    # Names from outside cannot drive the terminal.
    printf 'x' >$'\e[31m'
    run --separate-stderr -3 fedmrn-verify $'\e[31m'
    [[ "$stderr" != *$'\e'* ]]
}

@test "verify: a full disk is status 1" {
    [ -c /dev/full ] || skip "no /dev/full"
    small_round
    run -1 bash -c 'fedmrn-verify a.mrn >/dev/full'
}

@test "verify: usage errors are status 2" {
    run -2 fedmrn-verify --nosuch
    run -2 fedmrn-verify - -
    run -2 fedmrn-verify --model - -
    run -0 fedmrn-verify --help
    [[ "$output" = "usage: fedmrn-verify "* ]]
}

@test "verify: a model's flipped bits and cuts, and a file of holes" {
    every_kind
    size=$(wc -c <w1)
    for at in 0 9 300 700 1000 $((size - 400)) $((size - 1)); do
        flip w1 "$at" >bad
        run --separate-stderr -3 fedmrn-verify bad
        [[ "$stderr" = "fedmrn-verify: bad: "* ]]
        head -c "$at" w1 >bad
        run -3 fedmrn-verify bad
    done
    cp w1 bad
    truncate -s 1T bad
    run --separate-stderr -3 fedmrn-verify bad
    [[ "$stderr" = *" bytes of values, where its header says "* ]]
    run -3 fedmrn-train --model bad --images x --labels y --client a
}

@test "verify: names cannot drive a terminal, or pretend to be lines" {
    small_round
    mv a.mrn $'\e[2Ja.mrn'
    mv b.mrn $'x: ok\nb.mrn'
    mv c.mrn $'\xc2\x9b2Jc.mrn'
    mv d.mrn $'\xe2\x80\xaed.mrn'
    mv e.mrn é.mrn
    run -0 --separate-stderr fedmrn-verify --model w0 ./*.mrn
    [ "${#lines[@]}" = 5 ]
    [ "$(sort <<<"$output")" = "$(sort <<<'./?[2Ja.mrn: ok
./x: ok?b.mrn: ok
./??2Jc.mrn: ok
./???d.mrn: ok
./é.mrn: ok')" ]
    : >$'\xc2\x9b\e.mrn'
    run -3 --separate-stderr fedmrn-verify $'\xc2\x9b\e.mrn'
    [ "${stderr_lines[0]}" = "fedmrn-verify: ???.mrn: empty" ]
}
