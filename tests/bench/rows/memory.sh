# shellcheck shell=sh
# Peak memory of fedmrn-aggregate in MiB: memory/PARAMETERS/BUNDLES.  The bar is
# the model's file and 12 bytes per parameter and 64 MiB.  The peer's figure is
# aggregate.py's own, of 10 million parameters whatever the clients.

# memory_ours PARAMS BUNDLES
memory_ours() {
    d=$(bundles "$1" "$2") && w=$(wide "$1") || return 1
    bench_spawn -f rss fedmrn-aggregate -q -m "$w" "$d"/*.mrn
    # Thousands of files are not kept for others.
    [ "$2" -lt 1000 ] || rm -r "$d"
}

memory_bar() {
    echo $((($1 * 4 + $1 * 12) / 1048576 + 64))
}

memory_peer() {
    python aggregate.py --params "$1" --clients 1 |
        sed -n 's/^peak memory \([0-9.]*\) MiB/\1/p'
}

many=$(size 5000 50)
large=$(size 10000000 100000) small=$(size 1000000 50000)
row "memory/$large/10" MiB "$(memory_bar "$large")" "memory_ours $large 10" \
    "memory_peer $large"
row "memory/$small/10" MiB "$(memory_bar "$small")" "memory_ours $small 10" \
    "memory_peer $small"
row "memory/$small/$many" MiB "$(memory_bar "$small")" \
    "memory_ours $small $many"
