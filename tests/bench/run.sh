#!/bin/sh
# run.sh [ROW]...: measure, print a table and write it as TSV (README.md).
# A ROW is the beginning of rows' names ("step", "agg/lib"); without one, all
# rows but the large ones.  From the environment:
#   BUILD   where the tools and benchmark programs are (build)
#   TSV     where to write (BUILD/bench.tsv)
#   RUNS    runs of each side of a row, of which the median counts (3)
#   QUICK   1: one run of the smallest sizes, to see that everything works
#   PINS    variables that pin libraries to older kernels (OPENBLAS_CORETYPE)
#   PEER    the peers' scripts (../shared/peer); PYTHON runs them
# shellcheck disable=SC2317 # the rows call what is defined here
set -u
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
rows=$root/tests/bench/rows
BUILD=$(cd "${BUILD:-$root/build}" && pwd) || exit 1
TSV=${TSV:-$BUILD/bench.tsv}
PYTHON=${PYTHON:-/usr/bin/python3}
QUICK=${QUICK:-}
RUNS=${RUNS:-3}
PINS=${PINS:-OPENBLAS_CORETYPE}
[ -z "$QUICK" ] || RUNS=1
case ${PEER:=../shared/peer} in /*) ;; *) PEER=$root/$PEER ;; esac
case $TSV in /*) ;; *) TSV=$PWD/$TSV ;; esac
PATH=$BUILD/bin:$BUILD/bench:$PATH
export PATH
cores=$(nproc)
# What of these the environment has.
# shellcheck disable=SC2086 # words
pinned=$(printenv $PINS | tr '\n' ' ')
selection=$*
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0

# size NORMAL SMALLEST - which of the two this run wants
size() {
    if [ -n "$QUICK" ]; then echo "$2"; else echo "$1"; fi
}

# wanted NAME - does the selection, or without one the default, want this row,
# or any of the rows below it?
wanted() {
    if [ -z "$selection" ]; then
        case $1 in large/*) return 1 ;; *) return 0 ;; esac
    fi
    for begin in $selection; do
        case $1 in "$begin"*) return 0 ;; esac
        case $begin in "$1"/*) return 0 ;; esac
    done
    return 1
}

# number TEXT - is it one positive number?
number() {
    echo "$1" | grep -qE '^[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?$' &&
        echo "$1" | awk '{exit !($1 > 0)}'
}

# median NUMBER... - of one or more numbers
median() {
    printf '%s\n' "$@" | sort -g |
        awk '{v[NR] = $1} END {n = int((NR + 1) / 2)
             printf "%.9g", NR % 2 ? v[n] : (v[n] + v[n + 1]) / 2}'
}

# put NAME UNIT BAR OURS PEER - one row of figures that were measured already;
# "-" where there is none.  Units that end in /s, and speed-up, are better when
# they are greater, all others when they are less; the ratio is above 1 where
# ours is better.  A bar is a figure that ours has to reach, or xN: a ratio.
put() {
    wanted "$1" || return 0
    echo "$1" "$2" "$3" "$4" "$5" | awk -v OFS='\t' '
    function digits(v) {
        return v == "-" ? v : sprintf(v + 0 < 1000 ? "%.4g" : "%.0f", v)
    }
    {
        up = $2 ~ /\/s$/ || $2 == "speed-up"
        ratio = verdict = "-"
        if ($4 != "-" && $5 != "-")
            ratio = sprintf("%.3g", up ? $4 / $5 : $5 / $4)
        reached = $4
        bar = $3
        least = up
        if (bar ~ /^x/) {
            reached = ratio
            bar = substr(bar, 2)
            least = 1
        }
        if ($3 != "-" && reached != "-")
            verdict = (least ? reached + 0 >= bar + 0 : \
                reached + 0 <= bar + 0) ? "met" : "MISSED"
        print $1, $2, digits($4), digits($5), ratio, $3, verdict
    }' >"$work/row"
    cat "$work/row" >>"$work/tsv"
    awk '{printf "%-36s %-8s %10s %10s %8s %8s  %s\n", \
        $1, $2, $3, $4, $5, $6, $7}' "$work/row"
}

# figure SIDE NAME COMMAND - run one side once and print its number
figure() {
    if v=$(eval "$3" 2>"$work/err") && number "$v"; then
        echo "$v"
    else
        echo "# $2: $1: ${v:-no figure} $(tail -n 1 "$work/err")" >&2
        return 1
    fi
}

# row NAME UNIT BAR OURS [PEER] - measure a row: two commands that print one
# number each, run by turns.  A side that fails has no figure; ours fails the
# whole run.
row() {
    wanted "$1" || return 0
    ours='' peer='' i=0 with=${5:-}
    [ -n "$peers" ] || with=
    while [ $((i += 1)) -le "$RUNS" ]; do
        if v=$(figure ours "$1" "$4"); then
            ours="$ours $v"
        else
            status=1
            break
        fi
        if [ -n "$with" ]; then
            if v=$(figure peer "$1" "$with"); then
                peer="$peer $v"
            else
                with=
            fi
        fi
    done
    # shellcheck disable=SC2086 # one word per number
    put "$1" "$2" "$3" "$([ -n "$ours" ] && median $ours || echo -)" \
        "$([ -n "$peer" ] && median $peer || echo -)"
}

# peer_of NAME - the peer's figure in a row that was measured before, if it was
peer_of() {
    awk -F '\t' -v name="$1" '$1 == name && $4 > 0 {print $4}' "$work/tsv"
}

# blas_row - the same for what computes by OpenBLAS.  Where the environment pins
# it to an older kernel, the row is measured as found, and again unpinned.
blas_row() {
    row "$@"
    [ -n "$pinned" ] || return 0
    name=$1 unit=$2 bar=$3
    shift 3
    row "$name/unpinned" "$unit" "$bar" "unset $PINS; $1" \
        "${2:+unset $PINS; $2}"
}

# threads - the counts worth a row: `1`, and `all` where there are more
threads() {
    if [ "$cores" -gt 1 ]; then echo 1 all; else echo 1; fi
}

# count THREADS - `all` as a number
count() {
    if [ "$1" = all ]; then echo "$cores"; else echo "$1"; fi
}

# per AMOUNT COMMAND... - millions a second, when the command does so many
per() {
    amount=$1
    shift
    bench_spawn "$@" | awk -v n="$amount" '{printf "%.6g\n", n / $1 / 1e6}'
}

# python SCRIPT ARGUMENT... - run a peer's script
python() {
    script=$PEER/$1
    shift
    "$PYTHON" -B "$script" "$@"
}

# model NAME OPTION... - a model file of fedmrn-init, made once; prints its path
model() {
    m=$work/$1
    shift
    [ -f "$m" ] || fedmrn-init "$@" -o "$m" || return 1
    echo "$m"
}

# wide PARAMS [METHOD] - a model with that many masked parameters in one linear
# layer
wide() {
    printf 'input 1000\nlinear %d nobias\n' $(($1 / 1000)) |
        model "wide$1${2-}" -a - --method "${2:-fedmrn}"
}

# bundles PARAMS COUNT [METHOD] - a directory of synthetic answers to it, made
# once
bundles() {
    d=$work/answers$1-$2${3-}
    if [ ! -d "$d" ]; then
        w=$(wide "$1" "${3-}") && mkdir "$d" &&
            bench_bundles "$w" "$2" "$d" || return 1
    fi
    echo "$d"
}

peers='' why=''
if [ ! -f "$PEER/train_step.py" ] || [ ! -f "$PEER/aggregate.py" ]; then
    why="no peers: the variable PEER names no directory of their scripts"
elif ! "$PYTHON" -c 'import numpy, torch' 2>/dev/null; then
    why="no peers: $PYTHON has no torch (python3-torch)"
else
    peers=yes
fi

began=$(date +%s)
echo "# $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null |
    head -n 1), $cores cores, load $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null)"
[ -z "$pinned" ] ||
    echo "# $PINS: ${pinned% }; in rows .../unpinned: not set"
[ -z "$why" ] || echo "# $why"
[ -z "$QUICK" ] || echo "# QUICK: the figures mean nothing"
printf '%-36s %-8s %10s %10s %8s %8s\n' row unit ours peer ratio bar
printf 'row\tunit\tours\tpeer\tratio\tbar\tverdict\n' >"$work/tsv"
for f in "$rows"/*.sh; do
    # A file's rows begin with its name; is any of them asked for?
    group=$(basename "$f" .sh)
    case $selection in
    '') [ "$group" != large ] || continue ;;
    *) wanted "$group" || continue ;;
    esac
    # shellcheck source=/dev/null
    . "$f"
done
cp "$work/tsv" "$TSV" || exit 1
found=$(($(wc -l <"$work/tsv") - 1))
echo "# $found rows in $(($(date +%s) - began)) s, also in $TSV"
if [ "$found" -eq 0 ]; then
    echo "run.sh: no row is called ${selection:-anything}" >&2
    exit 2
fi
exit "$status"
