#!/usr/bin/env bash
# many.sh: rounds of many bundles with 16 file descriptors: every tool that
# reads several takes them all, and 5,000 need hardly more memory than 50.
. "$(dirname "$0")/lib.bash"
PATH=$BUILD/bench:$PATH

few=50 many=5000
printf '%s\n' 'input 1x8x8' 'linear 64' 'relu' 'linear 10' |
    fedmrn-init --arch - --noise uniform:0.01 -o w0
mkdir all some
bench_bundles w0 $many all
bench_bundles w0 $few some
cat all/*.mrn >stream
ulimit -n 16

# flat NAME MIB COMMAND... - the command with the directory `all` or `some` for
# {}: is the one's peak memory at most MIB above the other's?
flat() {
    local name=$1 most=$2 words=() less more
    shift 2
    for d in some all; do
        words=()
        for w in "$@"; do
            if [ "$w" = '{}' ]; then words+=("$d"/*.mrn); else words+=("$w"); fi
        done
        less=${more-}
        more=$(bench_spawn -f rss "${words[@]}") || {
            complain "$name: failed with $d"
            return 1
        }
    done
    echo "# $name: $few take $less MiB, $many take $more"
    awk -v a="$less" -v b="$more" -v most="$most" 'BEGIN { exit b - a > most }'
}

not() {
    ! "$@" 2>/dev/null
}

# part COUNT COMMAND... - so many bundles are tried together
part() {
    local n=$1
    shift
    if "$@"; then count "$n" "$n"; else count "$n" 0; fi
}

# Of each client its name, its id and its samples are kept: less than a page
# for ten of them.
part $many flat aggregate 4 fedmrn-aggregate -q -m w0 {} -o w1
part $many flat 'partial sum' 4 fedmrn-aggregate -q -m w0 --partial {} -o sum
part $many flat verify 2 fedmrn-verify -q -m w0 {}
fedmrn-aggregate -q -m w0 stream -o no 2>/dev/null && exit 1
fedmrn-aggregate -q -m w0 - <stream >w1.stream
part $many cmp w1 w1.stream
fedmrn-aggregate -q -m w0 --partial all/[0-3]*.mrn -o sum
fedmrn-aggregate -q -m w0 all/[4-9]*.mrn sum -o w1.sum
part $many cmp w1 w1.sum
fedmrn-pack -m w0 all/*.mrn -o round
part $many fedmrn-aggregate -q -m w0 round -o w1.round
part $many cmp w1 w1.round

# The same files give the same bytes in whatever order they come.
shuffled() {
    local i
    fedmrn-aggregate -q -t 1 -m w0 some/*.mrn -o w1.some
    for ((i = 0; i < 100; i++)); do
        shuf -e some/*.mrn | xargs fedmrn-aggregate -q -t 1 -m w0 |
            cmp - w1.some || return 1
    done
}
part 100 shuffled

# And with all that watches over a round: up to two kilobytes for each client.
# Seconds, so not among the quick ones.
if [ -n "${ALL-}" ]; then
    fedmrn-aggregate -q -m w0 all/*.mrn -o w1
    part $many flat quorum 6 fedmrn-aggregate -q -m w0 --quorum 40 {} -o w1.q
    part $many cmp w1 w1.q
    part $many fedmrn-aggregate -q -m w0 --quorum $many - -o w1.q <stream
    part $many cmp w1 w1.q
    part $many flat report 8 fedmrn-aggregate -q -m w0 --report report {} \
        -o w1.r
    part $many [ "$(jq '[.rounds[].answers[] | select(.verdict == "counted" and
        (.agreement | type) == "number")] | length' report)" = $many ]
    signed all $many >roster
    signed some $few >/dev/null
    part $many flat roster 4 fedmrn-verify -q -m w0 --roster roster {}
    part $many flat 'roster, ledger' 12 fedmrn-aggregate -q -m w0 \
        --roster roster --ledger ledger {} -o w1.l 2>err
    part $many cmp w1 w1.l
    part $many [ "$(tail -n 1 ledger | jq '.inputs | length')" = $many ]
    mkdir dir
    mv all w0 dir
    part $many fedmrn-verify -q --ledger ledger --dir dir
    mv dir/* .
    # One too few, and one that nobody signed.
    rm all/7.mrn.minisig
    part $many fedmrn-aggregate -q -m w0 --roster roster --quorum $((many - 1)) \
        all/*.mrn -o w1.l 2>err
    part 1 grep -q 'all/7.mrn: no signature' err
    part 1 not fedmrn-aggregate -q -m w0 --roster roster --quorum $many \
        all/*.mrn -o none
fi

# A reader that held them all open would run out.
control 'all files open at once' bash -c 'exec 3<all/0.mrn 4<all/1.mrn \
    5<all/2.mrn 6<all/3.mrn 7<all/4.mrn 8<all/5.mrn 9<all/6.mrn && \
    fedmrn-aggregate -q -m w0 all/*.mrn -o w2 10<all/7.mrn 11<all/8.mrn \
    12<all/9.mrn 13<all/10.mrn 14<all/11.mrn 15<all/12.mrn' 2>/dev/null
verdict 35100
