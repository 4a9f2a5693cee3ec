#!/usr/bin/env bash
# fuzz.sh TARGET...: let clang's fuzzer try each parser for FUZZ_SECONDS (20).
# What it finds worth keeping stays in $BUILD/fuzz/corpus.
. "$(dirname "$0")/lib.bash"

# try NAME PROGRAM CORPUS... - how many inputs; fails when one is a crash
try() {
    local name=$1 program=$2
    shift 2
    mkdir -p "$1"
    "$program" -max_total_time="${FUZZ_SECONDS:-20}" -print_final_stats=1 \
        -rss_limit_mb=2048 -timeout=20 -artifact_prefix="$BUILD/fuzz/$name-" \
        "$@" >log 2>&1 || return 1
    tries=$(sed -n 's/^stat::number_of_executed_units: *//p' log)
}

# bug - does the fuzzer overlook what it must find?
bug() {
    FUZZ_SECONDS=30 try bug "$BUILD/fuzz/fuzzbug" "$tmp/bug"
}

control 'a parser with a bug' bug
for t; do
    if try "$t" "$BUILD/fuzz/fuzzers/fuzz_$t" "$BUILD/fuzz/corpus/$t" \
        "$root/tests/fuzz/corpus/$t"; then
        count "$tries" "$tries" "$t"
    else
        tail -n 30 log >&2
        count 1 0 "$t"
    fi
done
verdict $((1000 * $#))
