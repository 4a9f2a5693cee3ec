# A run's ledger: fedmrn-aggregate --ledger, fedmrn-verify --ledger.
load helper
load round

# closing ROUND MODEL [OPTION]... - close a round over r<ROUND> into w<ROUND>
closing() {
    local round=$1
    shift
    fedmrn-aggregate -q -t1 -m w$((round - 1)) "r$round"/* --ledger L "$@" \
        -o "w$round"
}

# three_rounds - w0..w3 and their bundles in r1, r2, r3: files, a round file
# coded, and one of each
three_rounds() {
    local i
    small_round
    mkdir r1 r2 r3
    mv ./?.mrn r1
    closing 1
    for i in 1 2 3; do
        fedmrn-train -q -t1 -m w1 --images images --labels labels \
            --client $i --seed "1$i" --indices rows.$i -o $i.mrn
    done
    fedmrn-pack -q -m w1 1.mrn 2.mrn 3.mrn -o r2/round
    rm ./?.mrn
    closing 2
    for i in 4 5; do
        fedmrn-train -q -t1 -m w2 --images images --labels labels \
            --client $i --seed "2$i" --indices rows.$i -o r3/$i.mrn
    done
    closing 3 --weights uniform
}

replay() {
    fedmrn-verify -t1 --ledger L --dir .
}

# fails REASON - the replay fails so
fails() {
    run -3 --separate-stderr replay
    echo "$stderr"
    [[ "$stderr" = "fedmrn-verify: L: $1"* ]]
    [ "${#stderr_lines[@]}" = 1 ]
}

@test "ledger: rounds carried by hand are replayed byte for byte" {
    three_rounds
    run -0 --separate-stderr replay
    [ "${lines[0]}" = "round 1: ok: ./w1" ]
    [ "${lines[1]}" = "round 2: ok: ./w2" ]
    [ "${lines[2]}" = "round 3: ok: ./w3" ]
    [[ "${lines[3]}" = "L: ok: 3 lines, hash "* ]]
    [ "$(replay)" = "$(FEDMRN_CPU=portable replay)" ]
    # Other tools agree on what it says.
    digest() { b2sum -l 256 "$1" | cut -d ' ' -f 1; }
    [ "$(jq -r 'select(.line == 2) | .output.digest' L)" = "$(digest w2)" ]
    [ "$(jq -r 'select(.line == 3) | .inputs[0].digest' L)" = "$(digest r3/4.mrn)" ]
    [ "$(jq -r 'select(.line == 3) | .policy.weights' L)" = uniform ]
    hash=$(tail -n 1 L | head -c -76 | b2sum -l 256 | cut -d ' ' -f 1)
    [ "${lines[3]##*hash }" = "$hash" ]
    # Models that were made again need not be there; the first one must.
    rm w1 w2
    run -0 replay
    [ "${lines[1]}" = "round 2: ok" ]
    rm w0
    fails "round 1 (line 1) does not follow: its model "
    [[ "$stderr" = *" of round 0 is not in ." ]]
}

@test "ledger: what does not follow is named by its round" {
    three_rounds
    cp -a . ../all
    again() { rm -rf ./* && cp -a ../all/. .; }
    rm r2/round
    fails "round 2 (line 2) does not follow: bundle "
    [[ "$stderr" = *" of client 1 is not in ." ]]
    again
    flip r3/4.mrn 450 >x
    mv x r3/4.mrn
    fails "round 3 (line 3) does not follow: bundle "
    [[ "$stderr" = *" of client 4 is not in . (there is a bad file: ./r3/4.mrn: "* ]]
    again
    # A model that somebody made of other answers.
    fedmrn-aggregate -q -m w1 r2/round --exclude 2 -o w2
    fails "round 2 does not follow: ./w2 is of that round, and no line of the ledger made it"
    again
    # An edited line, and one whose hash was made to fit.
    sed -i '2s/"samples":20/"samples":21/' L
    fails "line 2: it was changed: its hash is not the one it says"
    again
    sed -i '2s/"samples":20,"weight":20/"samples":21,"weight":21/' L
    forged=$(sed -n 2p L | head -c -76)
    { sed -n 1p L
        printf '%s,"hash":"%s"}\n' "$forged" \
            "$(printf %s "$forged" | b2sum -l 256 | cut -d ' ' -f 1)"; } >x
    cp L whole
    mv x L
    fails "round 2 (line 2) does not follow: "
    [[ "$stderr" = *"client 2 answers round 2 with 20 samples and weighs 20, which is not what the ledger says" ]]
    { cat L; sed -n 3p whole; } >x
    mv x L
    fails "line 3: it does not follow what stands before it"
    again
    { sed -n 1p L; sed -n 3p L; sed -n 2p L; } >x
    mv x L
    fails "line 2: it does not follow what stands before it: lines were removed, added, or moved"
    again
    sed -i 1d L
    fails "line 1: it does not follow"
    again
    head=$(fedmrn-verify --ledger L | sed 's/.*hash //')
    sed -i '$d' L
    fails "round 3 does not follow: ./w3 is of that round, and the ledger ends with round 2: it was cut short"
    rm w3
    replay
    run -3 --separate-stderr fedmrn-verify --ledger L --head "$head"
    [[ "$stderr" = *"it has no line with the hash $head: it was cut short, or written anew" ]]
}

@test "ledger: a run that comes again writes no second line" {
    three_rounds
    cp L before
    rm w2
    closing 2
    cmp L before
    # In another order, and from the sums of two places.
    fedmrn-aggregate -q -m w0 --partial r1/[abc].mrn -o south
    fedmrn-aggregate -q -m w0 south r1/e.mrn r1/d.mrn --ledger L -o again
    cmp again w1
    cmp L before
    # Another result is another line, and said.
    run -0 --separate-stderr fedmrn-aggregate -q -m w1 r2/round --exclude 3 \
        --ledger L -o other
    [ "${stderr_lines[1]}" = "fedmrn-aggregate: L: line 2 made another model of the same one" ]
    [ "$(jq -r 'select(.line == 4) | .refused[]' L)" = "r2/round (at byte 427): client 3 is excluded" ] ||
        jq -r 'select(.line == 4) | .refused[]' L | grep -q '^r2/round (at byte [0-9]*): client 3 is excluded$'
    replay
    # Clients inside a sum have no digest, and are replayed from their bundles.
    rm L
    fedmrn-aggregate -q -m w0 south r1/[de].mrn --ledger L -o w1
    [ "$(jq -c '[.inputs[].digest == null]' L)" = '[true,true,true,false,false]' ]
    rm w2 w3 other
    replay
}

@test "ledger: a failed round leaves neither line nor model" {
    small_round
    fails_so() {
        run "-$1" --separate-stderr fedmrn-aggregate -q -m w0 "${@:3}"
        echo "$stderr"
        [[ "$stderr" = *"$2"* ]]
        [ ! -e w1 ]
    }
    flip a.mrn 500 >bad.mrn
    fails_so 3 "bad.mrn: " b.mrn bad.mrn --ledger L -o w1
    [ ! -e L ]
    fedmrn-aggregate -q -m w0 a.mrn --ledger L -o w.a
    cp L before
    fails_so 3 "bad.mrn: " b.mrn bad.mrn --ledger L -o w1
    cmp L before
    # A base that is none of its own.
    net | fedmrn-init --arch - --seed 9 -o foreign
    run -3 --separate-stderr fedmrn-aggregate -q -m foreign a.mrn --ledger L -o w1
    [[ "$stderr" = *"L: no line of it made the model "*"; its last made "*", of round 1" ]]
    cmp L before
    # A damaged ledger is not written to.
    flip L 300 >bad
    cp bad bad.0
    fails_so 3 "bad: line 1: " a.mrn --ledger bad -o w1
    cmp bad bad.0
    fails_so 3 "is not a regular file" a.mrn --ledger /dev/null -o w1
    mkdir dir
    fails_so 3 "Is a directory" a.mrn --ledger dir -o w1
    fails_so 3 "No such file" a.mrn --ledger no/L -o w1
    # No room: the line, or half of it, does not stay.
    (ulimit -f 1; run -1 fedmrn-aggregate -q -m w0 a.mrn b.mrn c.mrn d.mrn \
        e.mrn --ledger L -o w1)
    cmp L before
    [ ! -e w1 ]
    # A model that has no name to wait for its line.
    mkfifo pipe
    for name in /dev/stdout /dev/fd/1 /dev/null pipe; do
        fails_so 3 "$name: is not a regular file" a.mrn --ledger L -o "$name"
        cmp L before
    done
    for usage in "--ledger L" "--ledger L -o -" "--ledger w1 -o w1" \
        "--ledger L --partial -o w1" "--ledger-wait -o w1"; do
        # shellcheck disable=SC2086 # words are meant
        run -2 fedmrn-aggregate -m w0 a.mrn $usage
    done
}

@test "ledger: eight at once: one writes, the others say so, or wait" {
    small_round
    # The one that holds it reads from a pipe until we let it go.
    mkfifo hold
    fedmrn-aggregate -q -m w0 - --ledger L -o first <hold &
    exec 9>hold
    until [ -e L ]; do sleep 0.01; done
    for i in 1 2 3 4 5 6 7; do
        (
            code=0
            fedmrn-aggregate -q -t1 -m w0 a.mrn --ledger L -o "w.$i" \
                2>"err.$i" 9>&- || code=$?
            echo $code >"status.$i"
        ) &
        refused[i]=$!
    done
    wait "${refused[@]}"
    [ "$(cat status.? | sort -u)" = 1 ]
    [ "$(sort -u err.?)" = "fedmrn-aggregate: L: another run holds it; try again when that is done, or give --ledger-wait" ]
    [ ! -s L ]
    for i in 1 2 3 4 5 6 7; do
        fedmrn-aggregate -q -t1 -m w0 a.mrn b.mrn --exclude "9$i" \
            --ledger L --ledger-wait -o "w.$i" 2>/dev/null 9>&- &
    done
    cat c.mrn >&9
    exec 9>&-
    wait
    [ "$(wc -l <L)" = 8 ]
    [ -e first ]
    fedmrn-verify -q --ledger L --dir .
}

@test "ledger: a line that was cut short is removed by the next run" {
    three_rounds
    cp L whole
    first=$(sed -n 1,2p L | wc -c)
    size=$(wc -c <L)
    for n in $((first + 1)) $(((first + size) / 2)) $((size - 3)) $((size - 2)); do
        head -c "$n" whole >L
        fails "round 3 does not follow"
        run -3 --separate-stderr fedmrn-verify --ledger L
        [[ "$stderr" = "fedmrn-verify: L: line 3 is cut short, as by a machine "* ]]
        rm w3
        run -0 --separate-stderr closing 3 --weights uniform
        [ "$stderr" = "fedmrn-aggregate: L: its last line was cut short, before the model had a name, and is removed" ]
        cmp L whole
        replay
    done
    # Only its newline is missing, or is another byte: that is no crash.
    head -c $((size - 1)) whole >L
    fails "line 3: its newline is damaged"
    run -3 closing 3 --weights uniform
    { head -c $((size - 1)) whole; printf x; } >L
    fails "line 3: its newline is damaged"
}

@test "ledger: killed at each call that writes, and run again" {
    need_strace
    small_round
    fedmrn-aggregate -q -t1 -m w0 a.mrn b.mrn --ledger want.L -o want
    points=0
    for call in flock write fsync rename unlink; do
        for ((n = 1; ; n++)); do
            rm -f L w1
            status=0
            timeout 20 strace -qqf -o /dev/null -e "trace=$call" \
                -e "inject=$call:signal=KILL:when=$n" fedmrn-aggregate -q -t1 \
                -m w0 a.mrn b.mrn --ledger L -o w1 2>/dev/null || status=$?
            [ $status = 137 ] || break
            points=$((points + 1))
            # A model that has a name has its line.
            [ ! -e w1 ] || cmp L want.L
            fedmrn-aggregate -q -t1 -m w0 a.mrn b.mrn --ledger L -o w1
            cmp L want.L
            cmp w1 want
            [ -z "$(find . -name '.*.tmp')" ]
        done
        [ $status = 0 ]
    done
    echo "$points points"
    [ $points -ge 7 ]
}

@test "ledger: usage" {
    small_round
    fedmrn-aggregate -q -m w0 a.mrn --ledger L -o w1
    run -0 fedmrn-verify --ledger L
    [[ $output = "L: ok: 1 line, hash "* ]]
    for usage in "--ledger L a.mrn" "--dir ." "--head x" "--threads 1" \
        "--ledger L --head abc" "--ledger L --model w0"; do
        # shellcheck disable=SC2086 # words are meant
        run -2 fedmrn-verify $usage
    done
    fedmrn-verify -q --ledger - <L
    : >empty
    run -3 --separate-stderr fedmrn-verify --ledger empty
    [[ "$stderr" = *"empty: it has no line" ]]
    run -3 --separate-stderr fedmrn-verify --ledger w0
    [[ "$stderr" = *"w0: line 1: not a line of a ledger" ]] || [[ "$stderr" = *"w0: "* ]]
    run -3 fedmrn-verify --ledger L --dir missing
}

@test "ledger: a quorum's refusals and late answers are kept, and replayed" {
    small_round
    mkdir r1 r2
    mv a.mrn b.mrn c.mrn d.mrn r1
    # Client 5 comes a round late, and client 4's bundle is damaged.
    flip r1/d.mrn 450 >x
    mv x r1/d.mrn
    run -0 closing 1 --quorum 3
    fedmrn-train -q -t1 -m w1 --images images --labels labels --client 1 \
        --seed 11 --indices rows.1 -o r2/1.mrn
    mv e.mrn r2/5.late
    closing 2 --max-stale 1 --staleness poly:0.5
    sed -n 1p L | jq -e '.policy.quorum == 3 and (.inputs | length) == 3 and
        (.refused[0] | startswith("r1/d.mrn: "))'
    sed -n 2p L | jq -e '.policy.staleness == "poly:0.5" and
        ([.inputs[] | .round] == [1, 2])'
    replay
    # Client 1 counted in round 1: another bundle of his does not, a round late.
    sed 2d L >L.1
    answer 1 r2/1.late --indices rows.3
    run -0 --separate-stderr fedmrn-aggregate -q -t1 -m w1 r2/* --max-stale 1 \
        --quorum 2 --ledger L.1 -o x
    [[ "$stderr" = *"r2/1.late: answers round 1, in which client 1 has counted already, by another bundle" ]]
    jq -e '.output.round != 2 or (.inputs | length) == 2' L.1
    run -0 --separate-stderr fedmrn-aggregate -q -t1 -m w1 r2/* --max-stale 1 -o x
    [[ "$stderr" = *"2 late answers: whether the client counted"*"only a --ledger"* ]]
    rm r2/1.late x
    rm r2/5.late
    fails "round 2 (line 2) does not follow: bundle "
}

@test "ledger: who answers two rounds of one line with other samples is replayed" {
    small_round
    fedmrn-aggregate -q --model w0 a.mrn b.mrn -o w1
    mkdir r1 r2
    mv a.mrn b.mrn r1
    # Client 1 with 12 and then 8 rows, client 2 with 20 and then 40.
    for i in 1 2; do
        fedmrn-train -q -t1 -m w1 --images images --labels labels \
            --client $i --seed 1$i --indices rows.$((i + 2)) -o r2/$i.mrn
    done
    fedmrn-aggregate -q -m w0 r1/* r2/* --ledger L -o w2
    jq -e '[.inputs[].weight] == [12, 20, 8, 40]' L
    rm w1
    replay
}

# forge SED - change the only line, and make its hash fit
forge() {
    local text
    text=$(sed "$1" L | head -c -76)
    printf '%s,"hash":"%s"}\n' "$text" \
        "$(printf %s "$text" | b2sum -l 256 | cut -d ' ' -f 1)" >x
    mv x L
}

@test "ledger: a line that breaks its own policy does not follow" {
    small_round
    mkdir r1
    mv ./?.mrn r1
    closing 1
    cp L whole
    forge 's/"exclude":\[\]/"exclude":["3"]/'
    fails "round 1 (line 1) does not follow: client 3 counts, whom its policy excludes"
    cp whole L
    forge 's/"quorum":0/"quorum":5/'
    replay
    forge 's/"quorum":5/"quorum":6/'
    fails "round 1 (line 1) does not follow: 5 clients count, and its quorum is 6 for each of 1 rounds"
    # The model that the answers make, and no other.
    cp whole L
    local id
    id=$(fedmrn-inspect --json w1 | jq -r .id)
    rm w1
    forge "s/$id/${id//[0-9]/a}/"
    fails "round 1 (line 1) does not follow: its bundles make model $id, and the ledger says ${id//[0-9]/a}"
    cp whole L
    replay
    closing 1
    # Each round has its quorum, of several in one line, too.
    mkdir r2
    fedmrn-train -q -t1 -m w1 --images images --labels labels --client 1 \
        --seed 1 --indices rows.1 -o r2/1.mrn
    rm w1 L
    fedmrn-aggregate -q -m w0 r1/* r2/* --ledger L -o w2
    forge 's/"quorum":0/"quorum":2/'
    fails "round 2 (line 1) does not follow: 1 clients answer round 2, and its quorum is 2"
    # Who weighs less than the policy says, and a model that is damaged.
    rm -r w2 r2 L
    closing 1 --max-samples 9
    forge 's/samples:9/samples/'
    fails "round 1 (line 1) does not follow: ./r1/"
    rm w1 L
    closing 1
    flip w1 1500 >x
    mv x w1
    fails "a model that may be of a line is bad: ./w1: damaged: "
}

@test "ledger: a base with the id of a line's model, and another digest, is refused" {
    local text zeros
    small_round
    mkdir r1 r2
    mv ./?.mrn r1
    closing 1
    fedmrn-train -q -t1 -m w1 --images images --labels labels --client 1 \
        --seed 1 -o r2/1.mrn
    closing 2
    sed -n 1p L >first
    zeros=$(printf '%064d' 0)
    text=$(sed -n 2p L | head -c -76 |
        sed -E "s/(\"base\":\{[^}]*\"digest\":\")[0-9a-f]*/\1$zeros/")
    printf '%s,"hash":"%s"}\n' "$text" \
        "$(printf %s "$text" | b2sum -l 256 | cut -d ' ' -f 1)" |
        cat first - >L
    run -3 --separate-stderr fedmrn-verify --ledger L
    [ "$stderr" = "fedmrn-verify: L: line 2: no line before it made the model that it starts from" ]
}
