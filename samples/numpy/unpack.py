#!/usr/bin/env python3
"""A coded bundle decoded by Python and NumPy alone, as fedmrn-bundle(5) says.

    unpack.py MODEL BUNDLE KEY [NOISE-KEY] >MEMBERS

KEY is the client's key in the bundle's round, as `fedmrn-noise --key` prints
it.  Under --noise-key round the noise has another one: NOISE-KEY.  What is
written are the members masks and dense of the raw form, back to back, as
`fedmrn-unpack --raw | bsdtar xOf - masks dense` does.  Methods fedmrn, fedmrns,
fedbat, fedsparsify and fedavg, that by any codec too.  No checksum is looked at.
"""
import json
import struct
import sys
from fractions import Fraction
from math import exp

import numpy as np

from noise import noise, philox


def members(data):
    """The members of a cpio archive."""
    at, out = 0, {}
    while True:
        namesize = int(data[at + 59 : at + 65], 8)
        size = int(data[at + 65 : at + 76], 8)
        start = at + 76 + namesize
        name = data[at + 76 : start - 1].decode()
        if name == "TRAILER!!!":
            return out
        out[name] = data[start : start + size]
        at = start + size


def read_model(data):
    """The metadata, and for each tensor its entries, if it is masked, and if a
    codec is for it."""
    (size,) = struct.unpack_from("<Q", data)
    tensors = json.loads(data[8 : 8 + size])
    meta = tensors.pop("__metadata__")
    full = {k[: -len("running_mean")] for k in tensors if k.endswith("running_mean")}
    if "\nembedding " in meta["fedmrn.arch"]:
        full.add("features.0.")
    masked = {"fedavg": "-", "fedsparsify": "weight"}.get(meta["fedmrn.method"], "")
    out = []
    for name, t in tensors.items():
        layer, kind = name[: name.rfind(".") + 1], name[name.rfind(".") + 1 :]
        coded = layer not in full
        if not name.startswith("fedmrn.server."):  # the server's optimizer's state
            count = int(np.prod(t["shape"]))
            out.append((count, coded and kind.startswith(masked), coded))
    return meta, out


# Masks


class Bits:
    """Bits one after another, the least significant of a byte first."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def get(self, n):
        v = 0
        for i in range(n):
            v |= (self.data[self.at // 8] >> self.at % 8 & 1) << i
            self.at += 1
        return v


def read_curve(bits):
    """The zoom, and p of each bin."""
    i = bits.get(3)
    knots = 2 ** (i - 1) + 1 if i else 1
    zoom = bits.get(2) if i else 0
    y = [bits.get(8) - 128]
    while len(y) < knots:
        q = 0
        while bits.get(1):
            q += 1
        v = bits.get(q + 3) + (8 << q) - 8
        y.append(y[-1] + (-(v // 2) - 1 if v % 2 else v // 2))
    w, p = 64 // max(knots - 1, 1), []
    for b in range(64):
        j, r = divmod(b, w) if i else (0, 0)
        odds = 64 * y[j] + ((y[j + 1] - y[j]) * (64 * r // w) if r else 0)
        p.append(min(max(int(32768 / (1 + exp(-odds / 512)) + 0.5), 1), 32767))
    return zoom, np.array(p)


def bins(form, signed, dist, zoom, n, lanes):
    """The context of each entry, in binary32."""
    if form == 3:
        side = 131070 - 4 * lanes if signed else 131071 - 2 * lanes
    else:
        side = np.full(len(n), 131071)
    t = np.abs(n).astype(np.float32) * np.abs(side).astype(np.float32)
    c = np.float32(64 << zoom) / np.float32(192746 if dist == "gaussian" else 92682)
    return np.minimum(63, (np.sqrt(t) * c).astype(np.int32))


def rans(code, p, lanes):
    """The bits of one segment, of which each is 1 with the chance p / 32768."""
    x = list(struct.unpack_from(f"<{lanes}I", code))
    words = iter(struct.unpack(f"<{(len(code) - 4 * lanes) // 2}H", code[4 * lanes :]))
    out = bytearray(len(p))
    for i, chance in enumerate(p.tolist()):
        state = x[i % lanes]
        s, high = state % 32768, state // 32768
        if s < chance:
            out[i] = 1
            state = chance * high + s
        else:
            state = (32768 - chance) * high + s - chance
        x[i % lanes] = state if state >= 65536 else 65536 * state + next(words)
    assert all(state == 65536 for state in x) and next(words, None) is None
    return np.frombuffer(out, np.uint8)


def decode_masks(code, masked, meta, tensors, keys):
    """The raw member masks."""
    if masked == 0:
        return b""
    form, lanes = code[0] % 8, 32 if code[0] >= 8 else 4
    if form == 0:
        return code[1:]
    signed = meta["fedmrn.method"] in ("fedmrns", "fedbat")
    dist = meta.get("fedmrn.noise", "").split(":")[0]
    own = [(t, n) for t, (n, mine, _) in enumerate(tensors) if mine]
    bits = Bits(code[1:])
    curves = [read_curve(bits) for _ in (own if form > 1 else own[:1])]
    p, flip = [], []
    for (ordinal, count), (zoom, chance) in zip(own, curves if form > 1 else []):
        lane = philox(keys[0], -(-count // 8), ordinal, purpose=1)
        lane = lane.view("<u2").ravel()[:count].astype(np.int64)
        n = noise(keys[-1], dist, ordinal, count) if dist else np.full(count, 65536)
        p.append(chance[bins(form, signed, dist, zoom, n, lane)])
        flip.append(lane >= 32768)
    p = np.concatenate(p) if form > 1 else np.full(masked, curves[0][1][0])

    at, pieces, out = 1 + (bits.at + 7) // 8, -(-masked // 4194304), []
    sizes = list(struct.unpack_from(f"<{pieces - 1}I", code, at)) + [len(code)]
    at += 4 * (pieces - 1)
    for i, size in enumerate(sizes):
        part = p[4194304 * i : 4194304 * (i + 1)]
        out.append(rans(code[at : at + size], part, lanes))
        at += size
    out = np.concatenate(out)
    if form == 3 and signed:
        out = out ^ np.concatenate(flip)
    return np.packbits(out, bitorder="little").tobytes()


# Deltas


class Range:
    """A binary range coder's reader."""

    def __init__(self, data):
        self.data, self.at, self.range, self.code = data, 0, 2**32 - 1, 0
        self.counts = {}
        for _ in range(4):
            self.shift()

    def shift(self):
        byte = self.data[self.at] if self.at < len(self.data) else 0
        self.code, self.at = self.code % 2**24 * 256 + byte, self.at + 1

    def narrow(self, skip, size):
        self.code, self.range = self.code - skip, size
        while self.range < 2**24:
            self.range *= 256
            self.shift()

    def bit(self, *what):
        """A bit by the counts of what it is."""
        c = self.counts.setdefault(what, [0, 0])
        bound = self.range * (2 * c[0] + 1) // (2 * sum(c) + 2)
        bit = int(self.code >= bound)
        self.narrow(bound * bit, self.range - bound if bit else bound)
        c[bit] += 1
        if sum(c) == 1024:
            c[:] = c[0] // 2, c[1] // 2
        return bit

    def plain(self, n):
        part = self.range >> n
        v = self.code // part
        self.narrow(v * part, part)
        return v

    def integer(self, kind, s, most=26, signed=True):
        """An integer, and how many digits it has."""
        length, v = 0, 1
        while length < most and self.bit(kind, min(s // 16, 15), length):
            length += 1
        if length == 0:
            return 0, 0
        minus = signed and self.bit(kind, "sign")
        for place in range(length - 1):
            if place < 2:
                v = 2 * v + self.bit(kind, "digit", length, place, v)
            else:
                v = 2 * v + self.plain(1)
        return -v if minus else v, length


def decode_dense(code, counts):
    """The raw member dense."""
    if not counts:
        return b""
    r, s, out = Range(code), 128, []
    counts = [sum(counts)] if r.plain(1) else counts
    for count in counts:
        if r.bit("plain"):
            values = [r.plain(16) | r.plain(16) << 16 for _ in range(count)]
            out.append(np.array(values, "<u4").tobytes())
            continue
        step = 2.0 ** (r.plain(8) - 149)
        centre, _ = r.integer("centre", 0)
        values = []
        for _ in range(count):
            d, length = r.integer("difference", s)
            s += 8 * length - s // 8
            values.append((centre + d) * step)
        out.append(np.array(values, "<f4").tobytes())
    return b"".join(out)


def decode_full(code, masks, meta, tensors):
    """The raw member dense of a coded bundle, whose masks are decoded."""
    counts = [n for n, masked, _ in tensors if not masked]
    own = [n for n, masked, _ in tensors if masked]
    if meta["fedmrn.method"] == "fedbat":
        counts.append(len(own))
    if meta["fedmrn.method"] != "fedsparsify":
        return decode_dense(code, counts)
    kept = np.unpackbits(np.frombuffer(masks, "u1"), bitorder="little")[: sum(own)]
    each = [int(part.sum()) for part in np.split(kept, np.cumsum(own)[:-1])]
    plain = decode_dense(code, counts + [n for n in each if n])
    values, first = np.zeros(sum(own), "<f4"), 4 * sum(counts)
    values[kept == 1] = np.frombuffer(plain[first:], "<f4")
    return plain[:first] + values.tobytes()


# Codecs


def decode_topk(code, fraction, total):
    k = max(1, int(Fraction(fraction) * total + Fraction(1, 2)))
    out = np.frombuffer(code[: 4 * k], "<f4")
    if k < total:
        r, s, at, places = Range(code[4 * k :]), 128, -1, []
        for _ in range(k):
            d, length = r.integer("place", s, 31, False)
            s += 8 * length - s // 8
            at += d
            places.append(at)
        values, out = out, np.zeros(total, "<f4")
        out[places] = values
    return out


def decode_levels(code, pieces, most):
    """Levels of pieces with a scale each."""
    total, digits = sum(pieces), most.bit_length()
    unit = (np.frombuffer(code[: 4 * len(pieces)], "<f4") / np.float64(most)).astype("<f4")
    at, length = 4 * len(pieces), np.zeros(total, int)
    for j in range(digits):
        here = np.flatnonzero(length == j)
        if len(here) == 0:
            continue
        runs = -(-len(here) // 4096)
        p = np.frombuffer(code[at : at + 2 * runs], "<u2").astype(int)
        (size,) = struct.unpack_from("<I", code, at + 2 * runs)
        at += 2 * runs + 4
        lanes = 32 if len(here) >= 32768 else 4
        length[here] += rans(code[at : at + size], np.repeat(p, 4096)[: len(here)], lanes)
        at += size
    bits, v = Bits(code[at:]), np.zeros(total, int)
    for i in np.flatnonzero(length):
        minus = bits.get(1)
        v[i] = 1 << (length[i] - 1) | bits.get(int(length[i]) - 1)
        v[i] = -v[i] if minus else v[i]
    return v.astype("<f4") * np.repeat(unit, pieces)


CENTRES = {
    1: [1],
    2: [29673, 98987],
    3: [16062, 49546, 88074, 141030],
    4: [8414, 25431, 43041, 61757, 82328, 106040, 135595, 179083],
}


def decode_rotated(code, width, total, key):
    blocks, left = [], total
    for size in 4096, 1024, 256, 64, 16:
        blocks += [size] * (left // size)
        left %= size
    blocks += [16] if left else []
    count, at = sum(blocks), 4 * len(blocks)
    scales = np.frombuffer(code[:at], "<f4")
    fields = np.unpackbits(np.frombuffer(code[at:], "u1"), bitorder="little")
    fields = fields[: count * width].reshape(count, width).astype(int)
    number = fields[:, :-1] @ (1 << np.arange(width - 1))
    c = np.array(CENTRES[width])[number] * (1 - 2 * fields[:, -1])
    words = philox(key, -(-count // 128), 0, purpose=12)
    d = np.unpackbits(words.view(np.uint8).ravel(), bitorder="little")[:count]
    at, out = 0, []
    for size, scale in zip(blocks, scales):
        k, half = c[at : at + size], 1
        while half < size:
            k = k.reshape(-1, 2, half)
            k = np.stack([k[:, 0] + k[:, 1], k[:, 0] - k[:, 1]], axis=1).ravel()
            half *= 2
        out.append((k * (2 * d[at : at + size].astype(int) - 1)).astype("<f4") * scale)
        at += size
    return np.concatenate(out)[:total]


def decode_codec(code, codec, tensors, key):
    """The raw member dense of a codec's."""
    name, _, operand = codec.partition(":")
    own = [n for n, _, weight in tensors if weight]
    norm, total = [n for n, _, weight in tensors if not weight], sum(own)
    plain = b""
    if norm:
        (size,) = struct.unpack_from("<I", code)
        plain, code = decode_dense(code[4 : 4 + size], norm), code[4 + size :]
    if name == "float16":
        values = np.frombuffer(code, "<f2").astype("<f4")
    elif name == "signsgd":
        n = 0 if operand else 4 * len(own)
        scale = np.frombuffer(code[:n], "<f4")
        scale = np.float32(operand) if operand else np.repeat(scale, own)
        minus = np.unpackbits(np.frombuffer(code[n:], "u1"), bitorder="little")
        values = np.where(minus[:total], -scale, scale)
    elif name == "topk":
        values = decode_topk(code, operand, total)
    elif name == "terngrad":
        values = decode_levels(code, own, 1)
    elif name == "qsgd":
        pieces = [min(512, n - i) for n in own for i in range(0, n, 512)]
        values = decode_levels(code, pieces, int(operand))
    else:
        values = decode_rotated(code, int(operand or 1), total, key)
    values, out = values.astype("<f4").tobytes(), []
    for n, _, weight in tensors:
        out.append((values if weight else plain)[: 4 * n])
        if weight:
            values = values[4 * n :]
        else:
            plain = plain[4 * n :]
    return b"".join(out)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as f:
        meta, tensors = read_model(f.read())
    with open(sys.argv[2], "rb") as f:
        bundle = members(f.read())
    manifest = json.loads(bundle["manifest.json"])
    masks, dense = bundle["masks"], bundle["dense"]
    keys = [int(key, 16) for key in sys.argv[3:]]
    if manifest["coder"] == "rans":
        masks = decode_masks(masks, manifest["masked"], meta, tensors, keys)
        dense = decode_full(dense, masks, meta, tensors)
    elif manifest["coder"] != "raw":
        dense = decode_codec(dense, manifest["coder"], tensors, keys[0])
    sys.stdout.buffer.write(masks + dense)
