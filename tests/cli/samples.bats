load helper
load round

samples=$BATS_TEST_DIRNAME/../../samples

@test "demo: one round of both methods, and its suggestions work" {
    ROUNDS=1 sh "$samples/demo.sh" "$PWD/demo" >log
    grep -qE '^ +1 +0\.[0-9]+ +[0-9]+ +0\.[0-9]+ +[0-9]+$' log
    grep -qE '^A client sent (2[5-9]|3[0-9])\.[0-9] times fewer bytes' log
    # The commands that it prints are commands: run them as they stand.
    sed '1,/still there/d' log | grep '^    ' | sh -e
}

@test "demo: a directory that is there is left alone" {
    mkdir demo
    run -2 --separate-stderr sh "$samples/demo.sh" "$PWD/demo"
    [[ $stderr == *"demo is there already; remove it, or name another" ]]
}

# A Fashion-MNIST of black images, with real sizes.
black() {
    mkdir data
    bytes 00 00 08 03 00 00 ea 60 00 00 00 1c 00 00 00 1c \
        >data/train-images-idx3-ubyte
    bytes 00 00 08 03 00 00 27 10 00 00 00 1c 00 00 00 1c \
        >data/t10k-images-idx3-ubyte
    truncate -s 47040016 data/train-images-idx3-ubyte
    truncate -s 7840016 data/t10k-images-idx3-ubyte
    idx 60000 -- 0 1 2 3 4 5 6 7 8 9 >data/train-labels-idx1-ubyte
    idx 10000 -- 0 1 2 3 4 5 6 7 8 9 >data/t10k-labels-idx1-ubyte
}

@test "fashion-mnist: goes on where it stopped, and can be repeated" {
    black
    fashion() {
        sh "$samples/fashion-mnist.sh" --data data --clients 2000 \
            --per-round 2 --epochs 1 --seed 3 --out a "$@"
    }
    fashion --rounds 1
    head -n 1 a/results.tsv >top
    [ "$(cat top)" = $'round\tmethod\tpartition\taccuracy\tloss\tbytes_up\tseconds' ]
    # What a kill leaves: some of the bundles, no model, no row.
    cp a/w1 w1
    bundles=(a/r1/*.mrn)
    rm a/w1 "${bundles[0]}"
    cp top a/results.tsv
    fashion --rounds 1
    cmp a/w1 w1
    [ "$(cut -f1 a/results.tsv | tr '\n' ' ')" = "round 1 " ]
    bundles=(a/r1/*)
    [ ${#bundles[@]} = 2 ]
    # Another run has no business there.
    run ! --separate-stderr fashion --rounds 1 --noise uniform:0.1
    [[ $stderr == *"a holds another run"* ]]
}

@test "fashion-mnist: usage errors are status 2" {
    run -2 sh "$samples/fashion-mnist.sh" --no-such-option 1
    run -2 sh "$samples/fashion-mnist.sh" --rounds ten
    run -2 sh "$samples/fashion-mnist.sh" --rounds
    run -2 sh "$samples/fashion-mnist.sh" --clients 5 --per-round 6
    run -2 sh "$samples/fashion-mnist.sh" --seed 08
}

# The digits under MNIST's names.
small() {
    local f digits=$samples/data/digits
    mkdir data
    for f in images-idx3 labels-idx1; do
        gzip -dc "$digits-train-$f-ubyte.gz" >data/train-$f-ubyte
        cp "$digits-test-$f-ubyte.gz" data/t10k-$f-ubyte.gz
    done
}

@test "fedpm: goes on where it stopped, and no client learns twice" {
    small
    printf '%s\n' 'input 64' 'linear 16' relu 'linear 10' >net.arch
    pm() {
        sh "$samples/fedpm.sh" --data data --clients 2 --epochs 1 --batch 64 \
            --arch net.arch --out a "$@"
    }
    pm --rounds 1
    cp -r a b
    # What a kill leaves: an answer that is not packed yet, its state moved.
    fedmrn-unpack --raw --model a/w0 a/r1/0.mrn -o a/r1/0.raw
    rm a/r1/0.mrn a/w1
    sed -i 1q a/results.tsv
    pm --rounds 1
    cmp a/w1 b/w1
    cmp a/state/0 b/state/0
    [ ! -e a/r1/0.raw ]
    run ! --separate-stderr pm --rounds 1 --lr 0.2
    [[ $stderr == *"a holds another run"* ]]
    run -2 sh "$samples/fedpm.sh" --rounds ten
    run -2 sh "$samples/fedpm.sh" --no-such-option
}

@test "rate: a sweep, its means, and what is done is done" {
    black
    rate() {
        sh "$samples/rate.sh" --quick --arch mlp --data data --out a \
            --only '^(bernoulli-0.05|bernoulli-update-20|signed.*-up)$'
    }
    rate
    head -n 1 a/rate.tsv
    [ "$(head -n 1 a/rate.tsv)" = $'setting\tseed\tround\taccuracy\tbits\tmask_bits' ]
    [ "$(wc -l <a/rate.tsv)" = 7 ]
    [ "$(cut -f1 a/mean.tsv | tr '\n' ' ')" = \
        "setting bernoulli-0.05 bernoulli-update-20 signed-uniform-0.01-up " ]
    # A file is larger than its masks, and those take no more than a bit.
    awk -F'\t' 'NR > 1 && !($5 > $6 && $6 < 1.001) { exit 1 }' a/rate.tsv
    cp a/rate.tsv before
    rm a/bernoulli-0.05-1/results.tsv
    rate
    cmp a/rate.tsv before
    grep -q 'fedmrn.magnitudes' a/bernoulli-update-20-1/w2
}

@test "rate: usage errors are status 2, and the list is a list" {
    run -2 sh "$samples/rate.sh" --no-such-option 1
    run -2 sh "$samples/rate.sh" --rounds ten
    run -2 sh "$samples/rate.sh" --rounds
    run sh "$samples/rate.sh" --list --only bernoulli-0.1
    [ "$output" = "bernoulli-0.1 --noise bernoulli:0.1" ]
}

@test "compare: tables and pictures, and what is done is done" {
    local f
    small
    compare() {
        sh "$samples/compare.sh" --data data --train 80 --test 40 --clients 4 \
            --per-round 2 --epochs 1 --out a "$@"
    }
    compare --rounds 1 --methods "fedmrn fedpm"
    [ "$(fedmrn-inspect --json a/data/train-images-idx3-ubyte |
        jq -c '[.shape, .bytes]')" = "[[80,8,8],$((16 + 80 * 64))]" ]
    [ "$(fedmrn-inspect --json a/data/t10k-labels-idx1-ubyte |
        jq -c .shape)" = "[40]" ]
    tail -c 40 a/data/t10k-labels-idx1-ubyte |
        cmp - <(gzip -dc data/t10k-labels-idx1-ubyte.gz | head -c 48 | tail -c 40)
    # What a kill leaves, of one run; more rounds and one more seed.
    rm a/runs/fedpm-iid-1/w1 a/runs/fedpm-iid-1/results.tsv
    cp a/runs/fedmrn-iid-1/w1 before
    compare --rounds 2 --methods "fedmrn fedpm" --seeds "1 2" --jobs 3 >table
    cmp a/runs/fedmrn-iid-1/w1 before
    [ "$(head -n 1 a/rounds.tsv)" = \
        $'method\tpartition\tseed\tround\taccuracy\tloss\tbytes_up\tbytes_down\tbits' ]
    [ "$(cut -f1-4 a/rounds.tsv | sed 1d | sort | tr '\t\n' ' ,')" = \
        "fedmrn iid 1 1,fedmrn iid 1 2,fedmrn iid 2 1,fedmrn iid 2 2,\
fedpm iid 1 1,fedpm iid 1 2,fedpm iid 2 1,fedpm iid 2 2," ]
    # Every byte counts, of files that are there to be counted.
    f=a/runs/fedpm-iid-2
    [ "$(awk '$1 == "fedpm" && $3 == 2 && $4 == 2 { print $7, $8, $9 }' \
        a/rounds.tsv)" = "$(cat $f/r2/*.mrn | wc -c) \
$((2 * $(fedmrn-pack --counts $f/w1 | wc -c))) $(cat $f/r2/*.mrn | wc -c |
            awk -v n="$(fedmrn-inspect --json $f/w0 | jq .parameters)" \
                '{ printf "%.5f", 4 * $1 / n }')" ]
    # The mean of two is in their middle, and each is sqrt(2)/2 sd from it.
    awk -F'\t' '$1 == "fedmrn" && $4 == 2 { s += $5; d = $5 - d }
        END { d = d < 0 ? -d : d; printf "%.4f ± %.4f\n", s / 2, d / sqrt(2) }' \
        a/rounds.tsv >want
    grep '^| fedmrn ' table | grep -qF "| $(cat want) |"
    if command -v gnuplot; then
        for f in round bytes; do
            grep -q '>fedpm<' a/iid-$f.svg
            [ "$(head -c 4 a/iid-$f.png | tail -c 3)" = PNG ]
        done
    fi
    run -1 --separate-stderr compare --rounds 2 --epochs 2
    [[ $stderr == *"a holds another comparison"* ]]
}

@test "compare: a row of one's own, and one that fails is named" {
    small
    printf '%s\n' '# of mine' 'fast | --method fedavg --lr .5 | --coder raw' \
        'wrong | --method fedavg --no-such 1' >rows
    compare() {
        sh "$samples/compare.sh" --data data --train 80 --test 40 --clients 4 \
            --per-round 2 --epochs 1 --rounds 1 --table rows --out a "$@"
    }
    [ "$(compare --list --methods fast)" = \
        "fast | --method fedavg --lr .5 | --coder raw" ]
    run -1 --separate-stderr compare
    [[ $stderr == *"runs/wrong-iid-1: fashion-mnist.sh: no option --no-such"* ]]
    [ ! -e a/rounds.tsv ]
    compare --methods fast
    [ "$(fedmrn-inspect --json a/runs/fast-iid-1/w0 | jq -r .settings.lr)" = 0.5 ]
    # What a client keeps: of the last two rounds, and an answer that is made
    # again starts from the same.
    echo 'memory | --method fedavg --codec topk:0.1 | --residual @' >>rows
    compare --methods memory --rounds 3
    run=a/runs/memory-iid-1
    for i in "$run"/r3/*.mrn; do
        i=${i##*/}
        [ -f "$run/m3/${i%.mrn}.pack" ]
        [ "$(find $run -name "${i%.mrn}.pack" | wc -l)" -le 2 ]
    done
    cp $run/w3 before
    rm $run/w3 "$run/r3/$i"
    sed -i '$d' $run/results.tsv
    compare --methods memory --rounds 3
    cmp $run/w3 before
    run -2 --separate-stderr compare --methods slow
    [[ $stderr == *"slow: no such method in the table"* ]]
    run -2 compare --seeds one
    run -2 compare --no-such-option 1
}

# A gnuplot that keeps what it was asked for, as ./commands and ./points.
fake_gnuplot() {
    mkdir bin
    cat >bin/gnuplot <<'END'
#!/bin/sh
dir=$(sed -n "s/^set output '\(.*\)\/picture'$/\1/p" "$1")
sed "s,$dir/,," "$1" >commands
tr '\t' ' ' <"$dir/points" >points
echo picture >"$dir/picture"
END
    chmod +x bin/gnuplot
    PATH=$PWD/bin:$PATH
}

@test "plot: means over seeds, sums along a curve, rows and columns by name" {
    fake_gnuplot
    plot() { sh "$samples/plot.sh" "$@"; }
    printf '%s\t%s\t%s\t%s\t%s\n' method seed round accuracy bytes_up \
        'a b' 1 1 0.5 100  'a b' 1 2 - 100  'a b' 1 3 0.75 300 \
        'a b' 2 1 0.25 200  "c'" 1 1 1 7 >t.tsv
    [ "$(plot t.tsv)" = picture ]
    [ "$(sed '/^$/d' points)" = $'1 0.375 0 a b\n3 0.75 0 a b\n1 1 0 c\'' ]
    grep -q "index 1 .* title 'c'''" commands
    plot t.tsv -x bytes_up --sum bytes_up --only 'method=a.*' --log x -o t.png
    [ "$(sed '/^$/d' points)" = $'150 0.375 0 \n550 0.75 0 ' ]
    grep -q '^set logscale x' commands
    grep -q '^set terminal pngcairo' commands
    [ "$(cat t.png)" = picture ]
    plot - --by seed -y accuracy,bytes_up <t.tsv
    grep -q "'2 bytes_up'" commands
    # Our other tables: each knows how.
    printf '%s\t%s\t%s\t%s\n' setting accuracy half_range bits m .9 .01 .2 \
        n .8 .1 1 | plot -
    [ "$(sed '/^$/d' points)" = $'0.2 0.9 0.01 m\n1 0.8 0.1 n' ]
    grep -q yerrorbars commands
    printf 'row\tunit\tours\tratio\nx/y\ts\t1\t2\nz\ts\t1\t-\n' | plot -
    [ "$(cat points)" = "2 1 x/y" ]
    printf 'round\tup\tdown\treplay\n1\t2\t3\t4\n' | plot -
    [ "$(sed '/^$/d' points)" = $'1 2 0 up\n1 3 0 down\n1 4 0 replay' ]
    printf 'accuracy 0.5 loss 1 samples 4\n1\t1\n1\t1\n' | plot -
    [ "$(cat points)" = $'1 1\n1 1' ]
    # What it cannot draw.
    run -3 --separate-stderr plot t.tsv -y loss -o no.svg
    [ "$stderr" = "plot.sh: no column loss; there are: method, seed, round, accuracy, bytes_up" ]
    run -3 --separate-stderr plot t.tsv --only method=b
    [ "$stderr" = "plot.sh: no rows" ]
    printf 'round\taccuracy\n1\n' >short
    run -3 --separate-stderr plot short
    [ "$stderr" = "plot.sh: line 2: 1 fields, but the first has 2" ]
    run -3 plot nosuch
    run -2 plot t.tsv -o t.jpg
    run -2 plot t.tsv --log z
    run -2 plot t.tsv --nonsense 1
    [ ! -e no.svg ]
}

@test "plot: pictures, by gnuplot itself" {
    command -v gnuplot >/dev/null || skip "no gnuplot here"
    for f in compare:'fedmrn-bernoulli iid' speed:'agg/lib/portable/1' \
        fashion-mnist:'fedavg dirichlet:0.3'; do
        run -0 --separate-stderr sh "$samples/plot.sh" \
            "$samples/results/${f%%:*}.tsv"
        [ -z "$stderr" ]
        grep -q ">${f#*:}<" <<<"$output"
    done
    printf 'accuracy 0.5 loss 1 samples 4\n1\t1\n1\t1\n' |
        sh "$samples/plot.sh" - -o m.png
    [ "$(head -c 4 m.png | tail -c 3)" = PNG ]
}

@test "get-data: full files are kept, others are refused" {
    black
    sh "$samples/get-data.sh" fashion-mnist data
    gzip data/train-labels-idx1-ubyte
    sh "$samples/get-data.sh" fashion-mnist data
    [ ! -e data/train-labels-idx1-ubyte ]
    truncate -s 100 data/t10k-labels-idx1-ubyte
    run -1 --separate-stderr sh "$samples/get-data.sh" fashion-mnist data
    [[ $stderr == *"t10k-labels-idx1-ubyte: has 100 bytes, not 10008" ]]
    run -2 sh "$samples/get-data.sh" cifar data
}

@test "samples: each tells its options, and does nothing else" {
    for f in "$samples"/*.sh "$samples"/slurm/slurm.sh \
        "$samples"/slurm/parallel.sh; do
        [ "${f##*/}" != shared.sh ] || continue
        run -0 --separate-stderr sh "$f" --help
        [[ $output == "${f##*/} "*": "* ]]
        [ -z "$stderr" ]
    done
    [ -z "$(ls)" ]
}

@test "deps: an unknown group is a usage error" {
    run -2 --separate-stderr sh "$samples/deps.sh" nonsense
    [[ $stderr == *"no group 'nonsense'"* ]]
}

@test "digits: the sample data are whole" {
    fedmrn-split --labels "$samples/data/digits-train-labels-idx1-ubyte.gz" \
        --scheme iid --clients 1 -o train
    fedmrn-split --labels "$samples/data/digits-test-labels-idx1-ubyte.gz" \
        --scheme iid --clients 1 -o test
    [ "$(wc -l <train/0) $(wc -l <test/0)" = "1437 360" ]
    [ "$(gzip -dc "$samples/data/digits-train-images-idx3-ubyte.gz" | wc -c)" = \
        $((16 + 1437 * 64)) ]
    [ "$(gzip -dc "$samples/data/digits-test-images-idx3-ubyte.gz" | wc -c)" = \
        $((16 + 360 * 64)) ]
}

@test "traffic: counts the bytes of every round, and replays them all" {
    local up back
    small_round
    mkdir -p run/r1 run/r2 avg/r1
    for i in 1 2; do
        answer $i raw --indices rows.$i
        fedmrn-pack -q --model w0 raw -o run/r1/$i.mrn
    done
    cp w0 run
    fedmrn-aggregate --model w0 run/r1/*.mrn -o run/w1
    cp run/w1 w0
    answer 3 run/r2/3.mrn --indices rows.3
    fedmrn-aggregate --model w0 run/r2/*.mrn -o run/w2
    sh "$samples/traffic.sh" run >table
    up=$(cat run/r1/*.mrn | wc -c)
    back=$(fedmrn-pack -q --model run/w0 run/r1/*.mrn | wc -c)
    [ "$(head -n 2 table | tail -n 1)" = \
        "$(printf '1\t%s\t%s\t%s' "$up" $((2 * $(wc -c <run/w0))) \
            $((2 * $(wc -c <run/w0))))" ]
    [ "$(tail -n 1 table)" = "$(printf '2\t%s\t%s\t%s' \
        "$(wc -c <run/r2/3.mrn)" "$(wc -c <run/w1)" "$back")" ]
    cp run/r1/1.mrn avg/r1
    cp run/w1 avg
    sh "$samples/traffic.sh" run avg >table
    [ "$(head -n 1 table | cut -f5-)" = $'fedavg_up\tfedavg_down\ttimes' ]
    # What the bundles do not make is noticed.
    cp run/w1 run/w2
    run -1 --separate-stderr sh "$samples/traffic.sh" run
    [[ $stderr == *"the rounds do not give run/w2"* ]]
    run -2 sh "$samples/traffic.sh" nosuch
}

@test "charlstm: learns a text, goes on where it stopped, and can be repeated" {
    printf '%s\n' 'input 8' 'embedding 80 4' 'lstm 16' 'linear 80' >net
    # shellcheck disable=SC2046 # one word a line is meant
    printf 'the quick brown fox jumps over the lazy dog.%.0s\n' $(seq 60) |
        gzip >text.gz
    charlstm() {
        sh "$samples/charlstm.sh" --text text.gz --arch net --clients 3 \
            --per-round 2 --step 2 --batch 8 --epochs 12 --method fedmrns \
            --noise uniform:0.3 --out a "$@"
    }
    charlstm --rounds 2
    [ "$(head -n 1 a/results.tsv)" = $'round\taccuracy\tloss\tbytes_up' ]
    # No character is more than 8 of 45.
    awk 'END { exit !(NR == 3 && $2 > 0.178) }' a/results.tsv
    cp a/w2 w2
    bundles=(a/r2/*.mrn)
    [ ${#bundles[@]} = 2 ]
    rm a/w2 "${bundles[0]}"
    sed -i '3d' a/results.tsv
    charlstm --rounds 2
    cmp a/w2 w2
    run ! --separate-stderr charlstm --rounds 2 --lr 1
    [[ $stderr == *"a holds another run"* ]]
    run -2 charlstm --rounds ten
    run -2 charlstm --per-round 4
    run -2 sh "$samples/charlstm.sh" --text no-such-file
}

@test "report: one page about a run, with what was refused" {
    small_round
    mkdir -p run/r1
    cp w0 run
    cp a.mrn b.mrn run/r1
    fedmrn-aggregate --model w0 a.mrn b.mrn -o run/w1
    printf 'round\taccuracy\tbytes_up\n1\t0.5\t%s\n' \
        "$(cat run/r1/*.mrn | wc -c)" >run/results.tsv
    sh "$samples/report.sh" --title 'a <b>' run >page
    # Nothing from outside is taken for markup, and nothing is fetched.
    grep -q '<title>a &lt;b&gt;</title>' page
    run ! grep -E 'https?:|<script|src=' page
    grep -q 'follows w0' page
    grep -q 'No report was kept' page
    [ "$(grep -c '<polyline' page)" -eq 2 ]
    grep -q "<td class=n>$(cat run/r1/*.mrn | wc -c)</td>" page
    echo x >run/r1/bad.mrn
    fedmrn-aggregate --model w0 --quorum 2 --report run/r1/report.json \
        run/r1/*.mrn -o again
    run -0 --separate-stderr sh "$samples/report.sh" run
    grep -q '<td>r1/report.json</td><td>run/r1/bad.mrn</td><td></td><td>refused' \
        <<<"$output"
    [[ $stderr == *"r1/bad.mrn"* ]]
    # A model of another run does not follow.
    fedmrn-init -a mlp --input 4 --classes 2 -o run/w2
    sh "$samples/report.sh" run >page
    grep -q 'does not follow' page
    run -2 sh "$samples/report.sh"
    rm w0
    run -3 --separate-stderr sh "$samples/report.sh" .
    [ "$stderr" = "report.sh: .: no model w0 in it" ]
}
