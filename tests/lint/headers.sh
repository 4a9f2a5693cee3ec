#!/bin/sh
# headers.sh CC FLAGS...: every header compiles alone.
set -eu
bad=0
for h in lib/*/*.h; do
    if ! echo "#include \"${h#lib/}\"" | "$@" -fsyntax-only -x c -; then
        echo "$h: does not stand alone" >&2
        bad=1
    fi
done
exit "$bad"
