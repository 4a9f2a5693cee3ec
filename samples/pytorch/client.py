#!/usr/bin/env python3
"""A client of fedmrn that trains in PyTorch: progressive stochastic masking
(arXiv 2408.03220) on our noise.

    client.py -m w0 --images X --labels Y [--indices ROWS] --client 7 -o r1/7.mrn

It does what fedmrn-train and fedmrn-pack do: the model tells the network and
how to train, fedmrn-noise hands out the noise, and fedmrn-pack --masks makes
the bundle (both are looked for on PATH).  Models of fedmrn and fedmrns; images
are IDX files.  Only torch and its NumPy are needed; --device cuda trains there.
"""
import argparse
import subprocess
import sys

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils.stateless import functional_call

import fedmrn


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("-m", "--model", required=True)
    p.add_argument("--images", required=True)
    p.add_argument("--labels", required=True)
    p.add_argument("--indices", help="the client's rows, one a line")
    p.add_argument("--client", required=True)
    p.add_argument("-s", "--seed", type=lambda s: int(s, 0), help="private seed")
    p.add_argument("--device", default="cpu")
    p.add_argument("-o", "--output", required=True)
    return p.parse_args()


def contract(meta):
    """How to train: what this client does not do must not be asked for."""
    if meta["fedmrn.method"] not in ("fedmrn", "fedmrns"):
        raise SystemExit(f"{meta['fedmrn.method']}: only fedmrn and fedmrns")
    usual = {"masking": "psm", "lr-schedule": "constant", "prox": "0",
             "loss": "softmax", "crop": "0", "flip": "no"}
    for key, value in usual.items():
        if meta.get(f"fedmrn.{key}", value) != value:
            raise SystemExit(f"{key} {meta[f'fedmrn.{key}']}: only {value}")
    number = {k: float(meta[f"fedmrn.{k}"])
              for k in ("epochs", "batch", "lr", "momentum", "weight-decay")}
    return meta["fedmrn.method"] == "fedmrns", number


def draw(u, n, signed):
    """A stochastic mask of the update, 0 and 1: E[masked noise] = u."""
    chance = (u / n + 1) / 2 if signed else u / n
    return torch.rand_like(u) < chance  # what is outside [0,1] is certain


def effective(u, n, signed, progress):
    """The update that a step sees: the masked noise of each element with the
    chance t/T, else the clipped update.  Its gradient is u's (straight-through)."""
    with torch.no_grad():
        m = draw(u, n, signed).float()
        noisy = n * (2 * m - 1 if signed else m)
        near = n * (u / n).clamp(-1 if signed else 0, 1)
        seen = torch.where(torch.rand_like(u) < progress, noisy, near)
    return u + (seen - u).detach()


def train(net, x, y, noise, signed, number):
    """The updates u of the masked tensors; net's own tensors become what was
    trained of the others."""
    base = {name: p.detach().clone() for name, p in net.named_parameters() if name in noise}
    u = {name: torch.zeros_like(p, requires_grad=True) for name, p in base.items()}
    rest = [p for name, p in net.named_parameters() if name not in noise]
    sgd = torch.optim.SGD([*u.values(), *rest], number["lr"], number["momentum"],
                          weight_decay=number["weight-decay"])
    batch, epochs = int(number["batch"]), int(number["epochs"])
    steps, t = epochs * -(-len(x) // batch), 0
    net.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(x), device=x.device).split(batch):
            t += 1
            weights = {name: base[name] + effective(u[name], noise[name], signed, t / steps)
                       for name in u}
            loss = cross_entropy(functional_call(net, weights, x[rows]), y[rows])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
    return u


def main():
    o = options()
    if o.seed is not None:
        torch.manual_seed(o.seed)
    else:
        torch.seed()
    with open(o.model, "rb") as f:
        data = f.read()
    meta, net = fedmrn.load(data)
    signed, number = contract(meta)
    made = subprocess.run(["fedmrn-noise", "--model", o.model, "--client", o.client],
                          stdout=subprocess.PIPE, check=True)
    _, noise = fedmrn.read_safetensors(made.stdout)

    images, labels = fedmrn.read_idx(o.images), fedmrn.read_idx(o.labels).long()
    if o.indices:
        with open(o.indices, encoding="ascii") as f:
            rows = torch.tensor([int(line) for line in f])
        images, labels = images[rows], labels[rows]
    net = net.to(o.device)
    x, y = fedmrn.inputs(images, meta, net).to(o.device), labels.to(o.device)
    noise = {name: n.to(o.device) for name, n in noise.items()}
    before = {name: p.clone() for name, p in net.state_dict().items()}
    u = train(net, x, y, noise, signed, number)

    # The final masks, drawn by chance that only this client knows; and what
    # travels in full: batch normalisation.
    answer = {name: draw(v, noise[name], signed) for name, v in u.items()}
    for name, p in net.state_dict().items():
        if name not in answer and not name.endswith("num_batches_tracked"):
            answer[name] = p - before[name]
    subprocess.run(["fedmrn-pack", "--quiet", "--model", o.model, "--masks", "-",
                    "--dither", "private", "--client", o.client, "--samples", str(len(x)),
                    "--output", o.output],
                   input=fedmrn.write_safetensors({}, answer), check=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as e:  # which has said why
        sys.exit(e.returncode)
