#!/usr/bin/env bash
# kill.sh: SIGKILL before each system call.  Survived: each file is whole, the
# old one or the new one, of two that belong together none is there before the
# other, and the same command, given again, does its work and removes what the
# dead one left.
. "$(dirname "$0")/lib.bash"
. "$root/tests/campaign/scenario.bash"

# shellcheck disable=SC2034 # `whole` reads it
pass='.*.tmp'

interrupt() {
    local name=$1 call first rest k n=0 ok=0
    shift
    while read -r call first rest; do
        for ((k = first; ; k++)); do
            fresh
            once strace -qq -o trace -e trace="$call" \
                -e inject="$call:signal=SIGKILL:when=$k" \
                -E LD_PRELOAD="$shim" "$@"
            [ $status = 137 ] || break
            n=$((n + 1))
            if whole && ordered && again "$@"; then
                ok=$((ok + 1))
            else
                complain "$name: killed before $call $k: status $status:" \
                    "$(head -n 1 err)"
                diff -r o new >&2 || :
            fi
        done
        # A call that is not there every time ends its list early.
        [ "$k" -gt "$rest" ] || echo "# $name: $call: $k of $rest"
    done <calls
    count $n $ok "$name"
}

control 'writing in place' naive
rm -rf old
scenarios
verdict $((40 * parts))
