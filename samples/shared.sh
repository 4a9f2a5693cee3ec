# shellcheck shell=sh disable=SC2034 # the readers use what is set
# What the samples share; they read it with `here` and `root` set.
LC_ALL=C
export LC_ALL

# help - the comment at the script's head
help() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
}

# usage MESSAGE - that, and the options in the head
usage() {
    echo "${0##*/}: $1" >&2
    sed -n '/^#   --/s/^# //p' "$0" >&2
    exit 2
}

# numbers TEXT... - are they?
numbers() {
    for n; do
        case $n in
        '' | *[!0-9]* | 0[0-9]*) usage "$n is not a number" ;;
        esac
    done
}

# find_tools - this tree's, or those on PATH
find_tools() {
    [ ! -d "$root/build/bin" ] || PATH=$root/build/bin:$PATH
    command -v fedmrn-train >/dev/null || {
        echo "${0##*/}: no fedmrn-train here; run \`make\` first" >&2
        exit 1
    }
}

# make_tools - the same, but made where there are none
make_tools() {
    [ -x "$root/build/bin/fedmrn-train" ] ||
        command -v fedmrn-train >/dev/null || {
        echo "${0##*/}: no tools here yet; building them takes a minute" >&2
        sh "$root/samples/deps.sh" build
        make -s -C "$root" -j"$(nproc 2>/dev/null || echo 2)" all
    }
    find_tools
}

# need_data mnist|fashion-mnist DIR - its files, or a subset of one's own
need_data() {
    [ -f "$(data_file "$2" train-labels-idx1-ubyte)" ] ||
        sh "$here/get-data.sh" "$1" "$2"
}

# find_data DIR - sets images, labels, test_images and test_labels to its IDX
# files, plain or .gz
find_data() {
    images=$(data_file "$1" train-images-idx3-ubyte)
    labels=$(data_file "$1" train-labels-idx1-ubyte)
    test_images=$(data_file "$1" t10k-images-idx3-ubyte)
    test_labels=$(data_file "$1" t10k-labels-idx1-ubyte)
}
data_file() {
    if [ -f "$1/$2" ]; then echo "$1/$2"; else echo "$1/$2.gz"; fi
}

# shape_of IMAGES - CxHxW
shape_of() {
    fedmrn-inspect --json "$1" |
        sed -n 's/.*"shape":\[[0-9]*,\([0-9,]*\)\].*/\1/p' |
        awk -F, -v OFS=x '{ $1 = $1; print (NF < 3 ? "1x" : "") $0 }'
}

# classes_of LABELS - as many as the largest tells
classes_of() {
    gzip -dcf "$1" | tail -c +9 | od -An -v -tu1 -w1 |
        awk '$1 > most { most = $1 } END { print most + 1 }'
}

# chosen SEED ROUND N K - K numbers of 0..N-1: those with the smallest noise,
# which is the same everywhere.  Ties go to the lower number.
chosen() {
    fedmrn-noise --seed "$1" --round "$2" --client chosen \
        --noise uniform:1 --ordinal 0 --shape "$3" --format text |
        awk '{ print $NF, NR - 1 }' | sort -k1,1g -k2,2n |
        awk -v k="$4" 'NR <= k { print $2 }'
}
