#!/usr/bin/env bash
# power.sh: the power fails after each system call that changes a file.
#
# A run is replayed from its list of calls.  After each of them four disks are
# imagined: of what was not synced yet, the data, the names, both or nothing got
# there.  Survived: under each output's name are all bytes of the old file or of
# the new one.  And once the command has ended, only the new one will do.  A
# ledger may end with a part of a line, as long as no new model is there.
. "$(dirname "$0")/lib.bash"
. "$root/tests/campaign/scenario.bash"

# replay TRACE - "CUTS SURVIVED" of strace -y's list
replay() {
    awk -v cwd="$PWD" -v old="$PWD/old" -f - "$1" <<'AWK'
        # "write(3</a/b>, ..." or "openat(..., ...) = 3</a/b>": /a/b
        function named(text) {
            sub(/^[^<]*</, "", text)
            sub(/>.*/, "", text)
            return text
        }
        function absolute(path) {
            path = path ~ /^\// ? path : cwd "/" path
            gsub(/\/\.\//, "/", path)
            return path
        }
        function parent(path) {
            sub(/\/[^\/]*$/, "", path)
            return path
        }
        # Is there anything unsynced in a file, or in a directory's files?
        function unsynced(path, p) {
            for (p in dirty)
                if (dirty[p] && (p == path || index(p, path "/") == 1))
                    return 1
            return 0
        }
        # Has a model its name on this disk?
        function model(names, t) {
            for (t in target)
                if (t ~ /\/model$/ && (names || lasting[t]))
                    return 1
            return 0
        }
        # The four disks of this moment; `ended`: the command has said yes.
        function cut(ended, t, data, names, here) {
            for (t in target)
                for (data = 0; data < 2; data++)
                    for (names = 0; names < 2; names++) {
                        tried++
                        here = target[t] && (names || lasting[t])
                        if (t ~ /\/ledger$/ && (!here || torn[t] && !data)) {
                            if (!ended && !model(names))
                                good++
                        } else if (here ? data || !torn[t] : !ended)
                            good++
                    }
        }
        / = -1 / { next }
        /^openat\(.*O_CREAT/ {
            p = $0
            sub(/.*= [0-9]+/, "", p)
            dirty[named(p)] = 1
            # Of what is written under its own name, is the name there?
            if (system("test -e " old substr(named(p), length(cwd) + 3)))
                made[named(p)] = 1
        }
        /^(write|pwrite64|ftruncate)\(/ {
            p = named($0)
            dirty[p] = 1
            # Written through, under its own name.
            if (p in target || p !~ /\.tmp(\/|$)/) {
                target[p] = torn[p] = 1
                lasting[p] = lasting[p] || !(p in made)
            }
        }
        /^(fsync|fdatasync)\(/ {
            p = named($0)
            dirty[p] = 0
            if (p in torn) torn[p] = 0
            for (t in target)
                if (parent(t) == p) lasting[t] = 1
            for (t in made)
                if (parent(t) == p) delete made[t]
        }
        /^syncfs\(/ {
            for (p in dirty) dirty[p] = 0
            for (t in target) lasting[t] = 1
        }
        /^rename\(/ {
            split($0, word, "\"")
            from = absolute(word[2])
            t = absolute(word[4])
            torn[t] = unsynced(from)
            target[t] = 1
            lasting[t] = 0
        }
        { cut(0) }
        END {
            cut(1)
            print tried + 0, good + 0
        }
AWK
}

# kept FILTER COMMAND... - are there cuts, and are all survived, when the list
# passes through FILTER?
kept() {
    local filter=$1 result
    shift
    fresh
    strace -qq -y -o trace -e trace=openat,write,pwrite64,ftruncate,fsync,\
fdatasync,syncfs,rename "$@" >out 2>err
    grep -E "<$PWD/o[/>]|\"(\./)?o/|^syncfs" trace |
        grep -vE "$filter" >list || :
    result=$(replay list)
    cuts=${result% *} good=${result#* }
    [ "$cuts" -gt 0 ] && [ "$cuts" = "$good" ]
}

interrupt() {
    local name=$1
    shift
    # What only prints has nothing to lose.
    [[ " $* " = *" o/"* ]] || return 0
    kept '^$' "$@" || complain "$name: lost"
    [ "$cuts" -gt 0 ] || exit 1
    count "$cuts" "$good" "$name"
    control "$name without its fsync" kept '^(fsync|syncfs)' "$@"
}

scenarios
verdict $((12 * parts))
