# Texts as data: plain, and as LEAF's JSON.
load helper

# story - a text that repeats itself
story() {
    # shellcheck disable=SC2046 # one word a line is meant
    printf 'the quick brown fox jumps over the lazy dog.%.0s\n' $(seq 12)
}

# leaf N... - LEAF's JSON of users u0, u1 ... with N samples of 8 characters
leaf() {
    jq -cn '$ARGS.positional | map(tonumber) as $n |
        ("the quick brown fox jumps over the lazy dog. " * 3) as $t |
        [range($n | length)] |
        {users: map("u\(.)"), num_samples: $n,
         user_data: map({key: "u\(.)", value: {
             x: [range($n[.]) | $t[.:. + 8]],
             y: [range($n[.]) | $t[. + 8:. + 9]]}}) | from_entries}' \
        --args "$@"
}

# net [OPTION]... - a small model that reads 8 characters
net() {
    printf '%s\n' 'input 8' 'embedding 80 4' 'lstm 16' 'linear 80' |
        fedmrn-init --arch - --init uniform --batch 16 --epochs 4 --lr 3 "$@" \
            -o w0
}

@test "text: a text that repeats is learnt, by each method" {
    local m
    story >t
    for m in fedavg fedmrn fedmrns; do
        if [ $m = fedavg ]; then
            net --method $m
        else
            net --method $m --noise uniform:0.5
        fi
        fedmrn-train -m w0 --text t --epochs 40 --client a -s 1 -q -o a.mrn
        fedmrn-aggregate -m w0 a.mrn -o w1
        fedmrn-eval -q -m w1 --text t >got
        # No character is more than 8 of 45.
        awk '{exit !($2 > 0.3 && $6 == 532)}' got || { cat got; false; }
    done
}

@test "text: threads and checkpoints do not change the answer, nor does gzip" {
    story >t
    gzip -k t
    net --noise uniform:0.1
    fedmrn-train -m w0 --text t --step 3 --client a -s 1 -q -t 1 -o a.mrn
    fedmrn-train -m w0 --text - --step 3 --client a -s 1 -q -t 3 -o b.mrn <t
    fedmrn-train -m w0 --text t.gz --step 3 --client a -s 1 -q -o c.mrn \
        --checkpoint c --checkpoint-every 0
    cmp a.mrn b.mrn
    cmp a.mrn c.mrn
    [ "$(fedmrn-inspect -j a.mrn | jq .samples)" = 178 ]
}

@test "text: fedpm is refused, its weights never change" {
    run -2 --separate-stderr net --method fedpm
    [ ! -e w0 ]
    run -2 --separate-stderr fedmrn-init --arch charlstm --input 80 \
        --classes 80 --method fedpm -o w0
    [[ $stderr = *"cannot train features.0.weight of an embedding"* ]]
    [ ! -e w0 ]
}

@test "text: LEAF's users are clients" {
    leaf 20 3 40 | gzip >l.json.gz
    fedmrn-split --leaf l.json.gz --scheme natural --min-rows 10 -o parts
    [ "$(find parts -type f | sort | tr '\n' ' ')" = "parts/0 parts/1 " ]
    cmp parts/0 <(echo "# u0"; seq 0 19)
    cmp parts/1 <(echo "# u2"; seq 23 62)
    cmp <(fedmrn-split --leaf l.json.gz --scheme natural | tail -n 1) \
        <(printf '2\t62\n')
    net --noise uniform:0.1
    fedmrn-train -m w0 --leaf l.json.gz --indices parts/1 --client 1 -q -o a.mrn
    [ "$(fedmrn-inspect -j a.mrn | jq .samples)" = 40 ]
    fedmrn-aggregate -m w0 a.mrn -o w1
    [[ $(fedmrn-eval -q -m w1 --leaf l.json.gz) = *" samples 63" ]]
    fedmrn-split --leaf l.json.gz --scheme iid --clients 9 -o nine
    [ "$(cat nine/* | sort -n | uniq | wc -l)" = 63 ]
}

@test "text: a text is split by its samples" {
    story >t
    fedmrn-split --text t --window 8 --step 7 --scheme iid --clients 2 >got
    [ "$(wc -l <got)" = 76 ]
    fedmrn-split --text t --scheme labels:0.5 --clients 4 >got
    [ "$(wc -l <got)" = 460 ]
}

@test "text: what is no such file is status 3, and says where" {
    net
    train() { run -3 --separate-stderr fedmrn-train -m w0 --client a -o a.mrn "$@"; }
    printf 'too sho' >t
    train --text t
    [ "$stderr" = "fedmrn-train: t: 7 characters, but a sample takes 8 and the one that follows" ]
    printf 'a\nb\0c' >t
    train --text t
    [ "$stderr" = "fedmrn-train: t: line 2: not a text: a NUL byte" ]
    train --text nowhere
    [ "$stderr" = "fedmrn-train: nowhere: No such file or directory" ]
    leaf 2 | sed 's/"x":\["/"x":["y/' >l
    train --leaf l
    [ "$stderr" = "fedmrn-train: l: user 'u0': x 0 is not a text of 8 characters" ]
    leaf 2 | head -c 60 >l
    train --leaf l
    [[ $stderr = "fedmrn-train: l: LEAF: byte "* ]]
    fedmrn-init --arch mlp --input 8 --classes 80 -o w0
    story >t
    train --text t
    [ "$stderr" = "fedmrn-train: t: characters are for a network that begins with an embedding" ]
    [ ! -e a.mrn ]
}

@test "text: tokens of a file of numbers are used as they are, and checked" {
    printf '%s\n' 'input 4' 'embedding 10 3' 'lstm 5 layers=2' 'linear 4' |
        fedmrn-init --arch - --batch 4 --epochs 1 -o w0
    idx 8 4 -- 1 2 3 9 0 >images
    idx 8 -- 0 1 2 3 >labels
    fedmrn-train -m w0 --images images --labels labels --client a -q -o a.mrn
    idx 8 4 -- 1 2 3 10 0 >images
    run -3 --separate-stderr fedmrn-train -m w0 --images images \
        --labels labels --client a -o b.mrn
    [ "$stderr" = "fedmrn-train: images: value 10 of sample 0 is not below the model's 10 tokens" ]
    [ ! -e b.mrn ]
}

@test "text: usage errors are status 2" {
    net
    story >t
    train() { run -2 --separate-stderr fedmrn-train -m w0 --client a -o a.mrn "$@"; }
    train --text t --leaf t
    [[ $stderr = *"options --text and --leaf: one is enough"* ]]
    train --text t --images t
    [[ $stderr = *"options --text and --images: one is enough"* ]]
    train --leaf t --labels t
    [[ $stderr = *"options --leaf and --labels: the first has its own labels"* ]]
    train --leaf t --step 2
    [[ $stderr = *"option --step: needs --text"* ]]
    train --text t --step 0
    [[ $stderr = *"option --step: "* ]]
    split() { run -2 --separate-stderr fedmrn-split "$@"; }
    split --text t --scheme natural
    [[ $stderr = *"natural needs --leaf"* ]]
    split --leaf t --scheme natural --clients 3
    [[ $stderr = *"option --clients means nothing under natural"* ]]
    split --leaf t --scheme natural --seed 3
    [[ $stderr = *"option --seed means nothing under natural"* ]]
    split --leaf t --scheme iid --clients 3 --window 3
    [[ $stderr = *"option --window: needs --text"* ]]
    [ ! -e a.mrn ]
}

@test "text: tokens are not normalised, and who asks for it is told" {
    net
    story >t
    for o in --mean --std; do
        run -2 --separate-stderr net $o 0.5
        [[ $stderr = *"option $o means nothing to a network of tokens"* ]]
        net
        run -2 --separate-stderr fedmrn-train -m w0 --text t --client a \
            $o 0.5 -o no
        [[ $stderr = *"option $o means nothing to a network of tokens"* ]]
        run -2 --separate-stderr fedmrn-eval -m w0 --text t $o 0.5
        [[ $stderr = *"option $o means nothing to a network of tokens"* ]]
    done
    [ ! -e no ]
}
