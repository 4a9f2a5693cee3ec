#!/bin/sh
# tools.sh: fedmrn(7) and README.md list the tools that cmd/ has, in the words
# of each tool's own page, and README.md's map of lib/ has the layers of
# lib/LAYERS.
set -eu
bad=0
complain() { echo "$*" >&2; bad=1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# What the tools say of themselves: the .Nd line of each page.
for f in cmd/*.c; do
    [ -f "$f" ] || continue
    t=$(basename "$f" .c)
    echo "$t $(sed -n 's/^\.Nd //p' "man/$t.1")"
done | sort >"$tmp/cmd"

# fedmrn(7) has `.It Xr TOOL 1` and the words on the next line.
sed -n '/^\.It Xr fedmrn-[a-z]* 1/{s/^\.It Xr \([^ ]*\).*/\1/;N;s/\n/ /;p;}' \
    man/fedmrn.7 | sort >"$tmp/man"
# README.md has | `TOOL` | words |
sed -n 's/^| `\(fedmrn-[a-z]*\)` | \(.*\) |$/\1 \2/p' README.md |
    sort >"$tmp/readme"

diff "$tmp/cmd" "$tmp/man" >&2 ||
    complain "man/fedmrn.7 does not list the tools as man/*.1 describe them"
diff "$tmp/cmd" "$tmp/readme" >&2 ||
    complain "README.md does not list the tools as man/*.1 describe them"

sed -n 's/^\([a-z]*\):.*/\1/p' lib/LAYERS >"$tmp/layers"
sed -n 's/^    lib\/\([a-z]*\) .*/\1/p' README.md >"$tmp/map"
diff "$tmp/layers" "$tmp/map" >&2 ||
    complain "README.md's map does not have the layers of lib/LAYERS"
exit "$bad"
