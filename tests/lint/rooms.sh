#!/bin/sh
# rooms.sh: every tool and module has its siblings and its manners.
set -eu
bad=0
complain() { echo "$*" >&2; bad=1; }

# A tool has a page and a test; a module has a test (lib/cli is tested through
# the tools, CPU variants through the module they belong to).
for f in cmd/*.c; do
    [ -f "$f" ] || continue
    t=$(basename "$f" .c)
    [ -f "man/$t.1" ] || complain "$f: no man/$t.1"
    [ -f "tests/cli/$t.bats" ] || complain "$f: no tests/cli/$t.bats"
done
for f in lib/*/*.c; do
    case $f in lib/cli/* | *_avx2.c | *_avx512.c | *_neon.c) continue ;; esac
    t=tests/unit/test_$(basename "$f")
    [ -f "$t" ] || complain "$f: no $t"
done

# And the other way round: nothing is left over from a tool or a module that
# went away or was renamed.
for f in man/*.1; do
    [ -f "$f" ] || continue
    [ -f "cmd/$(basename "$f" .1).c" ] || complain "$f: no such tool"
done
for f in tests/unit/test_*.c; do
    [ -f "$f" ] || continue
    m=$(basename "$f" .c)
    m=${m#test_}
    [ -n "$(find lib -name "$m.c")" ] || complain "$f: no such module"
done

# A file name says which file: none is used twice.
dup=$(find lib cmd -name "*.[ch]" -exec basename {} \; 2>/dev/null |
    sort | uniq -d)
[ -z "$dup" ] || complain "file names used twice: $dup"

# Lines of code that match a pattern; comments may say what they like.
code() {
    grep -nHE "$1" "$2" | grep -vE '^[^:]*:[0-9]*: *(\*|/\*|//)' >&2
}

# Manners: only lib/cli and cmd speak or exit, and foreign libraries have one
# door each.
for f in $(find lib -name '*.c' ! -path 'lib/cli/*' | sort); do
    if code '\b(exit|_Exit|abort|printf|perror|puts|putchar)\(|\bstd(out|err)\b' \
        "$f"; then
        complain "$f: prints or exits (above)"
    fi
done
door() {
    others=$(grep -lE "^#include <($1)" lib/*/*.[ch] cmd/*.c 2>/dev/null |
        grep -vx "$2" || :)
    [ -z "$others" ] || complain "<$1> belongs in $2 only, not in: $others"
}
door 'archive' 'lib/base/\(archive\|extract\).c'
door 'xxhash|xxh' lib/base/digest.c
door 'jansson' lib/base/json.c
door 'sodium' lib/base/crypto.c
door 'cblas|openblas' lib/nn/gemm.c

# Exact modules use no libm but what IEEE 754 rounds (sqrt, floor, ...): the
# same input gives the same bytes on every machine.
libm='exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|cbrt|hypot|a?(sin|cos|tan)h?'
libm="$libm|atan2|erfc?|[lt]gamma"
for f in $(find lib/base lib/rand lib/mask lib/tensor lib/codec lib/bundle \
    lib/agg lib/data -name '*.c' | sort); do
    if code "\\b($libm)f?\\(" "$f"; then
        complain "$f: libm in an exact module (above)"
    fi
done
exit "$bad"
