#!/bin/sh
# layers.sh: check that lib/ includes only what lib/LAYERS allows, that
# lib/LAYERS itself has no row that looks downwards (so: no cycles), and that
# lib/ and cmd/ name the room of what they include.
set -eu
table=lib/LAYERS bad=0
complain() { echo "$*" >&2; bad=1; }

allowed() { sed -n "s/^$1:[[:space:]]*//p" "$table"; }

seen=
for m in $(sed -n 's/^\([a-z]*\):.*/\1/p' "$table"); do
    for d in $(allowed "$m"); do
        case " $seen " in
        *" $d "*) ;;
        *) complain "$table: $m may not use $d: $d is not above it" ;;
        esac
    done
    seen="$seen $m"
    [ -d "lib/$m" ] || complain "$table: $m has a row, but lib/$m is not there"
done

for dir in lib/*/; do
    m=$(basename "$dir")
    case " $seen " in
    *" $m "*) ;;
    *) complain "lib/$m: no row in $table"; continue ;;
    esac
    for f in "$dir"*.[ch]; do
        [ -f "$f" ] || continue
        for d in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$f" | sort -u); do
            case " $m $(allowed "$m") " in
            *" $d "*) ;;
            *) complain "$f: may not include $d/ (see $table)" ;;
            esac
        done
    done
done

# An include says its room: "room/file.h".
if grep -nE '^#include "[^/"]*"' lib/*/*.[ch] cmd/*.c 2>/dev/null; then
    complain "an include in lib/ or cmd/ names its room (above)"
fi
if grep -nE '^#include "[^"]*_impl\.h"' cmd/*.c 2>/dev/null; then
    complain "cmd/ includes public headers only (above)"
fi
exit "$bad"
