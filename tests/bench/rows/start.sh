# shellcheck shell=sh
# Milliseconds to start a tool and see it end; the peer only imports torch.

start_ms() {
    bench_spawn "$@" | awk '{print $1 * 1000}'
}

row start/inspect ms 5 "start_ms -n $(size 200 5) fedmrn-inspect --version" \
    "start_ms $PYTHON -c 'import torch'"
