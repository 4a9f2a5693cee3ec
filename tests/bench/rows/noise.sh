# shellcheck shell=sh
# Noise alone in millions of values per second, one thread: noise/DISTRIBUTION/
# LEVEL.  The peer is torch's generator for the same distribution, as floats.

noise_peer() {
    "$PYTHON" -B "$root/tests/bench/noise.py" "$1" "$(size 10000000 10000)"
}

for d in uniform gaussian bernoulli; do
    for level in $(bench_cpu); do
        row "noise/$d/$level" M/s - \
            "FEDMRN_CPU=$level bench_noise -d $d -n $(size 16777216 8192)" \
            "noise_peer $d"
    done
done
