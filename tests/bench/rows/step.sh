# shellcheck shell=sh
# Milliseconds of a local training step at batch 64, in process, the median of
# the steps after warm-up: step/NET/METHOD/THREADS.  And how many times longer
# than fedavg's a masked step takes, trained by turns: .../over-fedavg.

# step_model NET METHOD - the model to train
step_model() {
    case $1 in
    cnn4) net="-a cnn4 --input 1x28x28 --classes 10" ;;
    cnn8) net="-a cnn8 --input 3x32x32 --classes 10" ;;
    *) net="-a $root/tests/bench/$1.arch" ;;
    esac
    # Half of the steps are fedavg's, as it begins.
    [ "$2" != fedbat ] || net="$net --warmup 0"
    # shellcheck disable=SC2086 # words
    model "$1-$2" $net --method "$2" --batch "$(size 64 2)"
}

# step_ours NET METHOD THREADS [OVER]
step_ours() {
    m=$(step_model "$1" "$2") && over=${4:+$(step_model "$1" "$4")} || return 1
    # shellcheck disable=SC2086 # no word when there is none
    bench_step -t "$3" -n "$(size "$(step_count "$1")" 1)" "$m" $over
}

# The larger nets take long enough to be measured by fewer steps.
step_count() {
    if [ "$1" = cnn4 ]; then echo 40; else echo 12; fi
}

# step_peer NET METHOD THREADS
step_peer() {
    case $1 in cnn8) image=3x32x32 ;; *) image=1x28x28 ;; esac
    python train_step.py --net "$1" --image $image --method "$2" \
        --threads "$3" --steps "$(size "$(step_count "$1")" 1)" \
        --batch "$(size 64 2)" | sed -n 's/.*: \([0-9.]*\) ms\/step.*/\1/p'
}

# over_peer NET METHOD - what the peer's rows say, if they were measured
over_peer() {
    a=$(peer_of "step/$1/$2/1") b=$(peer_of "step/$1/fedavg/1")
    [ -n "$a" ] || a=$(step_peer "$1" "$2" 1)
    [ -n "$b" ] || b=$(step_peer "$1" fedavg 1)
    echo "$a $b" | awk '{print $1 / $2}'
}

# step_bar NET METHOD THREADS - how many times PyTorch's speed, where it is said
step_bar() {
    case $1/$2/$3 in
    cnn4/fedmrn/1) echo x1.3 ;;
    cnn8/*/1 | conv4/*/1) echo x1.1 ;;
    *) echo - ;;
    esac
}

for net in cnn4 cnn8 conv4; do
    for method in fedavg fedmrn fedmrns; do
        for t in $(threads); do
            blas_row "step/$net/$method/$t" ms \
                "$(step_bar $net $method "$t")" \
                "step_ours $net $method $(count "$t")" \
                "step_peer $net $method $(count "$t")"
        done
    done
    # FedPM has no place for batch normalisation.
    masks='fedmrn fedmrns'
    if [ "$net" = conv4 ]; then
        masks="$masks fedpm"
        for t in $(threads); do
            blas_row "step/$net/fedpm/$t" ms "$(step_bar $net fedpm "$t")" \
                "step_ours $net fedpm $(count "$t")" \
                "step_peer $net fedpm $(count "$t")"
        done
    fi
    for method in $masks; do
        blas_row "step/$net/$method/over-fedavg" times 1.05 \
            "step_ours $net $method 1 fedavg" "over_peer $net $method"
    done
    # The peers do not have these.
    for method in fedbat fedsparsify; do
        blas_row "step/$net/$method/1" ms - "step_ours $net $method 1"
        blas_row "step/$net/$method/over-fedavg" times 1.05 \
            "step_ours $net $method 1 fedavg"
    done
done
