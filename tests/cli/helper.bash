# What every CLI test starts with: `load helper`.
#
# Each test runs in its own empty directory and finds the tools on PATH
# (`make check-cli` puts build/bin there).  Data are made here, from numbers.
bats_require_minimum_version 1.5.0

setup() {
    # Not BATS_TEST_TMPDIR itself: `run --separate-stderr` keeps a file there.
    mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || return 1
}

# need_strace - for tests that fail or end a tool at a system call
need_strace() {
    command -v strace >/dev/null || skip "no strace"
    strace -qq -o /dev/null true || skip "strace may not trace here"
    # A sanitizer cannot look for leaks while it is traced.
    export ASAN_OPTIONS=detect_leaks=0
}

# bytes 01 00 ... - write bytes, given in hex, on standard output
bytes() {
    printf '%b' "$(printf '\\x%s' "$@")"
}

# idx SIZE... -- VALUE... - write an IDX file of unsigned bytes on standard
# output.  Values are decimal and are repeated from the first until the file
# is full: `idx 3 2 2 -- 0 255` is three 2x2 images, `idx 4 -- 0 1` four labels.
idx() {
    local text
    # /dev/null, so that an awk that was given no pattern but BEGIN cannot wait.
    text=$(awk 'BEGIN {
        n = 1
        for (k = 1; ARGV[k] != "--"; k++) {
            n *= ARGV[k]
            head = head sprintf("\\x%02x\\x%02x\\x%02x\\x%02x", \
                ARGV[k] / 16777216, ARGV[k] / 65536 % 256, \
                ARGV[k] / 256 % 256, ARGV[k] % 256)
        }
        printf "\\x00\\x00\\x08\\x%02x%s", k - 1, head
        for (i = 0; i < n; i++)
            printf "\\x%02x", ARGV[k + 1 + i % (ARGC - k - 1)]
    }' "$@" </dev/null) || return 1
    printf '%b' "$text"
}

# idx_images N H W VALUE... - N images of H x W pixels
idx_images() {
    local n=$1 h=$2 w=$3
    shift 3
    idx "$n" "$h" "$w" -- "$@"
}

# idx_labels VALUE... - as many labels as values
idx_labels() {
    idx $# -- "$@"
}

# seal MODEL - after a change by hand: write the checksum that it should have,
# which fedmrn-verify tells, into the model.
seal() {
    local sum at
    sum=$(fedmrn-verify "$1" 2>&1 |
        sed -n 's/.*the checksum of its bytes is \([0-9a-f]*\),.*/\1/p')
    at=$(grep -obUa '"fedmrn.checksum":"' "$1" | head -n 1 | cut -d: -f1)
    [ ${#sum} = 32 ] && [ -n "$at" ] || return 1
    printf %s "$sum" |
        dd of="$1" bs=1 seek=$((at + 19)) conv=notrunc 2>/dev/null
}

# tiny_data [N [SEED]] - write N (200) images of 8x8 pixels and 4 classes to the
# files `images` and `labels`.  Sample i is of class i mod 4; class c is a bright
# quadrant c in noise, which a small network learns in a few steps.
tiny_data() {
    local n=${1:-200} text
    # Lehmer's generator: its products stay exact in awk's doubles.
    text=$(awk -v n="$n" -v x="${2:-1}" 'BEGIN {
        for (i = 0; i < n; i++)
            for (p = 0; p < 64; p++) {
                x = x * 16807 % 2147483647
                quadrant = 2 * (p >= 32) + (p % 8 >= 4)
                printf "%d ", x % 120 + (quadrant == i % 4 ? 100 : 0)
            }
    }' </dev/null) || return 1
    # shellcheck disable=SC2086 # one word per pixel is meant
    idx_images "$n" 8 8 $text >images
    idx "$n" -- 0 1 2 3 >labels
}
