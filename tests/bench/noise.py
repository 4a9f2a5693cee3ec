#!/usr/bin/env python3
"""Noise in PyTorch: millions of values per second, one thread, the best of five.

usage: noise.py uniform|gaussian|bernoulli [COUNT]
"""
import sys
import time
import torch

torch.set_num_threads(1)
count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
g = torch.Generator().manual_seed(1)
draw = {"uniform": lambda: torch.rand(count, generator=g).mul_(0.02).sub_(0.01),
        "gaussian": lambda: torch.randn(count, generator=g).mul_(0.01),
        "bernoulli": lambda: torch.randint(2, (count,), generator=g).float().mul_(0.02).sub_(0.01)}[sys.argv[1]]
t = []
for _ in range(5):
    t0 = time.perf_counter()
    draw()
    t.append(time.perf_counter() - t0)
print(f"{count / min(t) / 1e6:.1f}")
