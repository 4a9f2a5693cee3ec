# shellcheck shell=sh
# The coder of masks in millions of parameters per second, one thread:
# coder/encode, coder/decode (to raw bits), coder/sum (ten bundles decoded and
# added to the sums), on masks of about .8 bits uncoded by context; and sparse
# ones.

coder_params=$(size 10000000 100000)

for level in $(bench_cpu); do
    for what in encode decode sum; do
        row "coder/$what/$level" M/s - \
            "FEDMRN_CPU=$level bench_coder -p $coder_params -w $what"
    done
done
row coder/decode/fedmrns M/s - "bench_coder -p $coder_params -m fedmrns"
for what in encode decode sum; do
    row "coder/$what/fedbat" M/s - \
        "bench_coder -p $coder_params -m fedbat -w $what"
done
row coder/decode/sparse M/s - \
    "bench_coder -p $coder_params -d bernoulli -u 20"
row coder/bits b/param - "bench_coder -p $coder_params -b"
row coder/bits/sparse b/param - \
    "bench_coder -p $coder_params -d bernoulli -u 20 -b"
