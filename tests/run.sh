#!/bin/sh
# run.sh: install what is missing, build, and run every check that is quick, as
# many at a time as there are processors.  Results are lines as they come; the
# last line says how many passed.
# CLUSTER=yes or no: whether to install Slurm and an ssh server for the tests of
# samples/slurm, which are skipped where they are missing.  As found it is yes
# for root, but no on a machine that systemd runs: a package would leave their
# daemons enabled there.
# Slower still: `make check-all`.
# shellcheck disable=SC2317 # what is run beside all else
set -u
cd "$(dirname "$0")/.." || exit 1
jobs=$(nproc 2>/dev/null || echo 2)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
began=$(date +%s)

# --- Results ------------------------------------------------------------------

# check NAME COMMAND... - one result; what the command said only if it failed.
# It stands in $log until the next.
check() {
    name=$1 log=$tmp/log.$job
    shift
    start=$(date +%s)
    "$@" >"$log" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        echo "ok $name ($(($(date +%s) - start)) s)"
        grep '^skip: ' "$log" | sed 's/^/# /'
    else
        echo "not ok $name (status $status)"
        tail -n 40 "$log" | sed 's/^/# /'
    fi
    return "$status"
}

# tap COMMAND... - results of a command that speaks TAP, which fails also when
# it ends badly without having named a failure
tap() {
    "$@" >"$tmp/tap.$job" 2>&1
    status=$?
    cat "$tmp/tap.$job"
    if [ "$status" -ne 0 ] && ! grep -q '^not ok ' "$tmp/tap.$job"; then
        echo "not ok $*: status $status"
    fi
}

# --- Jobs ---------------------------------------------------------------------

# A line for each processor that is free.
mkfifo "$tmp/free" || exit 1
exec 4<>"$tmp/free"
i=0
while [ $((i += 1)) -le "$jobs" ]; do echo >&4; done
job=0

# beside FUNCTION WORD... - run it beside all else; its results come at once,
# when it has ended
beside() {
    job=$((job + 1))
    {
        "$@" >"$tmp/results.$job" 2>&1 4>&-
        flock "$tmp" cat "$tmp/results.$job"
    } &
}

# later FUNCTION WORD... - the same when a processor is free
later() {
    read -r _ <&4
    beside turn "$@"
}
turn() {
    "$@"
    echo >"$tmp/free"
}

finish() {
    wait
    cat "$tmp"/results.* >"$tmp/all" 2>/dev/null
    passed=$(grep -E '^ok ' "$tmp/all" | grep -ciEv '# skip')
    skipped=$(grep -E '^ok ' "$tmp/all" | grep -ciE '# skip')
    failed=$(grep -cE '^not ok ' "$tmp/all")
    echo "# $(($(date +%s) - began)) seconds"
    if [ $((passed + failed)) -eq 0 ]; then
        echo "# nothing was run"
        failed=1
    fi
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
    exit
}

# --- Checks -------------------------------------------------------------------

# units DIR COMMENT [WORD]... - every unit test in DIR, after these words
units() {
    dir=$1 comment=$2
    shift 2
    for t in "$dir"/test_*; do
        case $t in *.[do]) continue ;; esac
        [ -x "$t" ] || continue
        check "unit ${t##*/}$comment" "$@" "$t"
    done
}

sanitized() {
    check "build with sanitizers" nice make -s -j"$jobs" build-san &&
        units build/san/tests ', ASan and UBSan'
}

compilers() {
    # shellcheck disable=SC2046 # words are meant
    check "builds without a warning" nice make -s -j"$jobs" variants &&
        tap tests/compilers.sh $(make -s variant-dirs)
}

campaign() {
    check "$1" make -s "$1" && sed -n 's/^campaign: /# /p' "$log"
}

bats_file() {
    echo "# $(basename "$1")"
    tap bats --tap "$1"
}

# What a test needs comes while what it tests is built.
tests='test'
if [ -z "${CLUSTER:-}" ]; then
    CLUSTER=no
    [ "$(id -u)" != 0 ] || [ -d /run/systemd/system ] || CLUSTER=yes
fi
[ "$CLUSTER" != yes ] || tests='test cluster'
beside check "packages to build" sh samples/deps.sh build
wait
# shellcheck disable=SC2086 # words are meant
beside check "packages to test" sh samples/deps.sh $tests
beside check "build" make -s -j"$jobs" CFLAGS='-O2 -g -Werror' \
    all benches units campaigns
wait
! grep -q '^not ok ' "$tmp/results.$job" || finish

PATH=$PWD/build/bin:$PATH
export PATH
# The other builds take what the tests leave of the processors.
beside sanitized
beside compilers
later units build/tests ''
later units build/tests ', portable' env FEDMRN_CPU=portable
# The largest files first: none that takes long shall begin last.
# shellcheck disable=SC2045 # plain names
for f in $(ls -S tests/cli/*.bats); do
    later bats_file "$f"
done
for c in $(make -s quick-campaigns); do
    later campaign "$c"
done
for l in $(make -s lints); do
    later check "$l" make -s "$l"
done
wait

# In CI the tree is a fresh clone: whatever git does not know, a test left.
if [ -n "${CI:-}" ] && git rev-parse --git-dir >/dev/null 2>&1; then
    beside check "nothing is left behind" \
        sh -c 'test -z "$(git status --porcelain | tee /dev/stderr)"'
fi
finish
