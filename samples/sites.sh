#!/bin/sh
# sites.sh --label COLUMN [OPTION]... TABLE...: sites with a table each learn
# one model by signed answers on a stick, and show no row to anyone.
#
# Give it a CSV of your own.  One TABLE is dealt to three sites, and a fourth
# part to the centre, to test on; of several TABLEs each is one site's, which
# tests on a quarter of its own rows, unless --test names a table of the centre.
# Everything happens in folders under DIR: commands run inside their folder, and
# only what is carried on the stick leaves it: lists of columns, sums, keys,
# models and signed answers.  samples/hospitals/README.md does the same by hand.
#
#   --label COLUMN       what to predict: a column's name, or number from 1
#   --categories FILE    which columns are words, and which to leave out
#                        (drafted by fedmrn-stats --draft, and shown)
#   --missing mean       fill in what is missing      (refuse)
#   --names "NAME..."    of the sites                 (north east west; s1 s2...)
#   --test TABLE         what the centre tests on
#   --rounds N           rounds to learn                       (5)
#   --hidden N           units of the network's hidden layer   (16)
#   --seed N             of the deal, the model and training   (1)
#   --deal               only deal the tables to the folders
#   --file NAME          what a site calls its table           (data.csv)
#   --title TEXT         of the report
#   --out DIR            must not be there yet                 (build/sites)
#
# For example: sites.sh --label diagnosis patients.csv
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
# shellcheck source=samples/shared.sh
. "$here/shared.sh"

label='' categories='' missing=refuse names='' test='' rounds=5 hidden=16
seed=1 deal='' file=data.csv title='Sites, and a stick' dir=$root/build/sites
tables=0
# Options go from the front, tables to the back.
n=$#
while [ "$n" -gt 0 ]; do
    case $1 in
    --help | -h) help ;;
    --deal) deal=1 ;;
    --*)
        [ "$n" -gt 1 ] || usage "$1 needs a value"
        case $1 in
        --label) label=$2 ;;
        --categories) categories=$2 ;;
        --missing) missing=$2 ;;
        --names) names=$2 ;;
        --test) test=$2 ;;
        --rounds) rounds=$2 ;;
        --hidden) hidden=$2 ;;
        --seed) seed=$2 ;;
        --file) file=$2 ;;
        --title) title=$2 ;;
        --out) dir=$2 ;;
        *) usage "$1 is not an option" ;;
        esac
        shift
        n=$((n - 1))
        ;;
    *)
        set -- "$@" "$1"
        tables=$((tables + 1))
        ;;
    esac
    shift
    n=$((n - 1))
done
[ $tables -gt 0 ] || usage "which table?"
[ -n "$label" ] || usage "--label: which column is to be predicted?"
case $missing in
refuse | mean) ;;
*) usage "--missing: '$missing' is not refuse or mean" ;;
esac
numbers "$rounds" "$hidden" "$seed"
for f in "$@" ${test:+"$test"} ${categories:+"$categories"}; do
    [ -f "$f" ] || {
        echo "${0##*/}: $f: no such file" >&2
        exit 3
    }
done
if [ -z "$names" ]; then
    names='north east west'
    case $tables in
    1 | 3) ;;
    *) names=$(seq -s ' ' -f 's%g' $tables) ;;
    esac
fi
sites=0
for s in $names; do
    case $s in
    *[!a-z0-9._-]* | .*) usage "--names: '$s' is not of a-z 0-9 . _ -" ;;
    centre | stick) usage "--names: '$s' has another folder" ;;
    esac
    sites=$((sites + 1))
done
[ $tables = 1 ] || [ $tables = $sites ] ||
    usage "$tables tables, but --names has $sites"
[ ! -e "$dir" ] || usage "$dir is there already; remove it, or name another"
make_tools
[ -n "$deal" ] || command -v minisign >/dev/null || sh "$here/deps.sh" sign

[ -z "$categories" ] || categories=$(realpath "$categories")
tmp=$(mktemp -d) dealt=''
# What is refused leaves nothing behind, so that the same command can follow.
trap 'rm -rf "$tmp"; [ -n "$dealt" ] || rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

# draft TABLE - the list of what is no number in it
draft() {
    if [ -n "$categories" ]; then
        cat "$categories"
    else
        fedmrn-stats --draft --data "$1" --label "$label"
    fi
}

# merge LIST... - the label's line is the first; a word that one has, all have;
# and what one leaves out, all do
merge() {
    awk -F'\t' -v whole='^-?[0-9]+([.]0*)?$' '
    function before(a, b) {
        return a ~ whole && b ~ whole ? a + 0 < b + 0 : a "" < b ""
    }
    !($1 in n) { name[++names] = $1; n[$1] = 0 }
    NF == 1 && FNR > 1 { out[$1] }
    {
        for (i = 2; i <= NF; i++) {
            if (($1, $i) in seen) continue
            seen[$1, $i]
            for (k = ++n[$1]; k > 1 && before($i, word[$1, k - 1]); k--)
                word[$1, k] = word[$1, k - 1]
            word[$1, k] = $i
        }
    }
    END {
        for (i = 1; i <= names; i++) {
            printf "%s", name[i]
            for (k = 1; k <= n[name[i]] && !(name[i] in out); k++)
                printf "\t%s", word[name[i], k]
            print ""
        }
    }' "$@"
}

# part TABLE N - lists of its rows, $tmp/parts/0...
part() {
    draft "$1" >"$tmp/list"
    rm -rf "$tmp/parts"
    fedmrn-split --data "$1" --label "$label" --categories "$tmp/list" \
        --missing "$missing" --scheme iid --clients "$2" --seed "$seed" \
        -o "$tmp/parts"
}

# rows TABLE N... - the header, and the rows of these parts.  A row may have
# line ends between quotes.
rows() {
    table=$1
    shift
    for k; do cat "$tmp/parts/$k"; done >"$tmp/mine"
    gzip -dcf <"$table" | awk '
        NR == FNR { mine[$1 + 1]; next }
        { quotes += gsub(/"/, "&"); row = row $0 "\n" }
        quotes % 2 { next }
        row !~ /^\r?\n$/ && (n++ == 0 || n - 1 in mine) { printf "%s", row }
        { row = "" }' "$tmp/mine" -
}

for s in $names centre stick; do mkdir -p "$dir/$s"; done
if [ $tables = 1 ] && [ -n "$test" ]; then
    part "$1" $sites
    k=0
    for s in $names; do
        rows "$1" $k >"$dir/$s/$file"
        k=$((k + 1))
    done
elif [ $tables = 1 ]; then
    part "$1" $((sites + 1))
    k=0
    for s in $names; do
        rows "$1" $k >"$dir/$s/$file"
        k=$((k + 1))
    done
    rows "$1" $k >"$dir/centre/test.csv"
else
    for s in $names; do
        if [ -n "$test" ]; then
            gzip -dcf <"$1" >"$dir/$s/$file"
        else
            part "$1" 4
            rows "$1" 0 1 2 >"$dir/$s/$file"
            rows "$1" 3 >"$dir/$s/test.csv"
        fi
        shift
    done
fi
[ -z "$test" ] || gzip -dcf <"$test" >"$dir/centre/test.csv"
dealt=1
[ -z "$deal" ] || exit 0
cd "$dir"

# at PLACE COMMAND... - run it there
at() {
    place=$1
    shift
    (cd "$place" && "$@")
}

# carry FROM TO FILE... - on the stick
carry() {
    from=$1 to=$2
    shift 2
    for f; do
        cp "$from/$f" stick/
        mv "stick/$f" "$to/"
    done
}

# minisign speaks of passwords, which these keys do without.
key() { minisign -G -W -p "$1.pub" -s "$1.key" >/dev/null; }
sign() { minisign -S -s "$1.key" -m "$2" >/dev/null; }
check() { minisign -q -V -p "$1.pub" -m "$2"; }

# tool NAME TABLE OPTION... - on a table of its own, by what all agreed on
tool() {
    name=$1 table=$2
    shift 2
    "fedmrn-$name" --data "$table" --label "$label" --categories columns \
        --missing "$missing" "$@"
}

# Everyone makes a key.  The public ones are read aloud over the telephone
# before they are believed; here, they are only carried.
at centre key centre
for s in $names; do
    at "$s" key "$s"
    carry "$s" centre "$s.pub"
    carry centre "$s" centre.pub
done

# What is no number must become the same numbers everywhere: from each the words
# of its own table, and to each the list of all.
words() {
    draft "$2" >"$1.columns"
    sign "$1" "$1.columns"
}
for s in $names; do
    at "$s" words "$s" "$file"
    carry "$s" centre "$s.columns" "$s.columns.minisig"
    at centre check "$s" "$s.columns"
done
[ ! -f centre/test.csv ] || (cd centre && draft test.csv >centre.columns)
(cd centre && merge ./*.columns >columns && sign centre columns)
classes=$(awk -F'\t' 'NR == 1 { print NF - 1 }' centre/columns)
[ "$classes" -gt 1 ] || {
    echo "${0##*/}: column '$(sed 's/	.*//;q' centre/columns)' has no two classes" \
        "to tell apart, which is what is done here; numbers are learned with" \
        "fedmrn-init --loss mse, see fedmrn(7)" >&2
    dir=$PWD dealt=''
    cd "$root"
    exit 3
}
echo "What is no number, and what is left out (centre/columns):"
sed 's/^[^	]*$/&	(left out)/; s/^/    /' centre/columns

# Each sums up its own columns; the sums of all give mean and deviation, and how
# many rows a site may claim.
for s in $names; do
    carry centre "$s" columns columns.minisig
    at "$s" check centre columns
    at "$s" tool stats "$file" -o "$s.sums"
    at "$s" sign "$s" "$s.sums"
    carry "$s" centre "$s.sums" "$s.sums.minisig"
    at centre check "$s" "$s.sums"
    echo "$s $(tail -n 1 "centre/$s.pub")" \
        "$(awk -F'\t' 'NR == 1 { print $4 }' "centre/$s.sums")" >>centre/roster
done
first() {
    # Some 180 steps a round for a site, of 8 rows each.
    epochs=$(awk '{ rows += $3 } END {
        n = int(1440 * NR / rows)
        print (n < 1 ? 1 : n > 200 ? 200 : n)
    }' roster)
    printf '%s\n' "input $(awk -F'\t' 'NR == 1 { print $5 }' ./*.sums)" \
        "linear $hidden" relu "linear $classes" >net.arch
    # shellcheck disable=SC2046 # two options
    fedmrn-init -a net.arch --init kaiming --noise uniform:0.6 \
        --noise-schedule geometric:$((rounds > 5 ? rounds : 5)):0.05 \
        --lr 0.3 --weight-decay 0.02 --epochs "$epochs" --batch 8 \
        --seed "$seed" $(fedmrn-stats --settings ./*.sums) -o w0
}
at centre first

# answer ROUND SITE - it trains and signs, if the model is the centre's.  The
# private seed is given so that a run can be repeated; leave it out.
answer() {
    check centre "w$(($1 - 1))"
    tool train "$file" -q -t 1 -m "w$(($1 - 1))" --client "$2" --seed "$seed$1" |
        fedmrn-pack -q -m "w$(($1 - 1))" --sign "$2.key" -o "$2.mrn"
}

# gather ROUND - the centre makes the next model; one site may be missing.
gather() {
    fedmrn-aggregate -q -m "w$(($1 - 1))" --roster roster \
        --quorum $((sites > 1 ? sites - 1 : 1)) --ledger ledger \
        --report "r$1/report.json" r"$1"/*.mrn -o "w$1"
}

# publish ROUND - its model, signed, to all
publish() {
    at centre sign centre "w$1"
    for s in $names; do carry centre "$s" "w$1" "w$1.minisig"; done
}

# score ROUND - of all test rows, wherever they are: accuracy, how many, and the
# share of their most frequent class, which needs no learning
score() {
    for place in $names centre; do
        [ ! -f "$place/test.csv" ] || at "$place" tool eval test.csv -q \
            -m "w$1" --confusion
    done | awk '
        /^accuracy/ { class = 0; next }
        {
            for (i = 1; i <= NF; i++) { n += $i; of[class] += $i }
            good += $(++class)
        }
        END {
            for (c in of) if (of[c] > most) most = of[c]
            printf "%.4f %d %.4f", good / n, n, most / n
        }'
}

printf 'round\taccuracy\tbytes_up\n' >centre/results.tsv
r=0
publish 0
while [ "$r" -lt "$rounds" ]; do
    r=$((r + 1))
    mkdir "centre/r$r"
    for s in $names; do
        at "$s" answer "$r" "$s"
        carry "$s" "centre/r$r" "$s.mrn" "$s.mrn.minisig"
    done
    at centre gather "$r"
    publish "$r"
    read -r accuracy tested frequent <<END
$(score "$r")
END
    bytes=$(cat "centre/r$r"/*.mrn | wc -c)
    echo "round $r: accuracy $accuracy of $tested test rows, $bytes bytes up"
    printf '%s\t%s\t%s\n' "$r" "$accuracy" "$bytes" >>centre/results.tsv
done
echo "always the most frequent class: accuracy $frequent"

# What a site does with the model now.
echo "to predict: cd $PWD/${names%% *} && fedmrn-eval -m w$rounds --data $file" \
    "--label '$label' --categories columns --missing $missing --predict FILE"

# Whoever has models, answers and ledger repeats it all.
at centre fedmrn-verify --ledger ledger --dir .
if command -v jq >/dev/null; then
    sh "$here/report.sh" --title "$title" centre >centre/report.html
    echo "$PWD/centre/report.html tells of the run"
fi
