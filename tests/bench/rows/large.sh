# shellcheck shell=sh
# Models of 100 million and of a billion parameters, with three answers of
# random masks: large/SIZE/COMMAND/wall and /cpu in seconds, /peak in MiB.  Once
# each, all threads.  The bar of aggregate's memory is that of rows/memory.sh;
# all others' is 20 GiB.  Output goes to /dev/null, but for init's.

large_dir=$work/large

# large NAME BAR COMMAND... - measure a command into its three rows
large() {
    name=$1 bar=$2
    shift 2
    if cost=$(bench_spawn -f all "$@" 2>"$work/err"); then
        # shellcheck disable=SC2086 # three words
        set -- $cost
    else
        echo "# $name: $(head -n 1 "$work/err")" >&2
        # shellcheck disable=SC2034 # run.sh ends with it
        status=1
        set -- - - -
    fi
    put "$name/wall" s - "$1" -
    put "$name/cpu" s - "$2" -
    put "$name/peak" MiB "$bar" "$3" -
}

# large_rows SIZE INPUTS HIDDEN - two linear layers, INPUTS to HIDDEN and back
large_rows() {
    size=large/$1 m=$large_dir/w
    wanted "$size" || return 0
    mkdir "$large_dir" "$large_dir/r"
    printf 'input %d\nlinear %d nobias\nrelu\nlinear %d nobias\n' \
        "$2" "$3" "$2" >"$large_dir/arch"
    large "$size/init" 20480 fedmrn-init -a "$large_dir/arch" -o "$m"
    large "$size/answers" 20480 bench_bundles "$m" 3 "$large_dir/r"
    bar=$((2 * $2 * $3 / 65536 + 64))
    set -- "$large_dir"/r/*.mrn
    ! wanted "$size/aggregate" ||
        large "$size/aggregate" "$bar" fedmrn-aggregate -q -m "$m" "$@"
    ! wanted "$size/partial" ||
        large "$size/partial" 20480 fedmrn-aggregate -q --partial -m "$m" "$@"
    ! wanted "$size/verify" ||
        large "$size/verify" 20480 fedmrn-verify -q -m "$m" "$@"
    ! wanted "$size/inspect" || large "$size/inspect" 20480 fedmrn-inspect "$@"
    ! wanted "$size/model" || large "$size/model" 20480 fedmrn-inspect "$m"
    rm -r "$large_dir"
}

large_rows 100M "$(size 5000 50)" "$(size 10000 100)"
large_rows 1G "$(size 20000 100)" "$(size 25000 200)"
