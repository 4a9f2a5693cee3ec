#!/usr/bin/env bash
# cross.sh: the exact rooms, built for other processors and run by qemu: what
# they compute (cross.c) must be the same bytes as here, and every unit test of
# theirs must pass.  s390x is big-endian.
. "$(dirname "$0")/lib.bash"
cd "$root" || exit 1

# What is exact; of data only the partitions are, of base what reads and writes.
rooms='rand tensor mask codec bundle agg'
tests=(split archive bytes crc32 crypto digest err json lengths mem odc range
    select)
# It trains, for which it takes OpenBLAS.
without='idle'
# Half of the time, for damaged files: on the big-endian one alone.
slow='maskcode|maskencode|modelread'

# Debian's names of the processors.
declare -A debian=([aarch64]=arm64 [s390x]=s390x)

# tested ARCH - the modules whose unit tests are run there
tested() {
    local skip=$without room file
    [ "$1" = s390x ] || skip="$skip|$slow"
    for room in $rooms; do
        for file in lib/"$room"/*.c; do
            file=${file##*/} file=${file%.c}
            [ ! -f "tests/unit/test_$file.c" ] || echo "$file"
        done
    done | grep -Evx "$skip"
    printf '%s\n' "${tests[@]}"
}

# fetch ARCH DIR - the libraries behind base's doors for that processor, which
# are unpacked in DIR.  apt keeps its lists of them there, too: nothing of the
# system changes.
fetch() {
    local dir=$2 packages
    packages=$(sed -n 's/^foreign://p' samples/packages)
    [ ! -e "$dir/fetched" ] || return 0
    rm -rf "$dir"
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
    apt() {
        apt-get -qq -o APT::Architecture="${debian[$1]}" \
            -o APT::Architectures="${debian[$1]}" -o Acquire::Languages=none \
            -o APT::Sandbox::User=root -o Dir::State::Lists="$dir/lists" \
            -o Dir::Cache="$dir/cache" "${@:2}"
    }
    apt "$1" update || :
    # shellcheck disable=SC2086 # words are meant
    (cd "$dir" && apt "$1" download $packages) || return
    for p in "$dir"/*.deb; do dpkg -x "$p" "$dir" || return; done
    ln -s /usr/include/xxhash.h /usr/include/xxh3.h "$dir/usr/include"
    : >"$dir/fetched"
}

# build ARCH DIR - all of it
build() {
    local dir=$2 cc=$1-linux-gnu-gcc room objects t
    fetch "$1" "$dir/root" || return
    objects=$(for room in base data $rooms; do printf '%s\n' lib/"$room"/*.c; done |
        grep -v '_avx' | sed "s|^|$dir/|; s|c\$|o|")
    # shellcheck disable=SC2046,SC2086 # one word per object is meant
    make -s BUILD="$dir" CC="$cc" PKG_CFLAGS="-I$dir/root/usr/include" \
        CPPFLAGS=-DXXH_INLINE_ALL $objects "$dir/tests/campaign/cross.o" \
        $(tested "$1" | sed "s|.*|$dir/tests/unit/test_&.o|") || return
    rm -f "$dir/lib.a"
    # shellcheck disable=SC2086
    "${cc%gcc}ar" rcs "$dir/lib.a" $objects || return
    for t in campaign/cross $(tested "$1" | sed 's|^|unit/test_|'); do
        "$cc" -static -o "$dir/${t#*/}" "$dir/tests/$t.o" "$dir/lib.a" \
            -L"$dir/root/usr/lib/$1-linux-gnu" -larchive -ljansson -lsodium \
            -lm -pthread || return
    done
}

# try ARCH - build, and run: what each said into $tmp, tests that failed last
try() {
    local dir=$BUILD/cross/$1 qemu=qemu-$1-static t
    build "$1" "$dir" || return
    "$qemu" "$dir/cross" >"$tmp/$1" 2>&1
    "$qemu" "$dir/cross" 43 >"$tmp/$1.43" 2>&1
    : >"$tmp/$1.bad"
    for t in $(tested "$1"); do
        "$qemu" "$dir/test_$t" >"$tmp/$1.log" 2>&1 </dev/null ||
            echo "$1: test_$t: $(tail -n 1 "$tmp/$1.log")" >>"$tmp/$1.bad"
    done
}

archs='aarch64 s390x'
pids=
for arch in $archs; do
    try "$arch" &
    pids="$pids $!"
done
cross >"$tmp/ours"
for pid in $pids; do
    wait "$pid" || {
        complain "could not be built"
        exit 1
    }
done

lines=$(wc -l <"$tmp/ours")
for arch in $archs; do
    n=$(tested "$arch" | wc -l)
    diff "$tmp/ours" "$tmp/$arch" >&2 || :
    count "$lines" "$(comm -12 "$tmp/ours" "$tmp/$arch" 2>/dev/null | wc -l)" \
        "$arch, digests"
    control "$arch with another seed" cmp -s "$tmp/ours" "$tmp/$arch.43"
    cat "$tmp/$arch.bad" >&2
    count "$n" $((n - $(wc -l <"$tmp/$arch.bad"))) "$arch, unit tests"
done
verdict 300
