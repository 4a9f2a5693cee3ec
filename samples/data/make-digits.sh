#!/bin/sh
# make-digits.sh CSV DIR: the UCI digits as four gzipped IDX files.
#
# CSV is scikit-learn's digits.csv.gz: 64 pixels of 0..16 and a label a line.
# A pixel v becomes round(v * 255 / 16), so that x/255 is v/16.  Lines 1, 6,
# 11, ... (360 of 1797) are for testing, the others for training.  Run again it
# writes the same bytes.
set -eu
csv=$1 dir=$2

# part NAME CONDITION LINES - the lines for which awk's condition holds
part() {
    lines=$3
    be=$(printf '\\%03o\\%03o' $((lines / 256)) $((lines % 256)))
    {
        # shellcheck disable=SC2059 # the format holds the bytes
        printf "\\000\\000\\010\\003\\000\\000$be\\000\\000\\000\\010\\000\\000\\000\\010"
        # shellcheck disable=SC2059
        printf "$(gzip -dc "$csv" |
            awk -F, "$2"' { for (i = 1; i < NF; i++)
                           printf "\\%03o", int($i * 255 / 16 + .5) }')"
    } | gzip -9n >"$dir/digits-$1-images-idx3-ubyte.gz"
    {
        # shellcheck disable=SC2059
        printf "\\000\\000\\010\\001\\000\\000$be"
        # shellcheck disable=SC2059
        printf "$(gzip -dc "$csv" | awk -F, "$2"' { printf "\\%03o", $NF }')"
    } | gzip -9n >"$dir/digits-$1-labels-idx1-ubyte.gz"
}

part train 'NR % 5 != 1' 1437
part test 'NR % 5 == 1' 360
