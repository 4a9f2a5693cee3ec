#!/usr/bin/env bash
# flips.sh: every bit, every prefix and every appended byte of each kind of file
# that carries its own check.  Survived: refused, with a reason.
#
# Signatures, rosters and keys are texts with comments and blanks, which nobody
# answers for.  There a damage is survived, too, when what is left means the
# same: the same signatures of the same bytes; the same key; and of a roster,
# when nobody may come in who could not before.
. "$(dirname "$0")/lib.bash"

# kind NAME WORD... - one kind of file: what to tell flips(.c) of it
kind() {
    local name=$1 result
    shift
    read -r -a result < <(flips "$@") || exit 1
    [ "${result[2]}" = 0 ] ||
        name+=", ${result[2]} of them taken for what they were"
    count "${result[0]}" "${result[1]}" "$name"
}

# all NAME WORD... - were all refused?
all() {
    local result
    read -r -a result < <(flips "$@" 2>/dev/null) &&
        [ "${result[0]}" = "${result[1]}" ]
}

# small NET [OPTION]... - a model as small as one can be, and a round's files
small() {
    local net=$1
    shift
    tiny_data 8
    # shellcheck disable=SC2086 # one word for each layer
    printf '%s\n' 'input 1x8x8' 'maxpool 4' $net 'linear 4' |
        fedmrn-init --arch - --epochs 1 --batch 8 "$@" -o w0
    answer 1 a.mrn "${state[@]}"
    answer 2 b.mrn
    fedmrn-aggregate -q -m w0 a.mrn b.mrn -o w1
    fedmrn-pack a.mrn b.mrn -o round
    fedmrn-aggregate -m w0 --partial a.mrn b.mrn -o sum
}

# coded - a bundle that is smaller coded than raw: a.coded, of w0
coded() {
    wide_round
    fedmrn-pack -m w0 a.mrn -o a.coded
    fedmrn-inspect --json a.coded | grep -q '"coder":"rans"'
}

state=()
small batchnorm --method fedmrn --noise uniform:0.05
kind 'model, round 0' w0
kind 'model, round 1' w1
kind 'bundle, raw' a.mrn
kind 'bundle, raw, with its model' -m w0 a.mrn
kind 'round file' round
kind 'round file, with its model' -m w0 round
kind 'partial sum' sum
kind 'partial sum, with its model' -m w0 sum
coded
kind 'bundle, coded' a.coded
kind 'bundle, coded, with its model' -m w0 a.coded

small batchnorm --method fedavg
kind 'FedAvg bundle, with its model' -m w0 a.mrn

state=(--state state)
small '' --method fedpm
kind 'FedPM model' w1
kind 'FedPM bundle, with its model' -m w0 a.mrn
kind 'FedPM partial sum, with its model' -m w0 sum
kind 'FedPM client state' -k state -m w0 -s 1 state
fedmrn-pack --mask threshold w1 -o packed
kind 'FedPM model, packed' packed

state=()

# What a codec leaves out, when it is taken up two rounds later.
small '' --method fedavg
for codec in float16 signsgd topk:0.1 'qsgd:3 --seed 1' eden:2; do
    # shellcheck disable=SC2086 # the codec, and its seed
    fedmrn-pack -q -m w0 --codec $codec a.mrn -o coded
    kind "FedAvg bundle by ${codec% --*}" -m w0 coded
done
answers=(--images images --labels labels --client 1 --seed 1)
fedmrn-train -q -m w1 "${answers[@]}" -o next
fedmrn-pack -q -m w1 --codec topk:0.1 --residual residual next -o coded
fedmrn-aggregate -q -m w1 next -o w2
fedmrn-train -q -m w2 "${answers[@]}" -o next
fedmrn-aggregate -q -m w2 next -o w3
fedmrn-train -q -m w3 "${answers[@]}" -o next
kind residual -k residual -m w3 -b next residual

fedmrn-stats --images images -o one.sums
printf '%s\n' 'a,b,c' '1,2.5,0' '3,-4,1' >table
fedmrn-stats --data table --label c -o two.sums
kind 'sums of pixels' -k sums one.sums
kind 'sums of a table' -k sums two.sums

small batchnorm --method fedmrn --noise uniform:0.05
fedmrn-train -q -t 1 -m w0 "${answers[@]}" --checkpoint point -o /dev/full \
    2>/dev/null || :
kind checkpoint -k checkpoint -m w0 -s 1 -i images -l labels point

fedmrn-aggregate -q -m w0 --ledger ledger a.mrn -o w1
head=$(fedmrn-verify --ledger ledger | grep -oE '[0-9a-f]{64}$')
kind 'ledger, with its last hash' -k ledger -h "$head" ledger
# The same by the command: minutes, so not among the quick ones.
[ -z "${ALL-}" ] || kind 'ledger, by fedmrn-verify' ledger -- \
    fedmrn-verify -q --ledger {} --head "$head"

# Clients 1 and 2 are listed, 2 with an old key beside the new one; nobody
# knows the stranger's.
for who in 1 2 old stranger; do
    minisign -G -f -W -s $who.key -p $who.pub >/dev/null </dev/null
done
for f in 1:a 2:b old:late stranger:odd 1:posing; do
    case $f in
    *:late | *:posing) cp b.mrn ${f#*:}.mrn ;;
    *:odd) answer 3 odd.mrn ;;
    esac
    fedmrn-pack -q --sign ${f%:*}.key ${f#*:}.mrn -o ${f#*:}.signed
done
# line CLIENT KEY SAMPLES
line() {
    echo "$1 $(tail -n 1 "$2.pub") $3"
}
{
    echo '# two clients'
    line 1 1 100
    line 2 old revoked
    line 2 2 8
} >roster
signed=()
for f in a b late odd posing; do signed+=(-b "$f.signed"); done
kind roster -k roster "${signed[@]}" roster
kind signature -k signatures -r roster -b a.signed a.signed.minisig
fedmrn-pack -q a.signed b.signed -o round
kind 'signatures of a round file' -k signatures -r roster -b round round.sigs
kind 'secret key' -k key 1.key

# grown - does it survive that a line is added?
grown() {
    local n
    n=$(fedmrn-verify -q --roster roster ./*.signed 2>&1 | wc -l)
    line 3 stranger 100 >>roster
    [ "$(fedmrn-verify -q --roster roster ./*.signed 2>&1 | wc -l)" -ge "$n" ]
}

# What carries no check of its own is accepted with other values.
idx_labels 1 2 3 >labels
control 'a file without a checksum' all labels -- fedmrn-inspect {}
# A stranger whose key is put into the roster does come in.
control 'a roster with a line more' grown
verdict 200000
