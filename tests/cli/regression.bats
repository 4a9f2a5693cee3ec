# What is learned besides classes: numbers (--loss mse), and yes or no by one
# output (--loss bce).
load helper

# table - 90 rows: y is 2a - b + 0.5 but for a little, yes whether that is
# above 0.5
table() {
    awk 'BEGIN {
        print "a,y,b,yes"
        x = 1
        for (i = 0; i < 90; i++) {
            for (k = 0; k < 3; k++) {
                x = x * 16807 % 2147483647
                v[k] = x % 2001 / 1000 - 1
            }
            y = 2 * v[0] - v[1]
            printf "%.3f,%.4f,%.3f,%d\n", v[0], y + 0.5 + v[2] / 20, v[1], (y > 0)
        }
    }' </dev/null
}

# Columns, without the other answer.
numbers() { table | cut -d, -f1-3 >t.csv; }
classes() { table | cut -d, -f1,3,4 >t.csv; }

# net [OPTION]... - a model of two features and one output
net() {
    printf '%s\n' 'input 2' 'linear 16' tanh 'linear 1' |
        fedmrn-init --arch - --batch 5 --epochs 20 --lr 0.1 -o w0 "$@"
}

# answer LABEL - one round of three clients
answer() {
    rm -rf parts
    fedmrn-split --data t.csv --label "$1" --scheme iid --clients 3 -o parts
    for c in 0 1 2; do
        fedmrn-train -q -t1 -m w0 --data t.csv --label "$1" \
            --indices parts/$c --client $c -s 1 | fedmrn-pack -m w0 -o $c.mrn
    done
    fedmrn-aggregate -t1 -m w0 ./?.mrn -o w1
}

@test "regression: a line is learned in a round, and told by row" {
    numbers
    printf '%s\n' 'input 2' 'linear 1' |
        fedmrn-init --arch - --loss mse --method fedavg --epochs 60 --batch 5 -o w0
    answer y
    fedmrn-eval -q -t1 -m w1 --data t.csv --label y --predict p >got
    # The noise alone has (1/20)^2 / 3 = 0.0008, the column a variance of 1.7.
    awk '{ exit !($1 == "mse" && $2 < 0.002 && $3 == "mae" && $4 < 0.04 &&
        $5 == "samples" && $6 == 90) }' got || { cat got; false; }
    cmp <(cut -f1 p) <(seq 0 89)
    awk 'NR == FNR { t[FNR - 1] = $2; next }
        { d = $2 - t[$1]; if (d * d > 1e-12) bad = 1
          e = $3 - $2; s += e * e }
        END { d = s / FNR / mse - 1; exit bad || FNR != 90 || d * d > 1e-8 }' \
        <(tail -n +2 t.csv | tr , ' ') mse="$(cut -d' ' -f2 got)" p ||
        { head p; false; }
    fedmrn-eval -q -t1 -m w1 --data t.csv --label y --json >got
    grep -Eq '^\{"model":"[0-9a-f]{32}","round":1,"samples":90,"mse":0.00[0-9]+,"mae":0.0[0-9]+\}$' got
    # Whole numbers are numbers, too; and a checkpoint changes nothing.
    sed -i '2,$s/\.[0-9]*//g' t.csv
    for o in "" "--checkpoint ck --checkpoint-every 0"; do
        # shellcheck disable=SC2086 # options are words
        fedmrn-train -q -t1 -m w0 --data t.csv --label y --client a -s 1 $o >"a$o"
    done
    cmp a "./a$o"
}

@test "regression: every method learns it" {
    numbers
    # From 1.96, under fedpm 3.23; how far they get in a round is their own.
    while read -r limit options; do
        # shellcheck disable=SC2086 # options are words
        net --loss mse $options
        answer y
        fedmrn-eval -q -t1 -m w1 --data t.csv --label y >got
        awk -v limit="$limit" '{ exit !($2 < limit) }' got ||
            { echo "$options: $(cat got)"; false; }
    done <<'END'
1.0 --method fedmrn --init uniform --noise uniform:0.5
0.7 --method fedmrns --init uniform --noise uniform:0.3
0.05 --method fedavg --init uniform
1.5 --method fedbat --init uniform
0.05 --method fedsparsify --init uniform
2.0 --method fedpm --init uniform
END
}

@test "regression: what goes with classes is refused" {
    numbers
    net --loss mse --method fedavg
    run -3 --separate-stderr fedmrn-split --data t.csv --label y \
        --scheme labels:0.5 --clients 3
    [ "$stderr" = "fedmrn-split: t.csv: its labels are numbers and not classes, which only iid can part" ]
    run -2 --separate-stderr fedmrn-eval -m w0 --data t.csv --label y --confusion
    [[ $stderr = "fedmrn-eval: option --confusion means nothing to a model that learns numbers (loss mse)"* ]]
    run -3 --separate-stderr fedmrn-train -m w0 --text t.csv --client a -o a.mrn
    [[ $stderr = "fedmrn-train: t.csv: "* ]]
    net --method fedavg
    run -3 --separate-stderr fedmrn-train -m w0 --data t.csv --label y \
        --client a -o a.mrn
    [[ $stderr = "fedmrn-train: t.csv: line 2, column 'y': '"*"' is not a label: a whole number from 0 to 255; a model of loss mse "* ]]
    # Classes are a contract.
    run -2 fedmrn-train -m w0 --data t.csv --label y --client a --loss mse
    printf '%s\n' 'input 2' 'linear 3' |
        fedmrn-init --arch - --loss mse --method fedavg -o w0
    run -3 --separate-stderr fedmrn-train -m w0 --data t.csv --label y \
        --client a -o a.mrn
    [ "$stderr" = "fedmrn-train: t.csv: 1 number a sample to learn, but the model has 3 outputs" ]
    [ ! -e a.mrn ]
    # Sums of features do not look at the label.
    fedmrn-stats --data t.csv --label y --settings >got
    grep -q '^--mean=-\?0\.[0-9]*,' got
}

@test "regression: IDX labels are whole numbers to learn" {
    tiny_data 60
    fedmrn-init --arch mlp --input 1x8x8 --classes 1 --loss mse \
        --method fedavg --init kaiming --epochs 20 --batch 10 -o w0
    fedmrn-train -q -t1 -m w0 --images images --labels labels --client a -s 1 |
        fedmrn-aggregate -t1 -m w0 - -o w1
    fedmrn-eval -q -t1 -m w1 --images images --labels labels >got
    # 0 to 3 have a variance of 1.25.
    awk '{ exit !($2 < 0.1) }' got || { cat got; false; }
}

@test "bce: yes or no by one output" {
    classes
    net --loss bce --method fedavg --init uniform
    answer yes
    fedmrn-eval -q -t1 -m w1 --data t.csv --label yes --confusion --predict p >got
    awk 'NR == 1 { exit !($2 > 0.9 && $4 < 0.5 && $6 == 90) }' got ||
        { cat got; false; }
    # The matrix and the rows say the same as the first line.
    awk '{ n[$2 * 2 + $3]++ } END { printf "%d\t%d\n%d\t%d\n", n[0], n[1], n[2], n[3] }' p |
        cmp - <(tail -n +2 got)
    awk 'NR > 1 { right += $(NR - 1) } NR == 1 { want = $2 }
        END { exit !(sprintf("%.4f", right / 90) == want) }' got
    fedmrn-split --data t.csv --label yes --scheme labels:0.5 --clients 2 >parts2
    [ "$(wc -l <parts2)" = 90 ]
    sed -i '2s/.$/2/' t.csv
    run -3 --separate-stderr fedmrn-train -m w0 --data t.csv --label yes \
        --client a -o a.mrn
    [ "$stderr" = "fedmrn-train: t.csv: label 2 of sample 0 is not below 2 classes; they count from 0" ]
    run -2 --separate-stderr fedmrn-init --arch mlp --input 2 --classes 2 \
        --loss bce -o w2
    [[ $stderr = "fedmrn-init: option --loss: bce goes with 1 output, and the network has 2"* ]]
    [ ! -e w2 ]
}

@test "loss: the default leaves no trace in a model" {
    net
    run ! grep -qa 'fedmrn\.\(loss\|crop\|flip\)' w0
    cp w0 before
    net --loss softmax --crop 0 --flip no
    cmp w0 before
    net --loss mse
    grep -qa '"fedmrn.loss":"mse"' w0
    fedmrn-inspect w0 | grep -Eq '^ +loss +mse$'
}
