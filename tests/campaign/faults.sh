#!/usr/bin/env bash
# faults.sh: the n-th system call of each kind fails, for all n, by each errno;
# and the n-th read or write transfers one byte.
#
# Survived: status 0 and the new files; or status 1 or 3, a message, and each
# file whole, the old one or the new one, with nothing left beside it, two that
# belong together both old or both new, and the same command works when it is
# given again.
#
# ERRNOS="EIO" tries these only.
. "$(dirname "$0")/lib.bash"
. "$root/tests/campaign/scenario.bash"

# A report tells of a failure, too.
# shellcheck disable=SC2034 # `whole` reads it
pass=report

# Memory, threads and signals fail in other ways than files do.
other='^(brk|mmap|munmap|mprotect|madvise|mremap|clone3?|futex|exit|exit_group'
other+='|rt_sig[a-z]*|sched_[a-z]*|set_[a-z_]*|getpid|gettid|kill|prctl|rseq'
other+='|membarrier|restart_syscall) '

survived() {
    case $status in
    0) done_all ;;
    # libsodium ends a program that it can give no random numbers.
    134) [ "$call" = getrandom ] && whole && together && again "$@" ;;
    1 | 3) [ -s err ] && whole && together && again "$@" ;;
    *) false ;;
    esac
}

# fault NAME WHAT FIRED COMMAND... - judge what has just been run; FIRED is a
# command that says whether the fault happened at all
fault() {
    local name=$1 what=$2
    shift 2
    n=$((n + 1))
    if survived "$@"; then
        ok=$((ok + 1))
    else
        complain "$name: $what: status $status: $(head -n 1 err)"
        diff -r o new 2>&1 | grep ^Only >&2 || :
    fi
}

errnos() {
    local name=$1 first rest error k
    shift
    while read -r call first rest; do
        [[ ! "$call " =~ $other ]] || continue
        for error in ${ERRNOS-ENOSPC EIO EINTR}; do
            for ((k = first; ; k++)); do
                fresh
                once strace -qq -o trace -e trace="$call" \
                    -e inject="$call:error=$error:when=$k" \
                    -E LD_PRELOAD="$shim" "$@"
                grep -q INJECTED trace || break
                fault "$name" "$call $k: $error" "$@"
            done
        done
    done <calls
    call=
}

shorts() {
    local name=$1 k
    shift
    for ((k = 1; ; k++)); do
        fresh
        rm -f fired
        once env SHIM_SHORT=$k SHIM_FIRED=fired LD_PRELOAD="$shim" "$@"
        [ -e fired ] || break
        fault "$name" "short transfer $k" "$@"
    done
    fresh
    once env SHIM_SHORT=0 LD_PRELOAD="$shim" "$@"
    fault "$name" "every transfer short" "$@"
}

# A file may have so many bytes and no more.  The messages go to a file, too.
limits() {
    local name=$1 size first=1
    shift
    for ((size = 300; first != 0; size += 700)); do
        fresh
        once prlimit --fsize=$size -- "$@"
        first=$status
        fault "$name" "files of $size bytes" "$@"
    done
}

# A disk of so many pages, until it is large enough.
full() {
    local name=$1 pages first=1
    shift
    [[ " $* " = *" o/"* ]] || return 0
    for ((pages = $(find old -type f | wc -l); first != 0; pages++)); do
        rm -rf o
        mkdir o
        if ! mount -t tmpfs -o size=$((4 * pages))k small o 2>/dev/null; then
            echo "# $name: no tmpfs here"
            return 0
        fi
        cp -a old/. o
        once "$@"
        first=$status
        mount -o remount,size=64m o
        fault "$name" "a disk of $pages pages" "$@"
        umount o
    done
}

interrupt() {
    n=0 ok=0
    errnos "$@"
    shorts "$@"
    limits "$@"
    full "$@"
    count $n $ok "$1"
}

control 'writing in place' naive
rm -rf old
scenarios
verdict $((60 * parts))
