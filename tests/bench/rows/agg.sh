# shellcheck shell=sh
# Aggregation of raw masks in millions of parameters x clients per second.
# agg/lib/...: the library on answers in memory, as the peers do it; agg/tool/...:
# fedmrn-aggregate on files, everything from reading the model on (its output
# goes to /dev/null: a disk is not what is measured).

agg_params=$(size 10000000 100000)

# agg_peer NAME - a figure of aggregate.py
agg_peer() {
    python aggregate.py --params "$agg_params" --clients "$(size 5 1)" |
        sed -n "s/^$1: \([0-9.]*\) million.*/\1/p"
}

# agg_bar LEVEL THREADS - times torch's, one thread both
agg_bar() {
    case $1/$2 in
    avx512/1) echo x12 ;;
    avx2/1) echo x8 ;;
    *) echo - ;;
    esac
}

for level in $(bench_cpu); do
    for t in $(threads); do
        peer=
        [ "$t" != 1 ] || peer="agg_peer torch"
        row "agg/lib/$level/$t" M/s "$(agg_bar "$level" "$t")" \
            "FEDMRN_CPU=$level bench_agg -p $agg_params -t $(count "$t")" \
            "$peer"
    done
done
row agg/lib/against-numpy M/s - "bench_agg -p $agg_params" "agg_peer numpy"
for d in gaussian bernoulli; do
    row "agg/lib/$d" M/s - "bench_agg -p $agg_params -d $d"
done
for method in fedmrns fedbat fedsparsify; do
    row "agg/lib/$method" M/s - "bench_agg -p $agg_params -m $method"
done

# agg_tool LEVEL THREADS - the same by the tool, 20 files
agg_tool() {
    n=$(size 20 2)
    d=$(bundles "$agg_params" "$n") && w=$(wide "$agg_params") || return 1
    FEDMRN_CPU=$1 per $((agg_params * n)) \
        fedmrn-aggregate -q -t "$2" -m "$w" "$d"/*.mrn
}

for level in $(bench_cpu); do
    for t in $(threads); do
        row "agg/tool/$level/$t" M/s - "agg_tool $level $(count "$t")"
    done
done
