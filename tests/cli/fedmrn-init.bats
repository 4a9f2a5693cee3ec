load helper

net() {
    printf '%s\n' '# tiny' 'input 1x8x8' 'conv 2 3x3 pad=1' 'batchnorm' \
        'relu' 'maxpool 2' 'flatten' 'linear 4'
}

@test "init: a preset gives a safetensors file, to -o or to standard output" {
    fedmrn-init --arch mlp --input 1x8x8 --classes 4 -o w0
    fedmrn-init -a mlp --input 1x8x8 --classes 4 >w1
    cmp w0 w1
    # 8 bytes of header size, little-endian, then JSON.
    [ "$(head -c 9 w0 | tail -c 1)" = "{" ]
    grep -q '"fedmrn.seed":"0000000000000001"' w0
    grep -q '"fedmrn.arch":"input 1x8x8\\nlinear 200\\n' w0
}

@test "init: a text from a file or standard input" {
    net >net.arch
    fedmrn-init --arch net.arch -o w0
    net | fedmrn-init --arch - -o w1
    cmp w0 w1
    grep -q 'conv 2 3x3 pad=1\\nbatchnorm' w0
}

@test "init: every preset, and the same bytes each time" {
    for a in mlp lenet5 cnn4 cnn8; do
        fedmrn-init --arch "$a" --input 1x28x28 --classes 10 -o "$a"
        fedmrn-init --arch "$a" --input 1x28x28 --classes 10 | cmp - "$a"
    done
    # 391,840 floats and the header.
    [ "$(wc -c <cnn4)" -gt 1567360 ]
    [ "$(wc -c <cnn4)" -lt 1570000 ]
}

@test "init: the bytes are these on every machine" {
    net >net.arch
    fedmrn-init --arch net.arch --full-bits 32 --init normal:0.01 -o a
    fedmrn-init --arch net.arch --full-bits 32 --init kaiming -o b
    fedmrn-init --arch net.arch --full-bits 32 --init xavier -o c
    fedmrn-init --arch net.arch --full-bits 32 --init uniform --seed 0xfeed -o d
    run cksum a b c d
    [ "$output" = "$(cat <<'EOF'
3977800240 1792 a
401631686 1792 b
1346409556 1792 c
917356397 1792 d
EOF
)" ]
}

@test "init: settings are recorded in their canonical form" {
    fedmrn-init --arch mlp --input 3x2x2 --classes 2 --method fedmrns \
        --noise gaussian:0.0100 --noise-key round --dither private \
        --masking sm --epochs 3 --batch 16 --lr 1e-1 \
        --lr-schedule step:10:0.50 --momentum 0.9 --weight-decay 0.0005 \
        --mean 0.485,0.456,0.406 --std 0.25 --seed 0xFFFFFFFFFFFFFFFF -o w
    for s in method:fedmrns 'noise:gaussian:167772*2^-24' noise-key:round \
        dither:private masking:sm epochs:3 batch:16 lr:0.1 \
        lr-schedule:step:10:0.5 momentum:0.9 weight-decay:0.0005 \
        mean:0.485,0.456,0.406 std:0.25 seed:ffffffffffffffff round:0; do
        grep -qF "\"fedmrn.${s%%:*}\":\"${s#*:}\"" w || {
            echo "$s"
            return 1
        }
    done
}

@test "init: the noise's schedule and scale, left out when they do nothing" {
    p='--arch mlp --input 1x4x4 --classes 2'
    # shellcheck disable=SC2086 # several words are meant
    {
        fedmrn-init $p -o w
        fedmrn-init $p --noise-schedule constant --noise-scale fixed | cmp - w
        run -1 grep -qE 'fedmrn.noise-s' w
        fedmrn-init $p --noise bernoulli:0.05 \
            --noise-schedule geometric:12:0.02 --noise-scale update:40 -o w
        grep -qF '"fedmrn.noise-schedule":"geometric:12:335544*2^-24"' w
        grep -qF '"fedmrn.noise-scale":"update:4e+01"' w
        fedmrn-init $p --noise-schedule list:4=0.02,9=0.01 -o w
        grep -qF '"list:4=335544*2^-24,9=167772*2^-24"' w
        run -2 --separate-stderr fedmrn-init $p --noise-schedule linear:9
        [[ $stderr = *"noise-schedule: linear:9 is not constant, linear:"* ]]
        run -2 --separate-stderr fedmrn-init $p --method fedmrns \
            --noise-scale update:9
        [[ $stderr = *"--noise-scale means nothing under --method fedmrns, "* ]]
        run -2 fedmrn-init $p --method fedavg --noise-schedule linear:9:1
    }
}

@test "init: fedavg has its own defaults and no noise" {
    fedmrn-init --arch mlp --input 4 --classes 2 --method fedavg -o w
    grep -qF '"fedmrn.lr":"0.03"' w
    run -1 grep -qF fedmrn.noise w
}

@test "init: a preset needs --input and --classes, a text refuses them" {
    run -2 --separate-stderr fedmrn-init --arch cnn4 --classes 10
    [[ $stderr = "fedmrn-init: --arch cnn4 is a preset, which needs --input"* ]]
    run -2 fedmrn-init --arch cnn4 --input 1x28x28
    run -2 fedmrn-init
    net >net.arch
    run -2 --separate-stderr fedmrn-init --arch net.arch --input 1x8x8
    [[ $stderr = *"--input and --classes go with a preset"* ]]
    run -2 fedmrn-init --arch net.arch --classes 4
}

@test "init: what does not apply or is out of range is a usage error" {
    p='--arch mlp --input 1x4x4 --classes 2'
    # shellcheck disable=SC2086 # several words are meant
    {
        run -2 --separate-stderr fedmrn-init $p --method fedavg --noise uniform:1
        [[ $stderr = *"--noise means nothing under --method fedavg"* ]]
        run -2 fedmrn-init $p --method fedavg --masking psm
        run -2 --separate-stderr fedmrn-init $p --epochs 0
        [[ $stderr = *"epochs: 0 is not an integer in 1..100000"* ]]
        run -2 --separate-stderr fedmrn-init $p --mean 0,1
        [[ $stderr = *"mean: 2 values for 1 input channels"* ]]
        run -2 --separate-stderr fedmrn-init $p --init he
        [[ $stderr = *"init: he is not normal:S"* ]]
        run -2 fedmrn-init $p --method fedpn
        run -2 --separate-stderr fedmrn-init $p --method fedpm --momentum .5
        [[ $stderr = *"--momentum means nothing under --method fedpm"* ]]
        run -2 --separate-stderr fedmrn-init $p --reset never
        [[ $stderr = *"--reset means nothing under --method fedmrn"* ]]
        run -2 fedmrn-init $p --noise uniform:256
        run -2 fedmrn-init $p --seed -1
        run -2 fedmrn-init $p operand
        run -2 fedmrn-init $p --epochs 1 --epochs 1
    }
    run -2 fedmrn-init --arch mlp --input 4x4 --classes 2
    run -2 fedmrn-init --arch mlp --input 1x4x4 --classes 0
    run -2 --separate-stderr fedmrn-init --arch cnn4 --input 64 --classes 2
    [[ $stderr = *"needs an image, not a vector of 64"* ]]
    run -2 fedmrn-init --arch lenet5 --input 1x4x4 --classes 2
}

@test "init: a bad text is status 3 and named with its line, and nothing appears" {
    printf 'input 4\n\ngru 3\n' >net.arch
    run -3 --separate-stderr fedmrn-init --arch net.arch -o w0
    [ "$stderr" = "fedmrn-init: net.arch:3: gru: no such layer; fedmrn-model(5) lists them" ]
    run -3 --separate-stderr bash -c 'fedmrn-init --arch - <net.arch'
    [ "$stderr" = "fedmrn-init: <stdin>:3: gru: no such layer; fedmrn-model(5) lists them" ]
    run -3 --separate-stderr fedmrn-init --arch nowhere/net.arch -o w0
    [[ $stderr = "fedmrn-init: nowhere/net.arch: No such file"* ]]
    run -3 --separate-stderr fedmrn-init --arch cnn5 -o w0
    [[ $stderr = *"the presets are mlp, lenet5, cnn4, cnn8, conv2, conv4, conv6, conv10 and charlstm" ]]
    printf 'input 4\0linear 3\n' >net.arch
    run -3 --separate-stderr fedmrn-init --arch net.arch -o w0
    [ "$stderr" = "fedmrn-init: net.arch: not a text: it has a NUL byte" ]
    [ "$(ls)" = net.arch ]
}

@test "init: an old output survives a failure" {
    echo old >w0
    run -3 fedmrn-init --arch nothing.arch -o w0
    run -2 fedmrn-init --arch mlp -o w0
    [ "$(cat w0)" = old ]
    [ "$(ls -A)" = w0 ]
}

@test "init: a full disk is status 1" {
    [ -c /dev/full ] || skip "no /dev/full"
    run -1 bash -c 'fedmrn-init --arch mlp --input 4 --classes 2 >/dev/full'
}

@test "init: fedpm stores no weights, and refuses batch normalisation" {
    fedmrn-init --arch conv4 --input 1x28x28 --classes 10 --method fedpm -o w0
    run fedmrn-inspect w0
    [[ $output = *"masked parameters  1933258"* ]]
    [ "$(wc -c <w0)" -lt 1940000 ]
    fedmrn-init --arch conv4 --input 1x28x28 --classes 10 --method fedpm \
        --init normal -o normal
    run ! cmp -s w0 normal
    run -2 --separate-stderr fedmrn-init --arch cnn4 --input 1x28x28 \
        --classes 10 --method fedpm -o refused
    [[ $stderr = *"fedpm keeps or drops weights"*"batchnorm"* ]]
    [ ! -e refused ]
    run -2 --separate-stderr fedmrn-init --arch conv2 --input 1x28x28 \
        --classes 10 --method fedpm --init kaiming
    [[ $stderr = *"init: kaiming is not constant, uniform or normal"* ]]
}

@test "init: the server's optimizer, and what it does not know" {
    mlp() { fedmrn-init --arch mlp --input 4 --classes 2 "$@"; }
    mlp -o plain
    mlp --server-optimizer sgd --server-lr 1 | cmp - plain
    mlp --server-optimizer momentum --server-momentum 0.5 -o heavy
    fedmrn-inspect heavy | grep -E 'server-momentum +0.5$'
    run ! grep -aq server-betas heavy
    mlp --method fedavg --server-optimizer yogi --server-betas 0.8,0.9 \
        --server-eps 0.01 --server-lr 0.1 -o yogi
    grep -aq '"fedmrn.server-betas":"0.8,0.9"' yogi
    run -2 --separate-stderr mlp --server-betas 0.8,0.9 -o no
    [[ $stderr == *"option --server-betas means nothing to --server-optimizer sgd"* ]]
    run -2 --separate-stderr mlp --server-optimizer adam --server-momentum 0 -o no
    [[ $stderr == *"--server-momentum means nothing to --server-optimizer adam"* ]]
    run -2 --separate-stderr mlp --method fedpm --server-optimizer adam -o no
    [[ $stderr == *"fedpm, whose models are counts of votes, which no optimizer moves"* ]]
    run -2 --separate-stderr mlp --server-optimizer adagrad -o no
    [[ $stderr == *"adagrad is not sgd, momentum, adam or yogi"* ]]
    [ ! -e no ]
}

@test "init: a proximal term is a setting, but not under fedpm" {
    fedmrn-init --arch mlp --input 4 --classes 2 --prox 0.010 -o w
    fedmrn-inspect w | grep -E 'prox +0.01$'
    run -2 --separate-stderr fedmrn-init --arch mlp --input 4 --classes 2 \
        --method fedpm --prox 0.01 -o no
    [[ $stderr == *"fedpm, whose weights never move away from the model's"* ]]
    [ ! -e no ]
}

@test "init: goes on from a checkpoint" {
    printf '%s\n' 'input 1x4x4' 'conv 2 3x3' 'batchnorm' 'relu' 'linear 3' >net
    fedmrn-init --arch net --init kaiming --seed 7 -o a
    # Our own models are such files; the weights are those of seed 7.
    fedmrn-init --arch net --from a --seed 8 -o b
    fedmrn-init --arch net --from - --seed 8 <a | cmp - b
    fedmrn-init --arch net --init kaiming --seed 8 -o c
    run ! cmp -s b c
    fedmrn-inspect --diff a b | grep -q .
    tail -c 268 a >values
    tail -c 268 b | cmp - values
}

@test "init: a checkpoint that does not fit is named with its tensor" {
    refused() {
        run -3 --separate-stderr fedmrn-init --arch net --from "$1" -o x
        [ "$stderr" = "fedmrn-init: $1: $2" ]
        [ ! -e x ]
    }
    printf '%s\n' 'input 4' 'linear 2 nobias' >net
    printf '%s\n' 'input 3' 'linear 2 nobias' | fedmrn-init --arch - -o narrow
    printf '%s\n' 'input 4' 'linear 2' | fedmrn-init --arch - -o biased
    fedmrn-init --arch net -o a
    refused narrow "classifier.weight is 2x3; the model's is 2x4"
    refused biased "classifier.bias is no tensor of the model"
    { head -c -4 a; bytes 00 00 c0 7f; } >nan
    refused nan "classifier.weight: value 7 is not finite"
    printf '%s\n' 'input 4' 'linear 2' >net
    refused a "classifier.bias is missing: the file must have every tensor of the model"
    head -c -1 a >short
    run -3 fedmrn-init --arch net --from short -o x
    run -3 fedmrn-init --arch net --from net -o x
    run -3 fedmrn-init --arch net --from nowhere -o x
    run -2 --separate-stderr fedmrn-init --arch net --from a --method fedpm -o x
    [[ $stderr == *"whose weights follow from the seed and never change"* ]]
    run -2 fedmrn-init --arch net --from a --init kaiming -o x
    run -2 fedmrn-init --arch - --from - -o x
    [ ! -e x ]
}
