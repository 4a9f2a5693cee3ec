#!/bin/sh
# plot.sh [OPTION]... TABLE: a picture of a table, by gnuplot.
#
# TABLE ("-": standard input) has tabs, and a first line that names its columns;
# a field of "-" is empty.  For the tables of samples/results, results.tsv of a
# run, and what compare.sh, rate.sh, traffic.sh and fedmrn-eval --confusion
# write, the defaults will do.  Rows that differ in nothing but their seed become
# one point, their mean.
#
#   -o PICTURE           .svg or .png         (an SVG on standard output)
#   -x COLUMN            (round; or bits, ratio)
#   -y COLUMN[,COLUMN]   a curve each; of words, a line of dots each
#                        (accuracy; or up, down and replay; row)
#   --by COLUMN[,...]    a curve for each of its words
#                        (columns of words that are not all the same)
#   --only COLUMN=REGEX  rows whose field it matches, whole; may be repeated
#   --sum COLUMN         what -x or -y names adds up from round to round
#   --error COLUMN       draw so much above and below
#   --log x|y|xy         logarithmic
#   --title TEXT --xlabel TEXT --ylabel TEXT
#   --size WxH           in pixels            (900x560)
#
# For example:
#
#   plot.sh samples/results/compare.tsv -x bytes_up --sum bytes_up --log x \
#       --only 'method=fed.*' -o compare.svg
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=samples/shared.sh
. "$here/shared.sh"

table='' out='' x='' y='' by='' only='' sum='' error='' log=''
title='' xlabel='' ylabel='' size=''
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) help ;;
    - | [!-]*)
        [ -z "$table" ] || usage "one table, not also $1"
        table=$1
        shift
        continue
        ;;
    esac
    [ $# -gt 1 ] || usage "$1 needs a value"
    case $1 in
    -o) out=$2 ;;
    -x) x=$2 ;;
    -y) y=$2 ;;
    --by) by=$2 ;;
    --only)
        case $2 in
        ?*=*) only="$only$2
" ;;
        *) usage "--only: '$2' is not COLUMN=REGEX" ;;
        esac ;;
    --sum) sum=$2 ;;
    --error) error=$2 ;;
    --log)
        case $2 in
        x | y | xy) log=$2 ;;
        *) usage "--log: '$2' is not x, y or xy" ;;
        esac ;;
    --title) title=$2 ;;
    --xlabel) xlabel=$2 ;;
    --ylabel) ylabel=$2 ;;
    --size)
        size=$2
        numbers "${2%%x*}" "${2#*x}" ;;
    *) usage "$1 is not an option" ;;
    esac
    shift 2
done
[ -n "$table" ] || usage "which table?"
case $out in
*.png) terminal='pngcairo noenhanced' ;;
'' | *.svg) terminal='svg noenhanced background rgb "white"' ;;
*) usage "-o: '$out' ends neither in .svg nor in .png" ;;
esac
[ "$table" = - ] || [ -r "$table" ] || {
    echo "plot.sh: $table: no such file" >&2
    exit 3
}
command -v gnuplot >/dev/null || {
    echo "plot.sh: no gnuplot here; sh samples/deps.sh plot installs it" >&2
    exit 1
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

# The curves go to $dir/points, a block each; $dir/plan tells the rest, in lines
# of a word, a tab and a text.
cat -- "$table" |
    dir=$dir x=$x y=$y by=$by only=$only sum=$sum error=$error log=$log \
        awk -F'\t' '
function fail(text) {
    failed = 1
    print "plot.sh: " text >"/dev/stderr"
    exit 3
}
function number(s) {
    return s ~ /^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$/
}
function plan(word, text) {
    print word "\t" text >(ENVIRON["dir"] "/plan")
}
function point(text) {
    print text >(ENVIRON["dir"] "/points")
}
# The number of a column; 0 is one of none.
function column(name) {
    if (name == "") return 0
    if (!(name in at)) fail("no column " name "; there are: " columns)
    return at[name]
}
function options(    n, i, part) {
    x = ENVIRON["x"]; y = ENVIRON["y"]; error = ENVIRON["error"]
    log_axes = ENVIRON["log"]
    if (x == "" && y == "") {
        if (("row" in at) && ("ratio" in at)) {
            x = "ratio"; y = "row"
            if (log_axes == "") log_axes = "x"
        } else if ("half_range" in at) {
            x = "bits"
            if (error == "") error = "half_range"
            if (log_axes == "") log_axes = "x"
        } else if (("round" in at) && ("replay" in at)) {
            y = "up,down,replay" (("fedavg_up" in at) ? ",fedavg_up,fedavg_down" : "")
            if (log_axes == "") log_axes = "y"
        }
    }
    if (x == "") x = "round"
    if (y == "") y = "accuracy"
    cx = column(x); ce = column(error)
    ny = split(y, yname, ",")
    for (i = 1; i <= ny; i++) cy[i] = column(yname[i])
    cround = ("round" in at) ? at["round"] : 0
    sum = ENVIRON["sum"]
    if (column(sum) && sum != x && index("," y ",", "," sum ",") == 0)
        fail("--sum: " sum " is neither -x nor -y")
    nonly = split(ENVIRON["only"], part, "\n") - 1
    for (i = 1; i <= nonly; i++) {
        n = index(part[i], "=")
        only_at[i] = column(substr(part[i], 1, n - 1))
        only[i] = "^(" substr(part[i], n + 1) ")$"
    }
    nby = split(ENVIRON["by"], part, ",")
    for (i = 1; i <= nby; i++) by[i] = column(part[i])
}
{ sub(/\r$/, "") }
NR == 1 && /^accuracy [^\t]*$/ { matrix = 1; plan("kind", "matrix"); next }
matrix {
    rows++
    point($0)
    next
}
NR == 1 {
    nc = NF
    for (i = 1; i <= NF; i++) {
        at[$i] = i
        columns = columns (i > 1 ? ", " : "") $i
    }
    options()
    next
}
/^[ \t]*$/ { next }
NF != nc { fail("line " NR ": " NF " fields, but the first has " nc) }
{
    for (i = 1; i <= nonly; i++)
        if ($(only_at[i]) !~ only[i]) next
    rows++
    for (i = 1; i <= nc; i++) {
        cell[rows, i] = $i
        if ($i != "-" && !number($i)) words[i] = 1
        if (rows > 1 && $i != cell[1, i]) varies[i] = 1
    }
}
function series_name(r, k,    i, name) {
    for (i = 1; i <= nby; i++)
        name = name (i > 1 ? " " : "") cell[r, by[i]]
    if (ny > 1) name = name (name != "" ? " " : "") yname[k]
    return name
}
# Each row is a line of its own, told by its name.
function dots(    r) {
    for (r = 1; r <= rows; r++)
        if (number(cell[r, cx])) {
            names++
            point(cell[r, cx] "\t" names "\t" cell[r, cy[1]])
        }
    plan("kind", "dots")
    plan("rows", names)
    if (!names) fail("no number in column " x)
}
function gather(    r, k, s, i) {
    for (r = 1; r <= rows; r++)
        for (k = 1; k <= ny; k++) {
            s = series_name(r, k)
            if (!(s in known)) { known[s]; series[++ns] = s; y_of[s] = k }
            i = s SUBSEP cell[r, cround ? cround : cx]
            if (!(i in seen)) { seen[i]; key[s, ++nk[s]] = i }
            if (number(cell[r, cx])) { xs[i] += cell[r, cx]; nx[i]++ }
            if (number(cell[r, cy[k]])) {
                ys[i] += cell[r, cy[k]]; n[i]++
                if (ce && number(cell[r, ce])) es[i] += cell[r, ce]
            }
        }
}
function curves(    s, k, i, vx, vy, tx, ty, most, count) {
    gather()
    for (s = 1; s <= ns; s++) {
        tx = ty = count = 0
        for (k = 1; k <= nk[series[s]]; k++) {
            i = key[series[s], k]
            if (!nx[i]) continue
            vx = xs[i] / nx[i]
            if (sum == x) vx = tx += vx
            if (!n[i]) continue
            vy = ys[i] / n[i]
            if (sum == yname[y_of[series[s]]]) vy = ty += vy
            if (!count++) plan("series", series[s])
            if (vx > top_x) top_x = vx
            if (vy > top_y) top_y = vy
            point(sprintf("%.9g\t%.9g\t%.9g\t%s", vx, vy, es[i] / n[i], series[s]))
        }
        if (!count) continue
        point("\n")
        if (count > most) most = count
        all++
    }
    if (!all) fail("no numbers in columns " x " and " y)
    if (x == "round" && top_x <= 20) plan("ticks", 1)
    if (top_x >= 1e4) plan("large", "x")
    if (top_y >= 1e4) plan("large", "y")
    plan("kind", most == 1 && nby ? "points" : "lines")
}
END {
    if (failed) exit 3
    if (matrix) { plan("rows", rows); exit }
    if (NR < 2 || !rows) fail("no rows")
    for (i = 1; i <= nc && ENVIRON["by"] == ""; i++)
        if (words[i] && varies[i] && i != cx && i != cy[1]) by[++nby] = i
    plan("x", x); plan("y", y)
    plan("log", log_axes)
    if (ce) plan("error", error)
    if (words[cy[1]]) dots()
    else curves()
}' >&2

# what WORD - of the plan
what() { awk -F'\t' -v w="$1" '$1 == w { print $2 }' "$dir/plan"; }
# text TEXT - for gnuplot
text() { printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }

kind=$(what kind) log=$(what log)
if [ -z "$size" ]; then
    size=900x560
    [ "$kind" != dots ] || size=900x$((90 + 16 * $(what rows)))
    [ "$kind" != matrix ] || size=600x560
fi
{
    echo "set terminal $terminal size ${size%x*},${size#*x}"
    echo "set output '$dir/picture'"
    echo "set datafile separator tab"
    i=0
    # Colours that most eyes tell apart (Okabe and Ito's, grey for yellow).
    for c in 000000 0072b2 d55e00 009e73 cc79a7 56b4e9 e69f00 808080; do
        echo "set linetype $((i += 1)) lc rgb '#$c' lw 1.5"
    done
    [ -z "$title" ] || echo "set title $(text "$title")"
    echo "set xlabel $(text "${xlabel:-$(what x | tr _ ' ')}")"
    echo "set ylabel $(text "${ylabel:-$(what y | tr _ ' ' | sed 's/,/, /g')}")"
    case $log in *x*) echo "set logscale x" ;; esac
    case $log in *y*) echo "set logscale y" ;; esac
    # 10k, 1M.
    for axis in $(what large); do echo "set format $axis '%.0s%c'"; done
    echo "set grid"
    case $kind in
    matrix)
        echo "set xlabel $(text "${xlabel:-predicted}"); unset grid"
        echo "set ylabel $(text "${ylabel:-label}"); set yrange [$(what rows)-0.5:-0.5]"
        echo "set xrange [-0.5:$(what rows)-0.5]"
        echo "set xtics 1; set ytics 1; set cblabel 'samples'"
        echo "set palette defined (0 'white', 1 '#0072b2'); set key off"
        echo "plot '$dir/points' matrix with image, '' matrix using 1:2:(sprintf('%d', \$3)) with labels"
        ;;
    dots)
        echo "set key off; unset ylabel"
        echo "set yrange [$(what rows).5:0.5]; set ytics font ',9'"
        echo "plot '$dir/points' using 1:2:ytic(3) with points pt 7 ps 0.7 lt 2"
        ;;
    points)
        echo "set key off; set offsets graph 0.05, graph 0.3, graph 0.1, graph 0.1"
        printf 'plot '
        [ -z "$(what error)" ] ||
            printf '%s, ' "'$dir/points' using 1:2:3 with yerrorbars pt 7 ps 0.6 lt 2"
        printf '%s\n' "'$dir/points' using 1:2 with points pt 7 ps 0.6 lt 2, '' using 1:2:4 with labels left offset 0.8,0.3 font ',9'"
        ;;
    lines)
        [ -z "$(what ticks)" ] || echo "set xtics 1"
        [ -n "$(what series)" ] && echo "set key outside right Left reverse" ||
            echo "set key off"
        printf 'plot '
        i=0
        what series | while IFS= read -r name; do
            [ $i = 0 ] || printf ', '
            style="lt $((i % 8 + 1)) dt $((i / 8 + 1)) pt $((i + 1)) ps 0.7"
            printf '%s' "'$dir/points' index $i using 1:2 with linespoints $style title $(text "$name")"
            [ -z "$(what error)" ] ||
                printf '%s' ", '' index $i using 1:2:3 with yerrorbars lt $((i % 8 + 1)) pt 0 notitle"
            i=$((i + 1))
        done
        echo
        ;;
    esac
} >"$dir/commands"
gnuplot "$dir/commands"
if [ -z "$out" ]; then
    cat "$dir/picture"
else
    # Beside it first, so that it appears whole.
    cp "$dir/picture" "$out.new"
    mv "$out.new" "$out"
fi
