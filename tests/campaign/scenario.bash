# One command of each tool, with its files before and after: what check-faults,
# check-kill and check-power interrupt.  `. scenario.bash` after lib.bash.
#
# SCENARIOS="a b" takes some of them only.

shim=$BUILD/campaign/shim.so

# once COMMAND... - run it: $status, and words in the file `err`
once() {
    status=0
    # The shell's own word about a killed child is not the tool's.
    { "$@" >out 2>err; } 2>/dev/null || status=$?
}

# fresh - the files as they are before the command
fresh() {
    rm -rf o
    cp -a old o
}

# whole - is each file of o as it was before or as it is after the command, and
# is nothing lost and nothing left?  But a checkpoint `point` may be left, which
# the next run takes up, and what the pattern $pass says.
whole() {
    local f name
    for f in o/* o/.[!.]*; do
        name=${f#o/}
        [ -e "$f" ] || continue
        # shellcheck disable=SC2053 # a pattern
        [[ $name == point || -n ${pass-} && $name == $pass ]] && continue
        # One that was made and has no line yet.
        [[ $name != ledger || -s $f || -e old/ledger ]] || continue
        diff -rq "$f" "new/$name" >/dev/null 2>&1 ||
            diff -rq "$f" "old/$name" >/dev/null 2>&1 || return 1
    done
    for f in old/*; do
        [ ! -e "$f" ] || [ -e "o/${f#old/}" ] || return 1
    done
}

# ordered - of two files that belong together, which $order names: where the
# second is the new one, is the first?
ordered() {
    local first=${order-} second
    second=${first#* } first=${first% *}
    [ -z "$first" ] || ! cmp -s "o/$second" "new/$second" ||
        cmp -s "o/$first" "new/$first"
}

# together - and with $pair: are both the old ones, or both the new?  That is
# more, and only a tool that fails can give it, not a machine that stops.
together() {
    ordered || return 1
    [ -z "${pair-}" ] || diff -rq o old >/dev/null 2>&1 ||
        diff -rq o new >/dev/null 2>&1
}

# done_all - is everything as it is after the command, and nothing left?
done_all() {
    diff -r o new >/dev/null 2>&1 && cmp -s out new.out
}

# again COMMAND... - is all done, and nothing left?  Or does the command,
# undisturbed, now do it?
again() {
    ! diff -r o new >/dev/null 2>&1 || return 0
    once "$@"
    [ $status = 0 ] && done_all
}

# calls COMMAND... - the file `calls`: a line "NAME FIRST LAST" for each system
# call by which main and all after it may fail, numbered as strace does
calls() {
    strace -qq -o trace -E LD_PRELOAD="$shim" "$@" >out 2>err
    awk '{ name = $0; sub(/\(.*/, "", name) }
        /^getpgid\(-4711\)/ { on = 1; next }
        on && !first[name] { first[name] = n[name] + 1 }
        { n[name]++ }
        END { for (name in first) print name, first[name], n[name] }' trace |
        grep -E '^[a-z_0-9]+ ' | sort >calls
    [ -s calls ]
}

# scenario NAME COMMAND... - learn what the command does, and hand it to
# `interrupt NAME COMMAND...`, which the campaign defines
scenario() {
    local name=$1
    shift
    [ -z "${SCENARIOS-}" ] || [[ " $SCENARIOS " = *" $name "* ]] || return 0
    fresh
    once "$@"
    if [ $status != 0 ]; then
        complain "$name: $(cat err)"
        exit 1
    fi
    rm -rf new && mv o new && mv out new.out
    fresh
    calls "$@"
    interrupt "$name" "$@"
    parts=$((parts + 1))
}

# scenarios - all of them
scenarios() {
    parts=0
    small_round
    fedmrn-pack a.mrn b.mrn c.mrn -o some.rnd
    fedmrn-aggregate -m w0 --partial d.mrn e.mrn -o some.sum
    net >net.arch
    mkdir old
    # A file that was there before, of the same size or another.
    for f in model bundle round raw update sum numbers picks; do
        echo "old $f" >old/$f
    done
    local data=(--images images --labels labels)
    scenario init fedmrn-init --arch net.arch -o o/model
    scenario split fedmrn-split --labels labels --scheme iid --clients 3 \
        --seed 1 -o o/parts
    scenario train fedmrn-train -q -t 1 -m w0 "${data[@]}" \
        --indices rows.2 --client 1 --seed 1 -o o/bundle
    scenario pack fedmrn-pack -m w0 a.mrn b.mrn -o o/round
    scenario unpack-raw fedmrn-unpack --raw some.rnd -o o/raw
    scenario unpack fedmrn-unpack -m w0 a.mrn -o o/update
    scenario aggregate fedmrn-aggregate -q -m w0 a.mrn b.mrn -o o/model
    scenario aggregate-sums fedmrn-aggregate -q -m w0 some.sum some.rnd \
        -o o/model
    # All are needed, so that one which cannot be read is one too few.
    scenario aggregate-quorum fedmrn-aggregate -q -t 1 -m w0 --quorum 5 \
        some.sum some.rnd -o o/model
    scenario partial fedmrn-aggregate -q -m w0 --partial a.mrn -o o/sum
    scenario eval fedmrn-eval -q -t 1 -m w0 "${data[@]}" --predict o/picks
    scenario inspect fedmrn-inspect w0 some.rnd
    scenario verify fedmrn-verify -m w0 a.mrn some.rnd some.sum
    scenario noise fedmrn-noise -m w0 --client a -o o/numbers
    scenario stats fedmrn-stats --images images -o o/numbers
    scenario train-checkpoint fedmrn-train -q -t 1 -m w0 "${data[@]}" \
        --indices rows.2 --client 1 --seed 1 --batch 16 \
        --checkpoint o/point --checkpoint-every 0 -o o/bundle
    trusted
    coded

    # A bundle, and the state that it led to, which has its name last: given
    # again, the command finds the state of before, and learns the round from
    # it once more, with a checkpoint or without one.
    printf '%s\n' 'input 1x8x8' 'linear 4' |
        fedmrn-init --arch - --method fedpm --epochs 1 --batch 8 -o w0
    answer 1 a.mrn --state old/state
    fedmrn-aggregate -q -m w0 a.mrn -o w1
    local learn=(fedmrn-train -q -t 1 -m w1 "${data[@]}" --client 1 --seed 1
        --state o/state -o o/bundle)
    order='bundle state' scenario train-state "${learn[@]}"
    order='bundle state' scenario train-state-checkpoint "${learn[@]}" \
        --checkpoint o/point
}

# trusted - a signature appears before its bundle, and a line of a ledger before
# its model
trusted() {
    local i
    for i in 1 2; do
        minisign -G -f -W -s $i.key -p $i.pub >/dev/null </dev/null
        echo "$i $(tail -n 1 $i.pub) 100" >>roster
    done
    mkdir signed
    fedmrn-pack -q --sign 1.key a.mrn -o signed/a.mrn
    fedmrn-pack -q --sign 2.key b.mrn -o signed/b.mrn
    order='answer.minisig answer' pair=yes scenario pack-sign \
        fedmrn-pack -q -m w0 --sign 1.key a.mrn -o o/answer
    order='answers.sigs answers' pair=yes scenario pack-signed \
        fedmrn-pack -q signed/a.mrn signed/b.mrn -o o/answers
    local round=(fedmrn-aggregate -q -t 1 -m w0 --roster roster
        signed/a.mrn signed/b.mrn --ledger o/ledger -o o/model)
    order='ledger model' scenario ledger-new "${round[@]}"
    fedmrn-aggregate -q -m w0 c.mrn --ledger old/ledger -o w1
    order='ledger model' scenario ledger "${round[@]}" --report o/report
    fedmrn-aggregate -q -m w0 signed/a.mrn signed/b.mrn --ledger ledger -o w1
    mkdir audit
    cp -a w0 w1 signed audit
    scenario verify-ledger fedmrn-verify -t 1 --ledger ledger --dir audit
    scenario verify-roster fedmrn-verify -m w0 --roster roster signed/a.mrn
    rm old/ledger
}

# coded - what a codec leaves out is kept after its bundle has a name: given
# again, the command finds what was kept before, and packs the same once more
coded() {
    printf '%s\n' 'input 1x8x8' 'linear 4' |
        fedmrn-init --arch - --method fedavg --epochs 1 --batch 20 -o v0
    local me=(fedmrn-train -q --images images --labels labels --client 1 --seed 1)
    "${me[@]}" -m v0 | fedmrn-pack -q -m v0 --codec topk:0.1 \
        --residual old/residual -o first
    fedmrn-aggregate -q -m v0 first -o v1
    "${me[@]}" -m v1 -o second
    order='coded residual' scenario pack-residual fedmrn-pack -q -t 1 \
        -m v1 --codec topk:0.1 --residual o/residual second -o o/coded
    rm old/residual
}

# naive - as a tool without any of this would write: does it survive?
naive() {
    (
        tried=0 survived=0 SCENARIOS=naive
        mkdir -p old
        echo old >old/file
        head -c 999 /dev/urandom >input
        scenario naive dd if=input of=o/file bs=100 status=none
        [ "$survived" -eq "$tried" ]
    ) >/dev/null 2>&1
}
