#!/bin/sh
# make-digits.sh CSV DIR: the UCI digits as four gzipped IDX files.
#
# CSV is scikit-learn's digits.csv.gz: 64 pixels of 0..16 and a label a line.
# A pixel v becomes round(v * 255 / 16), so that x/255 is v/16.  The first 1437
# lines are for training and the last 360, other writers' digits, for testing.
# Run again it writes the same bytes.
set -eu
csv=$1 dir=$2 train=1437

# part FIRST LAST NAME
part() {
    lines=$(($2 - $1 + 1))
    be=$(printf '\\%03o\\%03o' $((lines / 256)) $((lines % 256)))
    {
        # shellcheck disable=SC2059 # the format holds the bytes
        printf "\\000\\000\\010\\003\\000\\000$be\\000\\000\\000\\010\\000\\000\\000\\010"
        # shellcheck disable=SC2059
        printf "$(gzip -dc "$csv" | sed -n "$1,$2p" |
            awk -F, '{ for (i = 1; i < NF; i++)
                           printf "\\%03o", int($i * 255 / 16 + .5) }')"
    } | gzip -9n >"$dir/digits-$3-images-idx3-ubyte.gz"
    {
        # shellcheck disable=SC2059
        printf "\\000\\000\\010\\001\\000\\000$be"
        # shellcheck disable=SC2059
        printf "$(gzip -dc "$csv" | sed -n "$1,$2p" |
            awk -F, '{ printf "\\%03o", $NF }')"
    } | gzip -9n >"$dir/digits-$3-labels-idx1-ubyte.gz"
}

part 1 $train train
part $((train + 1)) 1797 test
