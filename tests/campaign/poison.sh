#!/usr/bin/env bash
# poison.sh: of 20 clients 1 to 10 send the opposite of what they learned.
#
# Survived, for each client: up to 40 % of liars --report flags it if it lies,
# with a score below 0 and below every honest one's, and else does not; the
# round without the flagged, by --exclude, gives the very model of the honest
# ones.  With half of all lying nobody can tell which half.
. "$(dirname "$0")/lib.bash"

clients=20

# flagged REPORT - who is, one a line
flagged() {
    jq -r '.rounds[].answers[] | select(.outlier) | .client' "$1" | sort
}

# found LIARS - how many of the clients are what the report says they are
found() {
    {
        for ((k = 0; k < clients; k++)); do
            [ "$k" -ge "$1" ] || echo l$k
        done | sort
        flagged report
    } | sort | uniq -u | wc -l
}

# apart - is the best liar's score below 0 and the worst honest one's?
apart() {
    jq -e '[.rounds[].answers[] | {c: .client[:1], a: .agreement}] |
        ([.[] | select(.c == "l") | .a] | max) as $liar |
        ([.[] | select(.c == "h") | .a] | min) as $honest |
        $liar < 0 and $liar < $honest and $honest > 0' report
}

# without - does the round without the flagged give what the honest ones give?
without() {
    local who exclude=()
    for who in $(flagged report); do exclude+=(--exclude "$who"); done
    fedmrn-aggregate -q -m w0 "${exclude[@]}" r/*.mrn -o w1.out 2>/dev/null
    fedmrn-aggregate -q -m w0 r/h*.mrn | cmp -s - w1.out
}

# one COMMAND... - is it so?
one() {
    if "$@" >/dev/null; then count 1 1; else count 1 0; fi
}

# attack METHOD LIARS - one round
attack() {
    local method=$1 liars=$2 wrong
    rm -rf r
    mkdir r
    poison w0 $clients "$liars" r
    fedmrn-aggregate -q -m w0 --report report r/*.mrn -o w1
    if [ "$liars" -eq $((clients / 2)) ]; then
        # Twins: no sign of the scores tells one half from the other.
        one jq -e '[.rounds[].answers[].agreement | fabs] | max < 60' report
        return 0
    fi
    wrong=$(found "$liars")
    count $clients $((clients - wrong)) "$method, $liars of $clients"
    one apart
    one without
}

# blind - does the report miss a liar who says what the others say?
blind() {
    rm -rf r
    mkdir r
    poison w0 $clients 0 r
    fedmrn-aggregate -q -m w0 --report report r/*.mrn -o w1
    [ "$(found 1)" = 0 ]
}

for method in fedmrn fedmrns; do
    printf '%s\n' 'input 50' 'linear 200' 'relu' 'linear 5' |
        fedmrn-init --arch - --method $method --noise uniform:0.05 -o w0
    for liars in 1 2 4 6 8 10; do attack $method $liars; done
done
control 'a liar who does not lie' blind
verdict 200
