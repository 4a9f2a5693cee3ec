"""Where test_split.c's known answers come from: the schemes of data/split.h and
the streams of rand/stream.h, written again from their headers.

    python3 tests/unit/split_answers.py

prints the parts of 60 rows with labels i*i mod 7, seed 1234.
"""
import math

M = 0xFFFFFFFF


def philox(key, ctr):
    k0, k1 = key & M, key >> 32
    c = list(ctr)
    for r in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & M, (p0 >> 32) ^ c[3] ^ k1, p0 & M]
        k0, k1 = (k0 + 0x9E3779B9) & M, (k1 + 0xBB67AE85) & M
    return c


class Stream:
    def __init__(self, key, high, ordinal, purpose):
        self.key, self.rest, self.block = key, [high, ordinal, purpose], 0
        self.words = []

    def u32(self):
        if not self.words:
            self.words = philox(self.key, [self.block] + self.rest)
            self.block += 1
        return self.words.pop(0)

    def below(self, n):
        while True:
            p = self.u32() * n
            if p & M >= 2**32 % n:
                return p >> 32

    def unit(self):
        x = self.u32() << 20
        x |= self.u32() >> 12
        return (2 * x + 1) / 2**53

    def normal(self):
        while True:
            x = 2 * self.unit() - 1
            y = 2 * self.unit() - 1
            r = x * x + y * y
            if r < 1:
                return x * math.sqrt(-2 * math.log(r) / r)

    def gamma(self, shape):
        if shape < 1:
            x = self.gamma(shape + 1)
            return x * math.exp(math.log(self.unit()) / shape)
        d = shape - 1 / 3
        c = 1 / math.sqrt(9 * d)
        while True:
            x = self.normal()
            v = 1 + c * x
            while v <= 0:
                x = self.normal()
                v = 1 + c * x
            v = v**3
            if math.log(self.unit()) < x * x / 2 + d - d * v + d * math.log(v):
                return d * v

    def shuffle(self, v):
        for i in range(len(v) - 1, 0, -1):
            j = self.below(i + 1)
            v[i], v[j] = v[j], v[i]
        return v


def pieces(v, k):
    q, r = divmod(len(v), k)
    at = [i * q + min(i, r) for i in range(k + 1)]
    return [v[at[i] : at[i + 1]] for i in range(k)]


def classes(y):
    return [[i for i in range(len(y)) if y[i] == c] for c in sorted(set(y))]


def iid(y, clients, seed):
    return pieces(Stream(seed, 0, 0, 7).shuffle(list(range(len(y)))), clients)


def labels(y, clients, seed, share):
    rows = classes(y)
    held = max(1, int(share * len(rows) + 0.5))
    count, holders = [0] * len(rows), [[] for _ in rows]
    for k in range(clients):
        for c in sorted(range(len(rows)), key=lambda c: (count[c], c))[:held]:
            count[c] += 1
            holders[c].append(k)
    st, out = Stream(seed, 0, 0, 7), [[] for _ in range(clients)]
    for c, v in enumerate(rows):
        for k, p in zip(holders[c], pieces(st.shuffle(v), len(holders[c]))):
            out[k] += p
    return out


def dirichlet(y, clients, seed, beta, least):
    for draw in range(10000):
        g_st, st = Stream(seed, draw, 1, 7), Stream(seed, draw, 0, 7)
        out = [[] for _ in range(clients)]
        for v in classes(y):
            st.shuffle(v)
            g = [g_st.gamma(beta) for _ in range(clients)]
            full = [len(p) >= len(y) / clients for p in out]
            g = [0 if full[k] else g[k] for k in range(clients)]
            if sum(g) == 0:
                o = [k for k in range(clients) if not full[k]]
                g[o[g_st.below(len(o))]] = 1
            cum, at = 0, 0
            for k in range(clients):
                cum += g[k]
                to = int(cum / sum(g) * len(v))
                out[k] += v[at:to]
                at = to
        if min(map(len, out)) >= least:
            return draw, out


if __name__ == "__main__":
    y = [i * i % 7 for i in range(60)]
    print("iid, 7 clients", *iid(y, 7, 1234), sep="\n")
    print("labels:0.5, 5 clients", *labels(y, 5, 1234, 0.5), sep="\n")
    draw, parts = dirichlet(y, 5, 1234, 0.3, 5)
    print("dirichlet:0.3, 5 clients, at least 5 rows, draw", draw, *parts, sep="\n")
    draw, parts = dirichlet(y, 3, 1234, 1e-5, 1)
    print("dirichlet:1e-5, 3 clients, at least 1 row, draw", draw, *parts, sep="\n")
