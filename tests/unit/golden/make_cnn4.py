#!/usr/bin/python3
"""Write cnn4.h: what PyTorch computes for cnn4, for tests/unit/test_sgd.c.

usage: make_cnn4.py >cnn4.h         (PyTorch 1.13; run by hand, not by make)

Weights, images and labels come from one small generator that the test has
too, so that only results are stored.  Computed in double, so that the stored
digits are the true ones and the test sees only our own rounding.
"""
import torch
import torch.nn as nn

BATCH, STEPS, LR = 5, 3, 0.05
WIDTHS = (32, 64, 128, 256)


class Lcg:
    """x in [-1, 1), multiples of 2^-22: 1 + x/2 is still exact as a float."""

    def __init__(self, seed):
        self.x = seed

    def __call__(self, *shape):
        n = 1
        for s in shape:
            n *= s
        out = []
        for _ in range(n):
            self.x = (self.x * 1664525 + 1013904223) % 2**32
            out.append((self.x >> 9) / 2**22 - 1)
        return torch.tensor(out, dtype=torch.float64).reshape(shape)


layers, c = [], 1
for k in WIDTHS:
    layers += [nn.Conv2d(c, k, 3, padding=1, bias=False), nn.BatchNorm2d(k), nn.ReLU(), nn.MaxPool2d(2)]
    c = k
features = nn.Sequential(*layers)
net = nn.Sequential(features, nn.Flatten(), nn.Linear(256, 10, bias=False)).double()

rand = Lcg(1)
state = [(n, t) for n, t in net.state_dict().items() if "num_batches" not in n]
with torch.no_grad():
    for name, t in state:
        v = rand(*t.shape)
        if t.dim() > 1:            # a weight: about 1/sqrt(fan in), a power of two
            scale = 0.5
            while scale * scale * t[0].numel() > 2:
                scale /= 2
            t.copy_(v * scale)
        elif name.endswith("running_mean"):
            t.copy_(v / 8)
        elif name.endswith("bias"):
            t.copy_(v / 4)
        else:                      # batchnorm's weight, running_var
            t.copy_(1 + v / 2)
x = rand(BATCH, 1, 28, 28)
y = torch.tensor([i * 7 % 10 for i in range(BATCH)])


def numbers(name, values, comment):
    values = [float(v) for v in values]
    print(f"/* {comment} */\nstatic const double {name}[{len(values)}] = {{")
    for i in range(0, len(values), 4):
        print("    " + " ".join(f"{v:.10e}," for v in values[i:i + 4]))
    print("};\n")


def samples(t):
    """First, last, and two between: entries 0, n/3, 2n/3, n-1."""
    t, n = t.detach().reshape(-1), t.numel()
    return [t[0], t[n // 3], t[2 * n // 3], t[n - 1]]


print("/*\n * cnn4: written by make_cnn4.py with PyTorch", torch.__version__.split("+")[0], "in double; do not edit.\n */\n"
      "/* clang-format off */\n#ifndef FM_TESTS_CNN4_H\n#define FM_TESTS_CNN4_H\n")
print(f"enum {{ CNN4_BATCH = {BATCH}, CNN4_STEPS = {STEPS} }};\n\nstatic const double cnn4_lr = {LR};\n")
net.eval()
numbers("cnn4_eval", net(x).reshape(-1), "logits (5,10) with the running moments")
net.train()
losses, opt = [], torch.optim.SGD(net.parameters(), lr=LR)
for step in range(STEPS):
    opt.zero_grad()
    z = net(x)
    loss = nn.functional.cross_entropy(z, y)
    loss.backward()
    losses.append(loss.item())
    if step == 0:
        numbers("cnn4_train", z.reshape(-1), "logits of the first step, batch moments")
        grads = [p.grad for p in net.parameters()]
        numbers("cnn4_norm", [g.norm() for g in grads], "2-norm of each trained tensor's gradient")
        numbers("cnn4_grad", sum((samples(g) for g in grads), []), "its entries 0, n/3, 2n/3, n-1")
        moments = [t for n, t in state if "running" in n]
        numbers("cnn4_moments", sum((samples(t) for t in moments), []), "running mean and var after it, likewise")
    opt.step()
numbers("cnn4_loss", losses, "loss of each step")
numbers("cnn4_after", sum((samples(t) for _, t in state), []), "every tensor after the last step, likewise")
print("#endif")
