#!/usr/bin/env bash
# cross.sh: the exact modules, built for other processors and run by qemu: what
# they compute (cross.c) must be the same bytes as here, and their unit tests
# that need no library but libc must pass.  s390x is big-endian.
. "$(dirname "$0")/lib.bash"

# Behind the doors to each library is what cannot be built for them.
doors='base/(json|archive|extract|crypto)'
tests='bits bytes crc32 curve digest draw err fmath key mem noise number odc
    philox range rans stream threshold tile words'
cd "$root" || exit 1

# sources WITHOUT - the modules that can be built
sources() {
    grep -oE '^(base|rand|tensor|mask|bundle|data|agg):' lib/LAYERS |
        while IFS=: read -r layer _; do ls "lib/$layer"/*.c; done |
        grep -vE "$1"
}

# build DIR CC WITHOUT - the library of them, cross and the tests
build() {
    local dir=$1 cc=$2 objects t
    mkdir -p "$dir/include"
    ln -sf /usr/include/xxhash.h /usr/include/xxh3.h "$dir/include"
    objects=$(sources "$3" | sed "s|^|$dir/|; s|c\$|o|")
    # shellcheck disable=SC2086 # one word per object is meant
    make -s -j2 BUILD="$dir" CC="$cc" PKG_CFLAGS="-I$dir/include" \
        CPPFLAGS=-DXXH_INLINE_ALL $objects "$dir/tests/campaign/cross.o" || exit
    rm -f "$dir/lib.a"
    # shellcheck disable=SC2086
    "${cc%gcc}ar" rcs "$dir/lib.a" $objects || exit
    # What the program does not call is what is not there.
    "$cc" -static -Wl,--unresolved-symbols=ignore-all -o "$dir/cross" \
        "$dir/tests/campaign/cross.o" "$dir/lib.a" -lm -pthread || exit
    for t in $tests; do
        [ -f "tests/unit/test_$t.c" ] || continue
        make -s BUILD="$dir" CC="$cc" PKG_CFLAGS="-I$dir/include" \
            CPPFLAGS=-DXXH_INLINE_ALL "$dir/tests/unit/test_$t.o" || exit
        "$cc" -static -Wl,--unresolved-symbols=ignore-all -o "$dir/test_$t" \
            "$dir/tests/unit/test_$t.o" "$dir/lib.a" -lm -pthread || exit
    done
}

# same RUN... - does it print what this processor does?
same() {
    "$@" >"$tmp/theirs" 2>&1 && cmp -s "$tmp/ours" "$tmp/theirs"
}

build "$BUILD/cross/native" gcc "$doors"
"$BUILD/cross/native/cross" >"$tmp/ours" || exit 1
for arch in aarch64 s390x; do
    dir=$BUILD/cross/$arch
    qemu=qemu-$arch-static
    build "$dir" "$arch-linux-gnu-gcc" "$doors|_avx"
    lines=$(wc -l <"$tmp/ours")
    if same "$qemu" "$dir/cross"; then
        count "$lines" "$lines" "$arch, digests"
    else
        diff "$tmp/ours" "$tmp/theirs" >&2 || :
        count "$lines" "$(comm -12 "$tmp/ours" "$tmp/theirs" | wc -l)" \
            "$arch, digests"
    fi
    control "$arch with another seed" same "$qemu" "$dir/cross" 43
    n=0 ok=0
    for t in $tests; do
        test=$dir/test_$t
        n=$((n + 1))
        if "$qemu" "$test" >"$tmp/log" 2>&1; then
            ok=$((ok + 1))
        else
            complain "$arch: ${test##*/}: $(tail -n 1 "$tmp/log")"
        fi
    done
    count $n $ok "$arch, unit tests"
done
verdict 100
