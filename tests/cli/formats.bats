# Files of other programs as data: NPY, NPZ, safetensors, CIFAR.
load helper

# net INPUT - a small model, w0
net() {
    printf '%s\n' "input $1" ${2:+"$2"} 'linear 4' |
        fedmrn-init --arch - --init uniform --batch 2 --epochs 2 -o w0
}

train() {
    fedmrn-train -q -m w0 --client a -s 1 -t 1 "$@"
}

# npy TYPE SHAPE - the head of an NPY file, as NumPy pads it
npy() {
    printf '\x93NUMPY\1\0v\0%-117s\n' \
        "{'descr': '$1', 'fortran_order': ${3:-False}, 'shape': ($2), }"
}

# tensors HEADER - the head of a safetensors file
tensors() {
    printf '%b%s' "\\x$(printf %02x ${#1})\0\0\0\0\0\0\0" "$1"
}

# pictures - four of 3x32x32 and their labels: the IDX files `images` and
# `labels`, the bytes of both, and records of CIFAR-10
pictures() {
    local i
    idx 4 3 32 32 -- 0 50 100 150 200 250 31 63 >images
    idx 4 -- 3 0 2 1 >labels
    tail -c 12288 images >pixels
    tail -c 4 labels >classes
    for i in 0 1 2 3; do
        tail -c +$((i + 1)) classes | head -c 1
        tail -c +$((3072 * i + 1)) pixels | head -c 3072
    done >records
}

@test "formats: pictures give one answer, whatever they come in" {
    pictures
    net 3x32x32 'maxpool 8'
    train --images images --labels labels -o want
    same() {
        train "$@" -o got
        cmp want got
    }
    { npy '|u1' '4, 3, 32, 32'; cat pixels; } >x.npy
    { npy '<i8' '4,'; bytes 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 \
        02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00; } >y.npy
    same --images x.npy --labels y.npy
    same --data x.npy --labels labels
    gzip -k x.npy
    same --data - --labels y.npy <x.npy.gz
    bsdtar --format zip -cf xy.npz x.npy y.npy
    same --data xy.npz
    bsdtar --format zip --options zip:compression=store -cf xy x.npy y.npy
    same --data - <xy
    mv x.npy x_train.npy
    mv y.npy y_train.npy
    bsdtar --format zip -cf parts.npz ./?_train.npy
    same --data parts.npz --part train
    { tensors '{"x":{"dtype":"U8","shape":[4,3,32,32],"data_offsets":[4,12292]},"y":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}'
        cat classes pixels; } >xy.safetensors
    same --data xy.safetensors
    same --data records
    mkdir cifar
    head -c 6146 records >cifar/data_batch_1.bin
    tail -c 6146 records >cifar/data_batch_2.bin
    head -c 3073 records >cifar/test_batch.bin
    cat cifar/data_batch_?.bin | same --data -
    touch cifar/data_batch_3.bin cifar/data_batch_4.bin cifar/data_batch_5.bin
    tar -czf cifar.tar.gz cifar/test_batch.bin cifar/data_batch_2.bin \
        cifar/data_batch_1.bin cifar/data_batch_[345].bin
    same --data cifar.tar.gz --part train
    fedmrn-eval -q -m w0 --data cifar.tar.gz --part test | grep 'samples 1$'
    fedmrn-split --labels labels --scheme labels:0.5 --clients 2 >want
    fedmrn-split --data xy.npz --scheme labels:0.5 --clients 2 | cmp want -
    fedmrn-split --labels y_train.npy --scheme labels:0.5 --clients 2 |
        cmp want -
    fedmrn-stats --images images >want
    fedmrn-stats --data x.npy.gz | cmp want -
    fedmrn-stats --data records | cmp want -
}

@test "formats: CIFAR-100 has two labels, and says which is wanted" {
    pictures
    for i in 0 1 2 3; do
        printf '\1'
        tail -c +$((3073 * i + 1)) records | head -c 3073
    done >train.bin
    tar -cf cifar.tar train.bin
    net 3x32x32 'maxpool 8'
    train --images images --labels labels -o want
    train --data train.bin -o a.mrn
    train --data cifar.tar --part train --label fine -o b.mrn
    cmp want a.mrn
    cmp want b.mrn
    fedmrn-eval -q -m w0 --data train.bin --label coarse --predict p
    [ "$(cut -f2 p | xargs)" = "1 1 1 1" ]
    run -3 --separate-stderr train --data train.bin --label class -o c.mrn
    [ "$stderr" = "fedmrn-train: train.bin: CIFAR-100 has the labels coarse and fine, not 'class'" ]
    run -3 --separate-stderr train --data records --label fine -o c.mrn
    [ "$stderr" = "fedmrn-train: records: CIFAR-10 has one label; --label is for CIFAR-100" ]
    run -3 --separate-stderr train --data cifar.tar -o c.mrn
    [ "$stderr" = "fedmrn-train: cifar.tar: an archive, of CIFAR: say --part train or --part test" ]
    run -3 --separate-stderr train --data cifar.tar --part test -o c.mrn
    [[ $stderr = "fedmrn-train: cifar.tar: an archive without test_batch.bin or test.bin"* ]]
    [ ! -e c.mrn ]
}

@test "formats: floats are features, as those of a table" {
    printf '%s\n' a,b,y 1,2,3 -1,0.5,0 2,-1,1 0.5,1,2 >t.csv
    f4='00 00 80 3f 00 00 00 40 00 00 80 bf 00 00 00 3f
        00 00 00 40 00 00 80 bf 00 00 00 3f 00 00 80 3f'
    net 2
    train --data t.csv --label y -o want
    # shellcheck disable=SC2086 # one word per byte is meant
    { npy '<f4' '4, 2'; bytes $f4; } >x.npy
    { npy '|i1' '4, 1'; bytes 03 00 01 02; } >y.npy
    train --data x.npy --labels y.npy -o a.mrn
    { npy '>f8' '4, 2'; bytes 3f f0 00 00 00 00 00 00 40 00 00 00 00 00 00 00 \
        bf f0 00 00 00 00 00 00 3f e0 00 00 00 00 00 00 \
        40 00 00 00 00 00 00 00 bf f0 00 00 00 00 00 00 \
        3f e0 00 00 00 00 00 00 7f f8 00 00 00 00 00 00; } >missing.npy
    # The last is missing, and the mean of 2, 0.5 and -1 is what t.csv lacks.
    sed '$s/,1,/,,/' t.csv >missing.csv
    train --data missing.csv --label y --missing mean -o want2
    train --data missing.npy --labels y.npy --missing mean -o b.mrn
    # shellcheck disable=SC2086
    { tensors '{"x":{"dtype":"F32","shape":[4,2],"data_offsets":[0,32]},"y":{"dtype":"I32","shape":[4],"data_offsets":[32,48]}}'
        bytes $f4 03 00 00 00 00 00 00 00 01 00 00 00 02 00 00 00; } >xy
    train --data xy -o c.mrn
    cmp want a.mrn
    cmp want2 b.mrn
    cmp want c.mrn
    [ "$(fedmrn-stats --data x.npy | fedmrn-stats --settings)" = \
        "$(fedmrn-stats --data t.csv --label y | fedmrn-stats --settings)" ]
    run -3 --separate-stderr train --data missing.npy --labels y.npy -o d.mrn
    [ "$stderr" = "fedmrn-train: missing.npy: value 1 of sample 3 is missing (NaN); \`--missing mean\` fills in" ]
    run -3 --separate-stderr train --data x.npy -o d.mrn
    [ "$stderr" = "fedmrn-train: x.npy: no labels in it; name their file by --labels" ]
    run -3 --separate-stderr train --images missing.npy --labels y.npy -o d.mrn
    [ "$stderr" = "fedmrn-train: missing.npy: value 1 of sample 3 is missing (NaN); \`--missing mean\` fills in" ]
    train --images missing.npy --labels y.npy --missing mean -o d.mrn
    cmp want2 d.mrn
    run -3 --separate-stderr train --images t.csv --labels y.npy -o e.mrn
    [ "$stderr" = "fedmrn-train: t.csv: a text, and not IDX or NPY; --data reads tables" ]
    run -3 --separate-stderr train --images xy --labels y.npy -o e.mrn
    [ "$stderr" = "fedmrn-train: xy: a safetensors file; --data reads it" ]
    [ ! -e e.mrn ]
}

@test "formats: pictures of floats have a mean for each channel" {
    # Two of 2x1x2: the first channel 1 and 3, the second 10 and 30.
    { npy '<f4' '2, 2, 1, 2'; bytes 00 00 80 3f 00 00 40 40 00 00 20 41 \
        00 00 f0 41 00 00 40 40 00 00 80 3f 00 00 f0 41 00 00 20 41; } >x.npy
    [ "$(fedmrn-stats --data x.npy | fedmrn-stats --settings)" = \
        "--mean=2,2e+01 --std=1,1e+01" ]
    idx_labels 0 1 >labels
    net 2x1x2 relu
    train --data x.npy --labels labels --mean 2,20 --std 1,10 -o a.mrn
    { npy '<f4' '2, 2, 1, 2'; bytes 00 00 80 bf 00 00 80 3f 00 00 80 bf \
        00 00 80 3f 00 00 80 3f 00 00 80 bf 00 00 80 3f 00 00 80 bf; } >n.npy
    train --data n.npy --labels labels --mean 0 --std 1 -o b.mrn
    cmp a.mrn b.mrn
    net 1x2x2
    run -3 --separate-stderr train --data x.npy --labels labels -o c.mrn
    [ "$stderr" = "fedmrn-train: x.npy: image 2x1x2 does not fit the model's input 1x2x2; channels come first" ]
    { npy '|u1' '1, 2, 2, 1'; printf 1234; } >last.npy
    idx_labels 0 >labels
    net 1x2x2
    run -3 --separate-stderr train --data last.npy --labels labels -o c.mrn
    [ "$stderr" = "fedmrn-train: last.npy: image 2x2x1 does not fit the model's input 1x2x2; channels come first" ]
    [ ! -e c.mrn ]
}

@test "formats: what NumPy writes is read" {
    python3=$(for p in python3 /usr/bin/python3; do
        "$p" -c 'import numpy' 2>/dev/null && echo "$p" && break
    done) || skip "no NumPy: apt-get install python3-numpy"
    "$python3" - <<'PY'
import numpy
x = numpy.arange(24).reshape(4, 6)
y = numpy.array([3, 0, 1, 2])
numpy.save("x.npy", x.astype("u1"))
numpy.save("y.npy", y)
numpy.savez("plain.npz", x=x.astype("u1"), y=y.astype("i4"))
numpy.savez_compressed("small.npz", x_a=x.astype("u1"), y_a=y.astype(">u2"))
numpy.save("big.npy", x.astype(">f4"))
numpy.save("columns.npy", numpy.asfortranarray(x.astype("f8")))
numpy.save("pairs.npy", numpy.zeros(4, dtype=[("a", "f4"), ("b", "u1")]))
numpy.save("long.npy", x)
PY
    net 6
    train --images x.npy --labels y.npy -o want
    train --data plain.npz -o a.mrn
    train --data small.npz --part a -o b.mrn
    cmp want a.mrn
    cmp want b.mrn
    train --data big.npy --labels y.npy -o c.mrn
    refused() {
        run -3 --separate-stderr train --data "$1" --labels y.npy -o d.mrn
        [ "$stderr" = "fedmrn-train: $1: $2" ]
    }
    refused columns.npy "NPY: in Fortran order; save numpy.ascontiguousarray(array) instead"
    refused pairs.npy "NPY: an array of records; save each field as an array"
    refused long.npy "samples of type <i8; save pixels as uint8, features as float32"
    [ ! -e d.mrn ]
}

@test "formats: what is wrong is named by file and place" {
    net 3
    refused() {
        run -3 --separate-stderr train -o a.mrn --data "${@:2}"
        [ "$stderr" = "fedmrn-train: $1" ]
    }
    { npy '|u1' '2, 3'; printf 123456; } >x.npy
    { npy '|u1' '3,'; printf '\0\1\2'; } >y.npy
    refused "y.npy: 3 labels for 2 samples in x.npy" x.npy --labels y.npy
    bsdtar --format zip -cf xy.npz x.npy y.npy
    refused "xy.npz: 3 labels for 2 samples" xy.npz
    refused "xy.npz: an NPZ file; --label means nothing to it" xy.npz --label y
    refused "xy.npz: no array x_test in it" xy.npz --part test
    run -3 --separate-stderr train -o a.mrn --images xy.npz --labels y.npy
    [ "$stderr" = "fedmrn-train: xy.npz: a zip archive; --data reads NPZ" ]
    run -3 --separate-stderr train -o a.mrn --images x.npy --labels xy.npz
    [ "$stderr" = "fedmrn-train: xy.npz: a zip archive; --data reads NPZ" ]
    bsdtar --format zip -cf x.npz x.npy
    refused "x.npz: no array y in it; of x_train and y_train, say --part train" x.npz
    { npy '|i1' '2,'; printf '\1\377'; } >y.npy
    refused "y.npy: label -1 of sample 1 is not 0 to 255" x.npy --labels y.npy
    { npy '<f4' '2,'; printf '12345678'; } >y.npy
    refused "y.npy: labels of type <f4; save classes as uint8, or learn numbers by a model of loss mse" x.npy --labels y.npy
    { npy '|u1' '2, 3'; printf 12345; } >x.npy
    refused "x.npy: NPY: its shape takes 6 values of 1 bytes, but there are 5 bytes" x.npy --labels y.npy
    printf '\3\2\1' >junk
    refused "junk: not NPY, NPZ, safetensors or CIFAR's records (3073 or 3074 bytes each), and no table, which is a text" junk
    run -2 --separate-stderr train --part a --images x --labels y -o a.mrn
    [[ $stderr = *"option --part: needs --data"* ]]
    [ ! -e a.mrn ]
}
