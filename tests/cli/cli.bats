# The manners that all tools share: help, usage errors, and output that appears
# whole or not at all.  lib/cli has no unit tests; this file is its test.
#
# `each` runs its function with `run` inside, in this test's own shell.
# shellcheck disable=SC2030,SC2031
load helper
load round

# Every tool on PATH; `command -v` below finds the same ones.
tools() {
    compgen -c fedmrn- | sort -u
}

# each COMMAND - run it with each tool's name; at least one must be there.
# Not before an ||, within which no failure but the last one's would count; the
# last tool named is the one that failed.
each() {
    local t n=0
    for t in $(tools); do
        n=$((n + 1))
        echo "$* $t"
        "$@" "$t"
    done
    [ "$n" -gt 0 ] || skip "no tool on PATH"
}

# options - the long options in a text that was read
options() {
    grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
}

# rows TOOL - the list of options in its help
rows() {
    "$1" --help | grep -E '^  (-|    --)'
}

# The output's tests need a tool that needs no input.
noise() {
    local n=$1
    shift
    fedmrn-noise --seed 1 --round 1 --client a --noise uniform:0.01 \
        --ordinal 0 --shape "$n" --format f32 "$@"
}

need_noise() {
    command -v fedmrn-noise >/dev/null || skip "no fedmrn-noise on PATH"
}

# --- Help and version --------------------------------------------------------

helps() {
    local h
    for h in --help -h; do
        run -0 --separate-stderr "$1" "$h"
        [ -z "$stderr" ]
        [ "${lines[0]#"usage: $1 "}" != "${lines[0]}" ]
        [ "${lines[-1]}" = "See man $1." ]
        [[ "$output" == *"Exit status: 0 done"* ]]
    done
    # A terminal of 80 columns shows it without wrapping.
    ! sed '/^Example:/q' <<<"$output" | grep -nE '^ .{79}'
}

@test "cli: --help goes to standard output, with status 0" {
    each helps
}

agrees() {
    local man=$BATS_TEST_DIRNAME/../../man/$1.1
    [ -f "$man" ] || { echo "no $man" >&2; return 1; }
    # Of both only the lists, not the text around them.
    mandoc -T ascii "$man" | col -bx |
        sed -n '/^DESCRIPTION/,/^EXIT/p' | grep -E '^ {4,8}-' | options |
        grep -vxE -- '--help|--version' >page
    rows "$1" | options |
        grep -vxE -- '--help|--version' >help
    diff help page
}

@test "cli: --help and the manual list the same options" {
    command -v mandoc >/dev/null || skip "no mandoc"
    each agrees
}

versions() {
    local v
    for v in --version -V; do
        run -0 --separate-stderr "$1" "$v"
        [ -z "$stderr" ]
        [[ "$output" =~ ^"$1 "[0-9]+\.[0-9]+\.[0-9]+$ ]]
    done
}

@test "cli: --version is the tool's name and a number" {
    each versions
}

full() {
    [ -c /dev/full ] || skip "no /dev/full"
    run -1 --separate-stderr bash -c "$1 --help >/dev/full"
    [ "$stderr" = "$1: <stdout>: No space left on device" ]
}

@test "cli: help that cannot be written is status 1" {
    each full
}

closed() {
    run -1 --separate-stderr bash -c "$1 --version >&-"
    [ "$stderr" = "$1: <stdout>: Bad file descriptor" ]
}

@test "cli: a closed standard output is status 1" {
    each closed
}

# --- Usage errors ------------------------------------------------------------

# refuses TOOL MESSAGE ARGUMENT... - status 2, that one line, and no output
refuses() {
    local tool=$1 message=$2
    shift 2
    run -2 --separate-stderr "$tool" "$@"
    [ -z "$output" ]
    [ "$stderr" = "$tool: $message (try $tool --help)" ]
}

unknown() {
    refuses "$1" "unknown option --no-such-option" --no-such-option
    refuses "$1" "unknown option --no-such-option" --no-such-option=3
    refuses "$1" "unknown option -%" -%
    refuses "$1" "option --version takes no value" --version=3
}

@test "cli: an unknown option is status 2, and named" {
    each unknown
}

twice() {
    local o
    for o in $(rows "$1" | options | grep -vxE -- '--help|--version'); do
        # An option that may be repeated says so.
        ! rows "$1" | grep -qE -- "$o [^ ].*given again" || continue
        if rows "$1" | grep -qE -- "$o [^ ]"; then
            refuses "$1" "option $o given twice" "$o" 1 "$o=1"
        else
            refuses "$1" "option $o given twice" "$o" "$o"
        fi
    done
}

@test "cli: an option given twice is status 2" {
    each twice
}

valueless() {
    local o
    for o in $(rows "$1" | sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\) [^ ].*/\2/p'); do
        refuses "$1" "option $o needs a value" "$o"
    done
}

@test "cli: an option without its value is status 2" {
    each valueless
}

nothing_touched() {
    "$1" --help | grep -q -- '--output FILE' || return 0
    echo old >old
    run -2 "$1" -o old --no-such-option
    [ "$(cat old)" = old ]
    [ "$(ls -A)" = old ]
}

@test "cli: a usage error touches nothing" {
    each nothing_touched
}

@test "cli: a control character in a message is not sent to the terminal" {
    need_noise
    run -2 --separate-stderr fedmrn-noise --seed $'\e[2J'
    [[ "$stderr" == "fedmrn-noise: option --seed: '?[2J' is not "* ]]
}

@test "cli: options may be shortened, but not ambiguously" {
    need_noise
    noise 8 >a
    noise 8 --out b
    cmp a b
    run -2 --separate-stderr fedmrn-noise --s 1
    [ "$stderr" = "fedmrn-noise: ambiguous option --s: one of --seed, --shape (try fedmrn-noise --help)" ]
}

@test "cli: a seed is 64 bits, decimal or hexadecimal" {
    need_noise
    local s
    for s in 255 0xff 0XFF 0x00000000000000000fF 0255; do
        fedmrn-noise --seed "$s" --round 1 --client a --noise uniform:0.01 \
            --ordinal 0 --shape 8 --format f32 -o "$s"
        cmp 255 "$s"
    done
    for s in "" -1 +1 " 1" "1 " 1e3 0x 0xg 18446744073709551616 \
        0x10000000000000000; do
        run -2 --separate-stderr fedmrn-noise --seed "$s" --round 1 --client a \
            --noise uniform:0.01 --ordinal 0 --shape 8 --format f32
        [[ "$stderr" == *"option --seed: '$s' is not a 64-bit number"* ||
            -z $s && "$stderr" == *"option --seed has an empty value"* ]]
    done
}

# --- Output ------------------------------------------------------------------

@test "output: replaces a file, under the umask, and leaves nothing else" {
    need_noise
    echo old >out
    chmod 600 out
    umask 027
    noise 8 -o out
    noise 8 | cmp - out
    [ "$(stat -c %a out)" = 640 ]
    [ "$(ls -A)" = out ]
}

@test "output: - is standard output" {
    need_noise
    noise 8 -o - | cmp - <(noise 8)
    [ -z "$(ls -A)" ]
}

@test "output: follows a link, also one that leads nowhere yet" {
    need_noise
    mkdir d
    ln -s d/file link
    noise 8 -o link
    [ -L link ]
    noise 8 | cmp - d/file
    noise 9 -o link
    noise 9 | cmp - d/file
    [ "$(ls -A d)" = file ]
    ln -s loop loop
    run -3 --separate-stderr noise 8 -o loop
    [ "$stderr" = "fedmrn-noise: loop: Too many levels of symbolic links" ]
}

@test "output: writes through to a pipe and a device, and does not replace it" {
    need_noise
    mkfifo pipe
    noise 8 -o pipe &
    timeout 20 cmp pipe <(noise 8)
    wait $!
    [ -p pipe ]
    noise 8 -o /dev/null
    [ -c /dev/null ]
    noise 8 -o /dev/stdout | cmp - <(noise 8)
}

@test "output: a full device is status 1" {
    need_noise
    [ -c /dev/full ] || skip "no /dev/full"
    run -1 --separate-stderr noise 8 -o /dev/full
    [ "$stderr" = "fedmrn-noise: /dev/full: No space left on device" ]
    run -1 --separate-stderr bash -c 'fedmrn-noise --seed 1 --round 1 \
        --client a --noise uniform:0.01 --ordinal 0 --shape 8 --format f32 \
        >/dev/full'
    [ "$stderr" = "fedmrn-noise: <stdout>: No space left on device" ]
}

@test "output: a reader that goes away is status 1" {
    need_noise
    run -1 --separate-stderr bash -c 'set -o pipefail; fedmrn-noise --seed 1 \
        --round 1 --client a --noise uniform:0.01 --ordinal 0 \
        --shape 1000000 --format f32 | true'
    [ "$stderr" = "fedmrn-noise: <stdout>: Broken pipe" ]
}

@test "output: a place that cannot be is status 3, and named" {
    need_noise
    mkdir d
    echo x >file
    run -3 --separate-stderr noise 8 -o gone/out
    [ "$stderr" = "fedmrn-noise: gone/out: there is no directory gone" ]
    ln -s gone/too link
    run -3 --separate-stderr noise 8 -o link
    [ "$stderr" = "fedmrn-noise: link: there is no directory ./gone" ]
    rm link
    run -3 --separate-stderr noise 8 -o d
    [ "$stderr" = "fedmrn-noise: d: Is a directory" ]
    run -3 --separate-stderr noise 8 -o new/
    [ "$stderr" = "fedmrn-noise: new/: Is a directory" ]
    run -3 --separate-stderr noise 8 -o file/x
    [ "$stderr" = "fedmrn-noise: file/x: Not a directory" ]
    run -2 --separate-stderr noise 8 -o ""
    [ "$stderr" = "fedmrn-noise: option --output has an empty value (try fedmrn-noise --help)" ]
    [ "$(ls -A)" = "$(printf 'd\nfile')" ]
}

# refused_first PLACE OPTION TOOL [ARG]... - whatever else is wrong, the tool
# says at once that it could not write there
refused_first() {
    local place=$1
    shift
    run -3 --separate-stderr "$2" "${@:3}" "$1" "$place"
    [[ "$stderr" = "$2: $place: "* ]]
    [ "${#stderr_lines[@]}" = 1 ]
}

@test "output: a place that cannot be is seen before the work, not after it" {
    local data='--model none --images none --labels none' place
    mkdir d
    for place in gone/out d d/new/; do
        # shellcheck disable=SC2086 # three options and their values
        {
            refused_first $place -o fedmrn-train $data --client a
            refused_first $place -o fedmrn-eval $data
            refused_first $place --predict fedmrn-eval $data
        }
        refused_first $place -o fedmrn-pack none
        refused_first $place -o fedmrn-aggregate --model none none
    done
}

@test "inputs: a model and a bundle in each other's place" {
    local t command
    small_round
    for t in "fedmrn-aggregate -m a.mrn w0" "fedmrn-unpack -m a.mrn w0" \
        "fedmrn-verify -m a.mrn a.mrn" "fedmrn-noise -m a.mrn --client a" \
        "fedmrn-eval -m a.mrn --images images --labels labels"; do
        read -ra command <<<"$t"
        run -3 --separate-stderr "${command[@]}"
        [ "$stderr" = "${t%% *}: a.mrn: an archive, as bundles are, and not a model: are the two mixed up?" ]
    done
    for t in "fedmrn-aggregate -m w0 w0" "fedmrn-pack w0" "fedmrn-unpack --raw w0"; do
        read -ra command <<<"$t"
        run -3 --separate-stderr "${command[@]}"
        [ "$stderr" = "${t%% *}: w0: a model or other safetensors file, and not a bundle: are the two mixed up?" ]
    done
    for t in images rows.1; do
        run -3 --separate-stderr fedmrn-pack $t
        [ "$stderr" = "fedmrn-pack: $t: not a bundle, round file or partial sum" ]
    done
}

@test "output: what cannot be finished leaves the old file and nothing else" {
    need_noise
    echo old >out
    run -1 --separate-stderr bash -c 'ulimit -f 1; fedmrn-noise --seed 1 \
        --round 1 --client a --noise uniform:0.01 --ordinal 0 \
        --shape 100000 --format f32 -o out'
    [ "$stderr" = "fedmrn-noise: out: File too large" ]
    [ "$(cat out)" = old ]
    [ "$(ls -A)" = out ]
}

@test "output: a signal leaves the old file and nothing else" {
    need_noise
    local sig pid status i
    echo old >out
    for sig in TERM HUP; do
        noise 20000000 -o out &
        pid=$!
        for ((i = 0; i < 2000; i++)); do
            [ "$(ls -A)" = out ] || break
            sleep 0.005
        done
        # The function runs in a shell of its own: the tool is its child.
        pkill -"$sig" -P "$pid" fedmrn-noise || kill -"$sig" "$pid"
        status=0
        wait "$pid" || status=$?
        [ "$status" -gt 128 ] || skip "the machine was too fast"
        [ "$(cat out)" = old ]
        [ "$(ls -A)" = out ]
    done
}

@test "output: what a killed run left is removed by the next one" {
    need_noise
    # No process has the first number; this shell has the second, init 1.
    touch .out.999999999-0.tmp .out.$$-0.tmp .out.1-0.tmp
    touch .other.999999999-0.tmp .out.999999999.tmp .out.txt
    noise 8 -o out
    [ "$(LC_ALL=C ls -A)" = "$(printf '%s\n' .other.999999999-0.tmp \
        .out.$$-0.tmp .out.1-0.tmp .out.999999999.tmp .out.txt out |
        LC_ALL=C sort)" ]
}

@test "output: a name as long as names may be" {
    need_noise
    local name
    name=$(printf '%0255d' 0)
    noise 8 -o "$name"
    [ "$(ls -A)" = "$name" ]
    run -3 --separate-stderr noise 8 -o "${name}0"
    [[ "$stderr" == *": File name too long" ]]
}

# --- The terminal ------------------------------------------------------------

# on_terminal COMMAND - run it with a terminal as its standard streams
on_terminal() {
    command -v script >/dev/null || skip "no script(1)"
    TERM=${TERM:-xterm} script -qec "$1" /dev/null </dev/null
}

@test "terminal: binary is not sent to one" {
    need_noise
    run -2 on_terminal 'fedmrn-noise --seed 1 --round 1 --client a \
        --noise uniform:0.01 --ordinal 0 --shape 8 --format f32'
    [[ "$output" == *"would go to a terminal"* ]]
    run -2 on_terminal 'fedmrn-noise --seed 1 --round 1 --client a \
        --noise uniform:0.01 --ordinal 0 --shape 8 --format f32 -o /dev/tty'
    [[ "$output" == *"would go to a terminal"* ]]
}

@test "terminal: files that were not named are not waited for there" {
    local t
    for t in "aggregate -m w0" pack "unpack -m w0" verify stats; do
        run -2 on_terminal "fedmrn-$t"
        [[ "$output" == *"no file named, and standard input is a terminal"* ]]
    done
}

# A training of a few seconds at most, which shows its steps.
train() {
    tiny_data 400
    fedmrn-init --arch mlp --input 1x8x8 --classes 4 --method fedmrn \
        --noise uniform:0.01 --epochs 100 --seed 1 -o w0
}

@test "terminal: progress is shown on one, and cleared" {
    command -v fedmrn-train >/dev/null || skip "no fedmrn-train on PATH"
    train || skip "no fedmrn-init"
    local go='fedmrn-train --model w0 --images images --labels labels \
        --client a -o out'
    run -0 on_terminal "$go"
    [[ "$output" == *"steps "* ]] || skip "the machine was too fast"
    # Each time the line is drawn again from its start, and wiped at the end.
    [[ "$output" == *$'\r\e[K' ]]
    run -0 on_terminal "$go --quiet"
    [ -z "$output" ]
    run -0 on_terminal "TERM=dumb; export TERM; $go"
    [ -z "$output" ]
    run -0 --separate-stderr bash -c "$go"
    [ -z "$stderr" ]
}
