#!/usr/bin/env python3
"""The noise of FedMRN by NumPy alone, as fedmrn-noise(7) defines it.

    noise.py KEY DIST:A ORDINAL COUNT [i32] >FILE

KEY is what `fedmrn-noise --key` prints.  A is decimal, or an integer a as in
a*2^-24, which a model's magnitudes are.  The bytes are those of `fedmrn-noise
--format f32`, or with i32 of `--format i32`.
"""
import sys
from fractions import Fraction
from statistics import NormalDist

import numpy as np


def philox(key, blocks, ordinal, purpose=0, high=0):
    """Blocks 0..blocks-1 of Philox4x32-10: an array (blocks, 4) of words."""
    low = np.uint64(0xFFFFFFFF)
    x0 = np.arange(blocks, dtype=np.uint64)
    x1, x2, x3 = (np.full(blocks, v, np.uint64) for v in (high, ordinal, purpose))
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = x0 * np.uint64(0xD2511F53), x2 * np.uint64(0xCD9E8D57)
        x0 = (p1 >> np.uint64(32)) ^ x1 ^ np.uint64(k0)
        x2 = (p0 >> np.uint64(32)) ^ x3 ^ np.uint64(k1)
        x1, x3 = p1 & low, p0 & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([x0, x1, x2, x3], axis=1).astype("<u4")


def gaussian_table():
    """n of each lane: any inverse CDF good to 1e-7 gives these integers."""
    z = NormalDist().inv_cdf
    half = [round(65536 * z((2 * k + 1) / 131072)) for k in range(32768, 65536)]
    return np.array([-n for n in reversed(half)] + half, np.int32)


def noise(key, dist, ordinal, count):
    """The integers n of the first `count` elements of a tensor."""
    if dist == "bernoulli":
        words = philox(key, -(-count // 128), ordinal)
        bits = np.unpackbits(words.view(np.uint8).ravel(), bitorder="little")
        return np.where(bits[:count], 65536, -65536).astype(np.int32)
    lanes = philox(key, -(-count // 8), ordinal).view("<u2").ravel()[:count]
    if dist == "uniform":
        return 2 * lanes.astype(np.int32) - 65535
    if dist == "gaussian":
        return gaussian_table()[lanes]
    raise ValueError(f"{dist} is not uniform, gaussian or bernoulli")


def unit(magnitude):
    """What one unit of n weighs, A / 65536, from the text of A."""
    if magnitude.endswith("*2^-24"):
        a = int(magnitude[:-6])
    else:
        a = max(1, int(Fraction(magnitude) * 2**24 + Fraction(1, 2)))
    return np.float32(a) * np.float32(2.0**-40)


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    name, amount = sys.argv[2].split(":")
    n = noise(int(sys.argv[1], 16), name, int(sys.argv[3]), int(sys.argv[4]))
    if sys.argv[5:] == ["i32"]:
        out = n.astype("<i4")
    else:
        out = (n.astype(np.float32) * unit(amount)).astype("<f4")
    sys.stdout.buffer.write(out.tobytes())
