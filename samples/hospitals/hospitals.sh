#!/bin/sh
# hospitals.sh [OPTION]... [DIR]: three hospitals learn from one another's
# patients by a stick, and show no row to anyone.
#
# DIR (default: build/hospitals) gets a folder for each hospital, one for the
# centre, which has the patients of nobody but a table to test on, and the
# stick.  It is samples/sites.sh with a table of its own; README.md does the
# same by hand.
#
#   --deal           only deal the table to the folders
#   --rounds N       rounds to learn                       (5)
#   --seed N         of the deal, the model and training   (1)
#
# For example: hospitals.sh --seed 2 run
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
root=$(dirname "$here")
# shellcheck source=samples/shared.sh
. "$here/shared.sh"
deal='' rounds=5 seed=1 dir=''

while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) help ;;
    --deal) deal=--deal ;;
    --rounds | --seed)
        [ $# -gt 1 ] || usage "$1 needs a value"
        numbers "$2"
        case $1 in
        --rounds) rounds=$2 ;;
        --seed) seed=$2 ;;
        esac
        shift
        ;;
    -?*) usage "$1 is not an option" ;;
    *)
        [ -z "$dir" ] || usage "one directory, not also $1"
        dir=$1
        ;;
    esac
    shift
done
exec sh "$here/sites.sh" --label benign --names 'north east west' \
    --file patients.csv --title 'Three hospitals' --rounds "$rounds" \
    --seed "$seed" --out "${dir:-$root/build/hospitals}" $deal \
    "$here/hospitals/data/wdbc.csv"
