# shellcheck shell=sh
# What the tools do to files of raw masks, in millions of parameters per second,
# from starting the process on; output goes to /dev/null.

files_params=$(size 10000000 100000)
files_n=$(size 40 2)

# files_rate TOOL OPTION... FILE... - over all bundles; `@` is the directory
files_rate() {
    d=$(bundles "$files_params" "$files_n") || return 1
    per $((files_params * files_n)) "$@" "$d"/*.mrn
}

# files_unpack OPTION... - of the first bundle alone, as its update
files_update() {
    d=$(bundles "$files_params" "$files_n") && w=$(wide "$files_params") ||
        return 1
    per "$files_params" fedmrn-unpack -m "$w" "$d/0.mrn"
}

# All of them in one round file, back to raw bundles.
files_unpack() {
    d=$(bundles "$files_params" "$files_n") || return 1
    [ -f "$work/round" ] ||
        fedmrn-pack --coder raw "$d"/*.mrn -o "$work/round" || return 1
    per $((files_params * files_n)) fedmrn-unpack --raw "$work/round"
}

row files/pack/raw M/s - "files_rate fedmrn-pack --coder raw"
row files/unpack/raw M/s - files_unpack
row files/unpack/update M/s - files_update
row files/verify M/s - "files_rate fedmrn-verify -q"
row files/inspect M/s - "files_rate fedmrn-inspect"
