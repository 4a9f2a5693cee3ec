# Signed bundles and the roster, as a round's people use them; minisign(1) makes
# the keys, and checks what fedmrn-pack signs.
load helper
load round

# client NAME - a key for a client, without a password: NAME.key, NAME.pub
client() {
    minisign -G -f -W -s "$1.key" -p "$1.pub" >/dev/null </dev/null
}

# listed NAME [SAMPLES] - its line in the roster
listed() {
    echo "$1 $(tail -n 1 "$1.pub") ${2:-100}"
}

# Clients 1 and 2 have keys and are in the roster; their answers are a.mrn (12
# samples) and b.mrn (20), signed by minisign itself.
signed_round() {
    small_round
    rm c.mrn d.mrn e.mrn
    client 1
    client 2
    { echo "# two clients"; listed 1; listed 2; } >roster
    minisign -S -s 1.key -m a.mrn -x a.mrn.minisig
    minisign -S -s 2.key -m b.mrn -x b.mrn.minisig
}

# refused REASON - what b.mrn is refused for, by fedmrn-verify and
# fedmrn-aggregate
refused() {
    run --separate-stderr -3 fedmrn-verify --roster roster a.mrn b.mrn
    [ "$output" = "a.mrn: ok" ]
    echo "$stderr" >&2
    [ "${stderr_lines[0]}" = "fedmrn-verify: b.mrn: $1" ]
    [ "${stderr_lines[1]}" = "fedmrn-verify: 1 of 2 files is bad" ]
    run --separate-stderr -3 fedmrn-aggregate -q -m w0 --roster roster \
        a.mrn b.mrn -o w1
    echo "$stderr" >&2
    [ "$stderr" = "fedmrn-aggregate: b.mrn: $1" ]
    [ ! -e w1 ]
}

# key_id NAME - as minisign prints it
key_id() {
    sed -n '1s/.*key //p' "$1.pub"
}

@test "roster: bundles that minisign signed pass, and make the same model" {
    signed_round
    fedmrn-aggregate -m w0 a.mrn b.mrn -o plain
    fedmrn-aggregate -m w0 --roster roster a.mrn b.mrn -o w1
    cmp plain w1
    fedmrn-verify --roster roster a.mrn b.mrn >out
    [ "$(cat out)" = "$(printf 'a.mrn: ok\nb.mrn: ok')" ]
    # In minisign's older form, too.
    minisign -S -l -s 2.key -m b.mrn -x b.mrn.minisig
    fedmrn-verify -q --roster roster a.mrn b.mrn
}

@test "roster: whoever did not sign, or may not, is refused with the reason" {
    signed_round
    id=$(key_id 2)

    mv b.mrn.minisig good
    refused "no signature: there is no b.mrn.minisig"

    : >b.mrn.minisig
    refused "no signature: b.mrn.minisig has 0"

    { sed -n 1p good; echo "not a signature"; sed -n 3,4p good; } >b.mrn.minisig
    refused "b.mrn.minisig: line 2: not the base64 of a signature"

    # A signature of zeros by a key that is known: "ED", its id, 64 zeros.
    {
        sed -n 1p good
        { sed -n 2p good | base64 -d | head -c 10; head -c 64 /dev/zero; } |
            base64 -w 0
        echo
        sed -n 3,4p good
    } >b.mrn.minisig
    refused "key $id of client 2: the signature is all zeros"

    sed '3s/timestamp/Timestamp/' good >b.mrn.minisig
    refused "key $id of client 2: the signature's trusted comment was changed \
after it was signed"

    cp a.mrn.minisig b.mrn.minisig
    refused "key $(key_id 1) of client 1: the signature does not hold: these \
are not the bytes that were signed"

    minisign -S -s 1.key -m b.mrn -x b.mrn.minisig
    refused "says it is from client 2, but client 1 signed it"

    client stranger
    minisign -S -s stranger.key -m b.mrn -x b.mrn.minisig
    refused "signed with key $(key_id stranger), which is not in the roster"

    cp good b.mrn.minisig
    { listed 1; listed 2 revoked; } >roster
    refused "signed with key $id of client 2, which is revoked"

    { listed 1; listed 2 19; } >roster
    refused "claims 20 samples; the roster allows client 2 19"
    { listed 1; listed 2 20; } >roster
    fedmrn-verify -q --roster roster a.mrn b.mrn

    # Changed after it was signed; without a roster only the damage shows.
    flip b.mrn 500 >x
    mv x b.mrn
    refused "key $id of client 2: the signature does not hold: these are not \
the bytes that were signed"
}

@test "roster: who forges a bundle, checksum and all, is refused" {
    signed_round
    # Client 3's answer is good, and signed, under the name of client 2.
    answer 3 c.mrn --indices rows.3
    cp c.mrn b.mrn
    fedmrn-verify -q -m w0 b.mrn
    refused "key $(key_id 2) of client 2: the signature does not hold: these \
are not the bytes that were signed"
}

@test "roster: a client whose key was replaced" {
    signed_round
    cp 2.pub old.pub
    cp b.mrn.minisig old.minisig
    client 2
    { listed 1; echo "2 $(tail -n 1 old.pub) revoked"; listed 2; } >roster
    refused "signed with key $(key_id old) of client 2, which is revoked"
    minisign -S -s 2.key -m b.mrn -x b.mrn.minisig
    fedmrn-aggregate -q -m w0 --roster roster a.mrn b.mrn -o w1
}

@test "roster: streams have their signatures in a file" {
    signed_round
    fedmrn-aggregate -m w0 a.mrn b.mrn -o w1
    cat a.mrn.minisig b.mrn.minisig >sigs
    cat a.mrn b.mrn | fedmrn-aggregate -m w0 --roster roster \
        --signatures sigs - | cmp - w1
    cat a.mrn b.mrn | fedmrn-verify -q --roster roster --signatures sigs

    run -2 --separate-stderr fedmrn-aggregate -m w0 --roster roster - -o x
    [[ "$stderr" == *"--signatures FILE"* ]]
    run -2 fedmrn-aggregate -m w0 --signatures sigs - -o x
    run -2 fedmrn-aggregate -m w0 --roster roster --signatures sigs a.mrn b.mrn
    run -2 fedmrn-verify --roster roster --signatures - -
    run -2 fedmrn-verify --roster - --signatures sigs -
    [ ! -e x ]
    # One left over, or one too few: a bundle came or went on the way.
    run -3 --separate-stderr fedmrn-verify --roster roster \
        --signatures sigs a.mrn
    [[ "$stderr" == *"a.mrn: sigs has more signatures than there are bundles \
here, 1: is one missing?"* ]]
    run -3 --separate-stderr bash -c 'cat a.mrn b.mrn | fedmrn-aggregate -q \
        -m w0 --roster roster --signatures a.mrn.minisig - -o x'
    [[ "$stderr" == *"no signature: a.mrn.minisig has only 1"* ]]
    [ ! -e x ]
}

@test "roster: partial sums and models have no signature" {
    signed_round
    fedmrn-aggregate -m w0 --partial a.mrn b.mrn -o sum
    run -3 --separate-stderr fedmrn-aggregate -q -m w0 --roster roster sum
    [ "$stderr" = "fedmrn-aggregate: sum: a partial sum: of the bundles in it \
no signature can be checked; give the bundles" ]
    run -3 --separate-stderr fedmrn-verify --roster roster w0
    [[ "$stderr" == *"w0: a model: with a roster only bundles pass"* ]]
}

@test "roster: each wrong line is named, and nothing of it reaches a terminal" {
    signed_round
    local esc key
    esc=$(printf '\033[31m')
    key=$(tail -n 1 2.pub)
    while IFS='|' read -r line reason; do
        { listed 1; printf '%b\n' "$line"; } >roster
        run -3 --separate-stderr fedmrn-verify --roster roster a.mrn
        echo "$stderr" >&2
        [[ "$stderr" == "fedmrn-verify: roster: line 2: $reason"* ]]
        [[ "$stderr" != *"$esc"* ]]
        run -3 fedmrn-aggregate -m w0 --roster roster a.mrn -o w1
        [ ! -e w1 ]
    done <<EOF
1 $key 5|the client has a key already, in line 1
2 $(tail -n 1 1.pub) 5|the same key as in line 1
2\\033[31m $key 5|'2?[31m' is not a client id
2 ${key}A 5|not a public key
2 ${key/RW/xx} 5|not a public key: its algorithm is
2 $key|a line is a client, its key, and its most samples
2 $key 0|'0' is neither a number of samples
2 $key \\r|a line is a client
EOF
    run -3 --separate-stderr fedmrn-verify --roster /dev/null a.mrn
    [[ "$stderr" == *"no client has a key in force"* ]]
    run -3 --separate-stderr fedmrn-verify --roster nosuch a.mrn
    [[ "$stderr" == *"nosuch: No such file"* ]]
}

@test "roster: weights by roster, and the limits of who claims too much" {
    signed_round
    { listed 1 12; listed 2 20; } >roster
    fedmrn-aggregate -m w0 a.mrn b.mrn -o by-samples
    fedmrn-aggregate -m w0 --roster roster --weights roster a.mrn b.mrn \
        -o by-roster
    cmp by-samples by-roster
}

# --- fedmrn-pack --sign ---------------------------------------------------

# A key that minisign 0.11 reads, with the password "open sesame" and the least
# work that scrypt knows: the usual key takes a gigabyte and seconds.
cheap_key() {
    cat >cheap.key <<'EOF'
untrusted comment: minisign encrypted secret key
RWRTY0IyAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AgAAAAAAAAAAAAAEAAAAAAgEpkZopp9LMzGXbIDcsiJDjz3HV8VNpyhLT8QWq8EuHtiySCh2gxya1VX9o5d2mYRTZcsiEe+QXx1k+lwj4pGslT2lIMT2Xsh/gMxftZ+R6sLyBWZjlmkyuja4m7Uskpo1pUIUgqJ8=
EOF
    cat >cheap.pub <<'EOF'
untrusted comment: minisign public key 14F1100A4D37F270
RWRw8jdNChDxFJwXBhOXZWQlytrVYz8uuf5Z3LNzEt037z54QOcjgp5Y
EOF
}

@test "sign: minisign verifies what fedmrn-pack signs, comment and all" {
    small_round
    client 1
    fedmrn-pack -q -m w0 --sign 1.key a.mrn -o x.mrn
    fedmrn-pack -q -m w0 a.mrn | cmp - x.mrn
    run -0 minisign -V -p 1.pub -m x.mrn
    id=$(fedmrn-inspect a.mrn | sed -n 's/^ *id  *//p')
    [[ "$output" == *"Trusted comment: client:1	round:1	bundle:$id"* ]]
    run -0 minisign -V -H -Q -p 1.pub -m x.mrn
    # From a stream, and again: the same, to the byte.
    cp x.mrn.minisig old
    fedmrn-pack -q -m w0 --sign 1.key <a.mrn -o x.mrn
    cmp old x.mrn.minisig
    minisign -V -q -p 1.pub -m x.mrn
    listed 1 >roster
    fedmrn-aggregate -q -m w0 --roster roster x.mrn -o w1
    fedmrn-aggregate -q -m w0 a.mrn | cmp - w1
    # And minisign sees what was changed since.
    flip x.mrn 300 >y.mrn
    run ! minisign -V -q -p 1.pub -m y.mrn -x x.mrn.minisig
}

@test "sign: a key with a password, from a file and by hand" {
    small_round
    cheap_key
    echo "open sesame" >word
    fedmrn-pack -q --sign cheap.key --password-file word a.mrn -o x.mrn
    minisign -V -q -p cheap.pub -m x.mrn
    # Whatever follows the first line is not read; a file need not be one.
    printf 'open sesame\r\nand more' |
        fedmrn-pack -q --sign cheap.key --password-file - a.mrn -o y.mrn
    cmp x.mrn.minisig y.mrn.minisig
    rm x.mrn x.mrn.minisig

    echo "open barley" >word
    run -3 --separate-stderr fedmrn-pack -q --sign cheap.key \
        --password-file word a.mrn -o x.mrn
    [ "$stderr" = "fedmrn-pack: cheap.key: wrong password for this key" ]
    run -3 --separate-stderr fedmrn-pack -q --sign cheap.key \
        --password-file nosuch a.mrn -o x.mrn
    [[ "$stderr" == *"nosuch: No such file or directory" ]]
    head -c 2000 /dev/zero | tr '\0' a >word
    run -3 --separate-stderr fedmrn-pack -q --sign cheap.key \
        --password-file word a.mrn -o x.mrn
    [[ "$stderr" == *"word: too long for a password" ]]
    run -3 --separate-stderr setsid -w fedmrn-pack -q --sign cheap.key \
        a.mrn -o x.mrn
    [ "$stderr" = "fedmrn-pack: cheap.key: the secret key has a password, and \
there is no terminal to ask for it: give --password-file FILE" ]
    [ ! -e x.mrn ]
    [ ! -e x.mrn.minisig ]
}

# typing LINE... - sign with a key that asks, and type these at a terminal; what
# it shows
typing() {
    python3 - "$@" <<'EOF'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("fedmrn-pack", ["fedmrn-pack", "-q", "--sign", "cheap.key",
                              "a.mrn", "-o", "x.mrn"])
seen, answers = b"", [a.encode() + b"\n" for a in sys.argv[1:]]
asked = len(answers)
while True:
    try:
        more = os.read(fd, 1000)
    except OSError:
        break
    if not more:
        break
    seen += more
    while answers and seen.count(b"secret key: ") > asked - len(answers):
        os.write(fd, answers.pop(0))
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF
}

@test "sign: the terminal asks, shows nothing, and asks again" {
    small_round
    cheap_key
    # Wrong once, then right; what is typed must not come back.
    typing "open barley" "open sesame" >log
    minisign -V -q -p cheap.pub -m x.mrn
    grep -q "wrong password for this key" log
    run ! grep -q -e barley -e sesame log
    run -3 typing ""
    [[ "$output" == *"cheap.key: no password was given"* ]]
    run -3 typing "$(printf %02000d 0)"
    [[ "$output" == *"cheap.key: too long for a password"* ]]
}

@test "sign: a key that minisign encrypted, with all the work it takes" {
    mem=$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)
    [ "${mem:-0}" -gt 2500000 ] || skip "less than 2.5 GB of memory"
    small_round
    printf 'a word\na word\n' |
        minisign -G -f -s 1.key -p 1.pub >/dev/null 2>&1
    echo "a word" >word
    fedmrn-pack -q --sign 1.key --password-file word a.mrn -o x.mrn
    minisign -V -q -p 1.pub -m x.mrn
}

@test "sign: what is no key, or a pair that cannot be written" {
    small_round
    client 1
    run -3 --separate-stderr fedmrn-pack -q --sign 1.pub a.mrn -o x.mrn
    [[ "$stderr" == *"1.pub: not a minisign secret key:"*"public key" ]]
    run -3 --separate-stderr fedmrn-pack -q --sign a.mrn a.mrn -o x.mrn
    [[ "$stderr" == *"a.mrn: not a minisign secret key"* ]]
    run -3 --separate-stderr fedmrn-pack -q --sign nosuch a.mrn -o x.mrn
    [[ "$stderr" == *"nosuch: No such file or directory" ]]
    run -3 --separate-stderr fedmrn-pack -q --sign 1.key -o x.mrn \
        < <(cat a.mrn b.mrn)
    [[ "$stderr" == *"--sign: 2 bundles, but it signs one"* ]]
    mkdir x.mrn.minisig
    run -3 --separate-stderr fedmrn-pack -q --sign 1.key a.mrn -o x.mrn
    [[ "$stderr" == *"x.mrn.minisig: Is a directory" ]]
    rmdir x.mrn.minisig
    run -3 fedmrn-pack -q --sign 1.key a.mrn -o /dev/null
    run -2 fedmrn-pack -q --sign 1.key a.mrn
    run -2 fedmrn-pack -q --sign 1.key a.mrn -o -
    run -2 fedmrn-pack -q --sign 1.key a.mrn b.mrn -o x.mrn
    run -2 fedmrn-pack -q --password-file word a.mrn -o x.mrn
    run -2 fedmrn-pack -q --sign - -o x.mrn
    # Not over the key.
    cp 1.key x.minisig
    run -2 fedmrn-pack -q --sign x.minisig a.mrn -o ./x.minisig
    run -2 fedmrn-pack -q --sign ./x.minisig a.mrn -o x
    cmp 1.key x.minisig
    [ ! -e x.mrn ]
    [ ! -e x.mrn.minisig ]
    [ -z "$(find . -name '*.tmp')" ]
}

@test "sign: the bundle has its name last, and both are whole or neither is" {
    small_round
    client 1
    need_strace
    strace -f -e trace=rename,fsync -o log \
        fedmrn-pack -q --sign 1.key a.mrn -o x.mrn
    # Both are on the disk before either has a name, the signature's first.
    [ "$(sed -n 's/.*rename(.*, "\(.*\)").*/\1/p' log | tr '\n' ' ')" = \
        "x.mrn.minisig x.mrn " ]
    [ "$(sed -n 's/^[0-9]* *\([a-z]*\)(.*/\1/p' log | tr '\n' ' ')" = \
        "fsync fsync rename fsync rename fsync " ]
    # The second name fails: the first is taken back.
    rm x.mrn x.mrn.minisig
    run -1 strace -f -o log -e trace=rename \
        -e inject=rename:error=EIO:when=2 \
        fedmrn-pack -q --sign 1.key a.mrn -o x.mrn
    [ ! -e x.mrn ]
    [ ! -e x.mrn.minisig ]
    run -1 strace -f -o log -e trace=rename \
        -e inject=rename:error=EIO:when=1 \
        fedmrn-pack -q --sign 1.key a.mrn -o x.mrn
    [ ! -e x.mrn ]
    [ ! -e x.mrn.minisig ]
    # The directory cannot be synced: after the first name, after both.
    run -1 strace -f -o log -e trace=fsync -e inject=fsync:error=EIO:when=3 \
        fedmrn-pack -q --sign 1.key a.mrn -o x.mrn
    [ ! -e x.mrn ]
    [ ! -e x.mrn.minisig ]
    run -1 strace -f -o log -e trace=fsync -e inject=fsync:error=EIO:when=4 \
        fedmrn-pack -q --sign 1.key a.mrn -o x.mrn
    minisign -V -q -p 1.pub -m x.mrn
    rm x.mrn x.mrn.minisig
    [ -z "$(find . -name '*.tmp')" ]
}

# --- Round files ----------------------------------------------------------

@test "round files keep their bundles' bytes, and the signatures beside them" {
    signed_round
    fedmrn-aggregate -q -m w0 a.mrn b.mrn -o w1
    fedmrn-pack -q a.mrn b.mrn -o r1.mrn
    cat a.mrn.minisig b.mrn.minisig | cmp - r1.mrn.sigs
    # The very bytes, behind the index; with the model too, which would code.
    tail -c "$(cat a.mrn b.mrn | wc -c)" r1.mrn | cmp - <(cat a.mrn b.mrn)
    fedmrn-pack -q -m w0 a.mrn b.mrn | cmp - r1.mrn
    fedmrn-verify -q --roster roster r1.mrn
    fedmrn-aggregate -q -m w0 --roster roster r1.mrn | cmp - w1
    # A round file of round files, and one bundle of its own.
    mkdir more
    fedmrn-pack -q r1.mrn -o more/r1.mrn
    cmp r1.mrn more/r1.mrn
    cmp r1.mrn.sigs more/r1.mrn.sigs
    fedmrn-pack -q a.mrn -o more/a.mrn
    cmp a.mrn more/a.mrn
    cmp a.mrn.minisig more/a.mrn.minisig
    # To a stream they cannot follow, which is said.
    run -0 --separate-stderr bash -c 'fedmrn-pack a.mrn b.mrn | cmp - r1.mrn'
    [[ "$stderr" == *"the signatures stay behind"* ]]

    # Signatures in another order, one missing, none.
    cat b.mrn.minisig a.mrn.minisig >r1.mrn.sigs
    run -3 --separate-stderr fedmrn-verify --roster roster r1.mrn
    [[ "$stderr" == *"r1.mrn: item at byte "*" client 2: the signature does not \
hold"* ]]
    cp a.mrn.minisig r1.mrn.sigs
    run -3 --separate-stderr fedmrn-verify --roster roster r1.mrn
    [[ "$stderr" == *"no signature: r1.mrn.sigs has only 1"* ]]
    rm r1.mrn.sigs
    run -3 --separate-stderr fedmrn-verify --roster roster r1.mrn
    [[ "$stderr" == *"no signature: there is no r1.mrn.sigs"* ]]
}

@test "round files: a signature that is damaged costs one client" {
    signed_round
    client 3
    listed 3 >>roster
    answer 3 c.mrn --indices rows.3
    minisign -S -s 3.key -m c.mrn -x c.mrn.minisig
    fedmrn-aggregate -q -m w0 a.mrn c.mrn -o w1
    fedmrn-pack -q a.mrn b.mrn c.mrn -o r1.mrn
    for edit in 6s/^./!/ 5s/u/U/ 7d '8s/.$/\n/' 6,8d; do
        {
            cat a.mrn.minisig
            cat a.mrn.minisig b.mrn.minisig | sed "$edit" | tail -n +5
            cat c.mrn.minisig
        } >r1.mrn.sigs
        run -0 --separate-stderr fedmrn-aggregate -q -m w0 --roster roster \
            --quorum 2 r1.mrn -o x
        echo "$edit: $stderr"
        cmp x w1
        [ ${#stderr_lines[@]} = 1 ]
        run -3 fedmrn-aggregate -q -m w0 --roster roster r1.mrn -o no
    done
}

@test "round files: all are signed, or none" {
    signed_round
    answer 3 c.mrn --indices rows.3
    run -3 --separate-stderr fedmrn-pack -q a.mrn c.mrn -o r1.mrn
    [ "$stderr" = "fedmrn-pack: c.mrn: no signature beside it, but a.mrn has \
one: sign all, or move the signatures away" ]
    run -3 --separate-stderr bash -c \
        'fedmrn-pack -q a.mrn - -o r1.mrn <b.mrn'
    [[ "$stderr" == *"<stdin>: no signature beside it, but a.mrn has one"* ]]
    run -3 --separate-stderr fedmrn-pack -q --coder raw a.mrn b.mrn -o r1.mrn
    [[ "$stderr" == *"is signed, and coding it again would change"* ]]
    [ ! -e r1.mrn ]
    [ ! -e r1.mrn.sigs ]
    rm a.mrn.minisig b.mrn.minisig
    fedmrn-pack -q a.mrn b.mrn c.mrn -o r1.mrn
    [ ! -e r1.mrn.sigs ]
    # What would be left of an older signature is named.
    client 1
    fedmrn-pack -q --sign 1.key a.mrn -o x.mrn
    run -0 --separate-stderr fedmrn-pack b.mrn -o x.mrn
    [[ "$stderr" == *"x.mrn: the signature beside it is of what was there \
before"* ]]
}

@test "ledger: a round closed under another roster is noticed" {
    signed_round
    fedmrn-aggregate -q -m w0 --roster roster a.mrn b.mrn --ledger L -o w1
    [ "$(jq -r .policy.roster L)" = "$(b2sum -l 256 <roster | cut -d ' ' -f 1)" ]
    fedmrn-verify -q --ledger L --dir . --roster roster
    sed 's/ 100$/ 99/' roster >other
    run -3 --separate-stderr fedmrn-verify --ledger L --dir . --roster other
    [[ "$stderr" = "fedmrn-verify: L: line 1: closed under the roster "*"..., and other is "* ]]
    # The same command is the same line; with another roster it is another.
    cp L before
    fedmrn-aggregate -q -m w0 --roster roster a.mrn b.mrn --ledger L -o w1
    cmp L before
    fedmrn-aggregate -q -m w0 --roster other a.mrn b.mrn --ledger L -o w1
    [ "$(wc -l <L)" = 2 ]
    rm L
    fedmrn-aggregate -q -m w0 a.mrn b.mrn --ledger L -o w1
    run -3 --separate-stderr fedmrn-verify --ledger L --roster roster
    [[ "$stderr" = "fedmrn-verify: L: line 1: names no roster" ]]
    # A ledger that only says so: who has not signed does not count.
    rm w1
    text=$(sed "s/\"policy\":{/&\"roster\":\"$(b2sum -l 256 <roster | cut -d ' ' -f 1)\",/" L |
        head -c -76)
    printf '%s,"hash":"%s"}\n' "$text" \
        "$(printf %s "$text" | b2sum -l 256 | cut -d ' ' -f 1)" >L
    fedmrn-aggregate -q -m w0 a.mrn b.mrn -o w1
    fedmrn-verify -q --ledger L --dir . --roster roster
    mkdir away
    mv a.mrn.minisig away
    fedmrn-verify -q --ledger L --dir .
    run -3 --separate-stderr fedmrn-verify --ledger L --dir . --roster roster
    [[ "$stderr" = "fedmrn-verify: L: round 1 (line 1) does not follow: bundle "*" of client "*" is not in . (there is a bad file: ./a.mrn: no signature: there is no ./a.mrn.minisig)" ]]
    # Under a quorum a bad signature in a round file is its bundle's alone.
    mv away/* .
    fedmrn-pack -q a.mrn b.mrn -o round
    mv a.mrn b.mrn away
    minisign -S -s 1.key -m w0 -x other.minisig
    cat other.minisig b.mrn.minisig >round.sigs
    rm L w1
    fedmrn-aggregate -q -m w0 --roster roster --quorum 1 round --ledger L -o w1
    fedmrn-verify -q --ledger L --dir . --roster roster
}
