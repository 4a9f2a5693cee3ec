load helper

# model [OPTION]... - a small network for tiny_data in the file w0
model() {
    [[ "$*" = *fedavg* ]] || set -- --noise uniform:0.05 "$@"
    printf '%s\n' 'input 1x8x8' 'conv 8 3x3 pad=1 nobias' batchnorm relu \
        'maxpool 2' 'linear 4' |
        fedmrn-init --arch - --init uniform --epochs 3 --batch 20 \
            --lr 0.3 --mean 0.4 --std 0.25 --seed 7 "$@" -o w0
}

train() {
    fedmrn-train --model w0 --images images --labels labels --client a "$@"
}

# refuse STATUS MESSAGE OPTION... - train fails so, and leaves no bundle
refuse() {
    local status=$1 message=$2
    shift 2
    run "-$status" --separate-stderr fedmrn-train -o out.mrn "$@"
    echo "$stderr"
    [[ "$stderr" = "fedmrn-train: $message"* ]]
    [ "${#stderr_lines[@]}" = 1 ]
    [ ! -e out.mrn ]
    [ -z "$output" ]
}

@test "train: a bundle that bsdtar can list, by -o and by standard output" {
    tiny_data
    model
    train --seed 5 -o a.mrn
    train -s 5 >b.mrn
    cmp a.mrn b.mrn
    [ "$(bsdtar tf a.mrn | tr '\n' ' ')" = "manifest.json masks dense checksum " ]
    bsdtar xOf a.mrn manifest.json >manifest
    grep -q '"method":"fedmrn","coder":"raw","dither":"shared","client":"a","round":1' manifest
    grep -q '"samples":200,"masked":588,"full":32' manifest
    # 588 bits and 32 floats
    [ "$(bsdtar xOf a.mrn masks | wc -c)" = 74 ]
    [ "$(bsdtar xOf a.mrn dense | wc -c)" = 128 ]
}

@test "train: the same bytes for any number of threads; the seed decides" {
    tiny_data
    for m in fedmrn fedmrns fedavg; do
        if [ "$m" = fedavg ]; then
            printf '%s\n' 'input 1x8x8' 'linear 30' relu 'linear 4' |
                fedmrn-init --arch - --method fedavg --epochs 2 -o w0
        else
            model --method "$m"
        fi
        train --seed 5 --threads 1 -o a
        train --seed 5 --threads 3 -o b
        train --seed 6 --threads 1 -o c
        cmp a b
        run ! cmp -s a c
    done
    # Without a seed no two answers are the same.
    train --threads 1 -o a
    train --threads 1 -o b
    run ! cmp -s a b
}

@test "train: learns" {
    tiny_data
    for m in fedmrn fedmrns; do
        model --method "$m"
        train --seed 5 --epochs 20 | fedmrn-aggregate --model w0 - -o w1
        run --separate-stderr fedmrn-eval --model w1 --images images \
            --labels labels
        echo "$m: $output"
        [[ "$output" = "accuracy 0.9"* || "$output" = "accuracy 1."* ]]
    done
}

@test "train: every masking, and overrides of the model's settings" {
    tiny_data
    model
    train --seed 5 -o psm
    for k in sm pm dm post; do
        train --seed 5 --masking $k -o $k
        run ! cmp -s psm $k
    done
    train --seed 5 --masking psm -o same
    cmp psm same
    for o in --epochs=1 --batch=7 --lr=0.01 --momentum=0.9 \
        --weight-decay=0.1 --mean=0 --std=1 --full-bits=32 \
        --dither=private; do
        train --seed 5 $o -o other
        run -1 cmp -s psm other
    done
    bsdtar xOf other manifest.json | grep -q '"dither":"private"'
    # In the first round a schedule has changed nothing yet.
    train --seed 5 --lr-schedule step:1:0.5 -o same
    cmp psm same
}

@test "train: images move by crop and flip, repeatably; nothing else does" {
    tiny_data 60
    model
    train --seed 5 -o plain
    for o in "--crop 2" "--flip yes" "--crop 2 --flip yes"; do
        # shellcheck disable=SC2086 # options are words
        train --seed 5 -t 1 $o -o "with$o"
        run -1 cmp -s plain "with$o"
    done
    mv "with$o" both
    train --seed 5 -t 3 --crop 2 --flip yes | cmp - both
    # What a model asks for, a client may refuse.
    cp w0 before
    model --crop 2 --flip yes
    train --seed 5 -o got
    cmp <(bsdtar xOf got masks dense) <(bsdtar xOf both masks dense)
    train --seed 5 --crop 0 --flip no -o got
    cmp <(bsdtar xOf got masks dense) <(bsdtar xOf plain masks dense)
    # Evaluation sees the images as they are.
    fedmrn-eval -q -m w0 --images images --labels labels >got
    fedmrn-eval -q -m before --images images --labels labels | cmp - got
    with() { refuse 3 "$1" --model w0 --client a "${@:2}"; }
    with "images: crop 8 could leave nothing of images of 8x8" \
        --images images --labels labels --crop 8
    printf '%s\n' 'input 2' 'linear 2' |
        fedmrn-init --arch - --crop 1 --batch 2 -o w0
    printf '%s\n' a,b,y 1,2,0 >t
    with "t: crop is for images, and these are features; --crop 0 --flip no would do" \
        --data t --label y
    fedmrn-train -q -m w0 --data t --label y --client a --crop 0 -o got
    fedmrn-init --arch charlstm --input 4 --classes 80 -o w0
    echo "to be or not" >t
    refuse 2 "options --crop and --flip mean nothing to a network of tokens" \
        --model w0 --client a --text t --flip yes
    run -2 --separate-stderr fedmrn-init --arch charlstm --input 4 \
        --classes 80 --crop 1
    [[ $stderr = "fedmrn-init: option --crop: the network reads tokens"* ]]
}

@test "train: indices say which rows, and the rest may be anything" {
    tiny_data
    model
    seq 0 2 199 >even
    train --seed 5 --indices even -o a
    bsdtar xOf a manifest.json | grep -q '"samples":100,'
    train --seed 5 --indices - -o b <even
    cmp a b
    echo 200 >>even
    refuse 3 "even:101: row 200 is not below the data set's 200" \
        --model w0 --images images --labels labels --client a --indices even
    printf '3\n5\n3\n' >twice
    refuse 3 "twice:3: row 3 comes twice" \
        --model w0 --images images --labels labels --client a --indices twice
    : >none
    refuse 3 "none: no row numbers in it" \
        --model w0 --images images --labels labels --client a --indices none
    echo x >words
    refuse 3 "words:1: 'x' is not a row number" \
        --model w0 --images images --labels labels --client a --indices words
    refuse 3 "missing: No such file or directory" \
        --model w0 --images images --labels labels --client a --indices missing
}

@test "train: compressed data, and data from standard input" {
    tiny_data
    model
    train --seed 5 -o want
    gzip -k images
    xz -k labels
    fedmrn-train -m w0 --images images.gz --labels labels.xz --client a -s 5 |
        cmp - want
    fedmrn-train -m w0 --images - --labels labels --client a -s 5 <images.gz |
        cmp - want
    fedmrn-train -m - --images images --labels labels --client a -s 5 <w0 |
        cmp - want
}

@test "train: data that do not fit" {
    tiny_data
    model
    with() { refuse 3 "$1" --model w0 --client a --images "$2" --labels "$3"; }
    with "missing: No such file or directory" missing labels
    with "missing: No such file or directory" images missing
    bytes 89 50 4e 47 0d 0a 1a 0a >png
    with "png: not an IDX file: it starts with 89504e47" png labels
    with "labels: IDX with 1 dimensions" labels labels
    with "images: IDX with 3 dimensions" images images
    head -c 1000 images >part
    with "part: IDX header promises 12800 values, the file has 984" part labels
    idx_images 200 9 9 0 1 2 >large
    with "large: image 1x9x9 does not fit the model's input 1x8x8" large labels
    idx 200 -- 0 1 2 3 4 >five
    with "five: label 4 of sample 4 is not below 4 classes" images five
    idx 199 -- 0 1 2 3 >short
    with "short: 199 labels for 200 images in images" images short
    gzip -c images | head -c 300 >broken.gz
    with "broken.gz: " broken.gz labels
}

@test "train: a model that is none, or has a NaN" {
    tiny_data
    model
    with() { refuse 3 "$1" --images images --labels labels --client a --model "$2"; }
    with "missing: No such file or directory" missing
    with "images: " images
    head -c 500 w0 >part
    with "part: " part
    # The last value is a bias of the last layer.
    { head -c -4 w0; bytes 00 00 c0 7f; } >nan
    with "nan: damaged: the checksum of its bytes is " nan
    seal nan
    with "nan: " nan
    [[ "$stderr" = *"not finite"* ]]
}

@test "train: divergence is named, with advice" {
    tiny_data
    model --method fedavg
    refuse 3 "training diverged at step " --model w0 --images images \
        --labels labels --client a --lr 1e5
    [[ "$stderr" = *"; try a lower --lr than 100000" ]]
}

@test "train: usage errors are status 2, before anything is read" {
    ok=(--model w0 --images i --labels l --client a)
    for need in model images labels client; do
        args=()
        for o in model images labels client; do
            [ $o = $need ] || args+=("--$o" x)
        done
        refuse 2 "" "${args[@]}"
        [[ "$stderr" = *"--$need"* ]]
    done
    for id in A "a b" "" . .. a/b "$(printf 'a%.0s' {1..65})"; do
        refuse 2 'option --client' --model w0 --images i --labels l --client "$id"
    done
    refuse 2 "" "${ok[@]}" --client b
    refuse 2 "" "${ok[@]}" --colour red
    refuse 2 "" "${ok[@]}" operand
    refuse 2 "option --epochs: 0 is not" "${ok[@]}" --epochs 0
    refuse 2 "option --lr: " "${ok[@]}" --lr nan
    refuse 2 "option --masking: " "${ok[@]}" --masking xyz
    refuse 2 "option --dither: " "${ok[@]}" --dither loud
    refuse 2 "" "${ok[@]}" --threads 1000
    refuse 2 "" "${ok[@]}" --seed 99999999999999999999
    refuse 2 "standard input cannot be read twice" --model - --images i --labels - --client a
    # The contract of the run is not the client's to change.
    refuse 2 "" "${ok[@]}" --noise uniform:0.1
    refuse 2 "" "${ok[@]}" --method fedavg
}

@test "train: settings that mean nothing for this model" {
    tiny_data
    model --method fedavg
    for o in --masking=sm --dither=shared; do
        refuse 2 "option ${o%=*} means nothing under fedavg" --model w0 \
            --images images --labels labels --client a $o
    done
    refuse 2 "option --mean: 3 values for 1 channels" --model w0 --images images \
        --labels labels --client a --mean 0.1,0.2,0.3
}

@test "train: a full disk is status 1, and an old answer stays" {
    tiny_data
    model
    [ -c /dev/full ] || skip "no /dev/full"
    run -1 bash -c 'fedmrn-train --model w0 --images images --labels labels \
        --client a >/dev/full'
    echo old >a.mrn
    run -3 fedmrn-train --model w0 --images images --labels nothing \
        --client a -o a.mrn
    [ "$(cat a.mrn)" = old ]
}

@test "train: what travels in full is rounded, to a power of two's multiples" {
    tiny_data
    model
    train --seed 5 --full-bits 32 -o exact
    train --seed 5 --full-bits 2 -o two
    # The bytes 0 and 1 of a float are the low 16 of its 24 digits.
    low() { bsdtar xOf "$1" dense | od -An -v -tu1 -w4 | awk '$1 || $2' | wc -l; }
    [ "$(low two)" = 0 ]
    [ "$(low exact)" -gt 20 ]
    # The masks do not depend on it.
    cmp <(bsdtar xOf exact masks) <(bsdtar xOf two masks)
    run -2 --separate-stderr train --full-bits 33 -o three
    [[ $stderr == *"full-bits: 33 is not an integer in 1..32"* ]]
}
