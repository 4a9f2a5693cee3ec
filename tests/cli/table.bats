# Tables as data: --data FILE --label COLUMN.
load helper

# table SEPARATOR - 60 rows of three numbers, of which the sum of the first two
# decides the class
table() {
    awk -v OFS="$1" 'BEGIN {
        print "age", "class", "weight", "\"noise, mostly\""
        x = 1
        for (i = 0; i < 60; i++) {
            for (k = 0; k < 3; k++) {
                x = x * 16807 % 2147483647
                v[k] = x % 2000 / 10 - 100
            }
            print v[0], (v[0] + v[1] > 0 ? 1 : 0), v[1], v[2]
        }
    }' </dev/null
}

# net [OPTION]... - a small model of three features
net() {
    printf '%s\n' 'input 3' 'linear 8' 'tanh' 'linear 2' |
        fedmrn-init --arch - --init uniform --batch 6 --epochs 40 --lr 0.3 \
            --mean 0 --std 58 -o w0 "$@"
}

@test "table: is learnt, split and told by row" {
    table , >t.csv
    net --method fedmrns --noise uniform:0.3
    fedmrn-split --data t.csv --label class --scheme iid --clients 2 -o parts
    for c in 0 1; do
        fedmrn-train -q -m w0 --data t.csv --label class --indices parts/$c \
            --client $c -s 1 -o $c.mrn
    done
    fedmrn-aggregate -m w0 ./?.mrn -o w1
    fedmrn-eval -q -m w1 --data t.csv --label class --predict p >got
    awk '{ exit !($2 > 0.75 && $6 == 60) }' got || { cat got; false; }
    cmp <(cut -f2 p) <(tail -n +2 t.csv | cut -d, -f2)
}

@test "table: tabs, gzip, a label by number, and a checkpoint: the same answer" {
    table , >t.csv
    table '	' | gzip >t.tsv.gz
    net
    train() { fedmrn-train -q -m w0 --epochs 1 --client a -s 1 -t 1 "$@"; }
    train --data t.csv --label class -o a.mrn
    train --data t.tsv.gz --label 2 -o b.mrn
    train --data - --label 2 -o c.mrn --checkpoint c --checkpoint-every 0 <t.csv
    cmp a.mrn b.mrn
    cmp a.mrn c.mrn
}

@test "table: what is wrong is named by file, line and column" {
    net
    train() {
        run -3 --separate-stderr fedmrn-train -m w0 --client a -o a.mrn \
            --data t --label y "$@"
    }
    printf 'a,b,c,y\n1,2,3,0\n1,red,3,1\n' >t
    train
    [ "$stderr" = "fedmrn-train: t: line 3, column 'b': 'red' is not a number that a float can hold; a list of --categories makes features of words" ]
    printf 'a,b,c,y\n1,2,3,0\n1,,3,1\n' >t
    train
    [ "$stderr" = "fedmrn-train: t: line 3, column 'b': a value is missing; \`--missing mean\` fills in" ]
    train --missing refuse
    fedmrn-train -q -m w0 --client a -o b.mrn --data t --label y --missing mean
    printf 'a,b,y\n1,2,0\n' >t
    train
    [ "$stderr" = "fedmrn-train: t: 2 features do not fit the model's input 3" ]
    printf 'a,b,c,y\n1,2,3,2\n' >t
    train
    [ "$stderr" = "fedmrn-train: t: label 2 of sample 0 is not below 2 classes; they count from 0" ]
    run -3 --separate-stderr fedmrn-train -m w0 --client a -o a.mrn --data t
    [ "$stderr" = "fedmrn-train: t: a table; say by --label which column has the labels" ]
    [ ! -e a.mrn ]
}

@test "table: columns of words become features by a list that sites share" {
    net
    printf '%s\n' 'a,sex,y' '1,f,0' '2,m,1' >t
    printf '%s\n' 'a,f,m,y' '1,1,0,0' '2,0,1,1' >same
    printf 'sex\tf\tm\n' >list
    train() { fedmrn-train -q -m w0 --client a -s 1 -t 1 --label y "$@"; }
    train --data t --categories list -o a.mrn
    train --data same -o b.mrn
    cmp a.mrn b.mrn
    fedmrn-eval -q -m w0 --data t --label y --categories list >got
    [[ $(cat got) = *"samples 2" ]]
    fedmrn-split --data t --label y --categories list --scheme iid \
        --clients 2 >got
    [ "$(wc -l <got)" = 2 ]
    printf '%s\n' 'a,sex,y' '1,f,0' '2,x,1' >t
    run -3 --separate-stderr train --data t --categories list -o c.mrn
    [ "$stderr" = "fedmrn-train: t: line 3, column 'sex': 'x' is none of the column's categories" ]
    printf 'sex\t\n' >list
    run -3 --separate-stderr train --data t --categories list -o c.mrn
    [[ $stderr = "fedmrn-train: list: line 1: category '' is empty" ]]
    run -3 --separate-stderr train --data t --categories nosuch -o c.mrn
    [[ $stderr = "fedmrn-train: nosuch: "* ]]
    run -2 --separate-stderr train --data - --categories - -o c.mrn
    [[ $stderr = *"standard input cannot be read twice"* ]]
    [ ! -e c.mrn ]
}

@test "table: usage errors are status 2" {
    net
    table , >t
    train() { run -2 --separate-stderr fedmrn-train -m w0 --client a -o a.mrn "$@"; }
    train
    [[ $stderr = *"no data: one of --images, --data, --text and --leaf is wanted"* ]]
    train --text t --missing mean
    [[ $stderr = *"option --missing: needs --data"* ]]
    train --data t --label class --text t
    [[ $stderr = *"options --text and --data: one is enough"* ]]
    train --data t --label class --labels t
    [[ $stderr = *"options --label and --labels: one is enough"* ]]
    train --data t --label class --images t
    [[ $stderr = *"options --data and --images: one is enough"* ]]
    train --images t --labels t --label class
    [[ $stderr = *"option --label: needs --data"* ]]
    train --images t --labels t --categories t
    [[ $stderr = *"option --categories: needs --data"* ]]
    train --data t --label class --missing zero
    [[ $stderr = *"option --missing: 'zero' is not refuse or mean"* ]]
    [ ! -e a.mrn ]
}
