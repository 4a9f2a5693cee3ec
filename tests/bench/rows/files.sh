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

# files_sparse FILE TOOL OPTION... - a bundle of fedsparsify with a quarter of its
# weights left: 0.mrn, or the same coded
files_sparse() {
    d=$(bundles "$files_params" 1 fedsparsify) &&
        w=$(wide "$files_params" fedsparsify) || return 1
    [ -f "$d/coded" ] ||
        fedmrn-pack -q -m "$w" --coder rans "$d/0.mrn" -o "$d/coded" || return 1
    file=$d/$1
    shift
    per "$files_params" "$@" -m "$w" "$file"
}

# files_signed - the same, each signed by its client: what a roster costs.  In a
# directory of their own: signed bundles are not coded again.
files_signed() {
    d=$(bundles "$files_params" "$files_n") || return 1
    [ -d "$work/signed" ] || mkdir "$work/signed" && for f in "$d"/*.mrn; do
        s=$work/signed/${f##*/}
        [ ! -f "$s" ] || continue
        minisign -G -f -W -p "$work/pub" -s "$work/key" >/dev/null </dev/null &&
            ln -s "$f" "$s" && minisign -S -s "$work/key" -m "$s" || return 1
        id=$(fedmrn-inspect "$f" | sed -n 's/^ *client  *//p')
        echo "$id $(tail -n 1 "$work/pub") 4294967296" >>"$work/roster"
    done
    per $((files_params * files_n)) fedmrn-verify -q --roster "$work/roster" \
        "$work"/signed/*.mrn
}

row files/pack/raw M/s - "files_rate fedmrn-pack --coder raw"
row files/unpack/raw M/s - files_unpack
row files/unpack/update M/s - files_update
row files/pack/fedsparsify M/s - \
    "files_sparse 0.mrn fedmrn-pack -q --coder rans"
row files/unpack/fedsparsify M/s - "files_sparse coded fedmrn-unpack --raw"
row files/aggregate/fedsparsify M/s - "files_sparse coded fedmrn-aggregate -q"
row files/verify M/s - "files_rate fedmrn-verify -q"
command -v minisign >/dev/null &&
    row files/verify/signed M/s - files_signed
row files/inspect M/s - "files_rate fedmrn-inspect"
