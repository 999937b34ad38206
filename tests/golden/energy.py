"""Energy Bayesian fractions of missing information by ArviZ, for tests/diagnostics.

Run: python tests/golden/energy.py > tests/golden/energy.json

Energies come from a fixed seed and are rounded to four decimals.
"""

import json
import math

import arviz as az
import numpy as np

RANDOM = np.random.RandomState(20260103)


def autoregressive(chains, draws, coefficient):
    x = RANDOM.standard_normal((chains, draws))
    for t in range(1, draws):
        x[:, t] = coefficient * x[:, t - 1] + math.sqrt(1 - coefficient**2) * x[:, t]
    return x


CASES = {
    "independent": RANDOM.standard_normal((4, 30)),
    "slow": autoregressive(3, 60, 0.95),
    "far from zero": 1e5 + autoregressive(2, 40, 0.5),
    "fewest": RANDOM.standard_normal((2, 2)),
    "one chain": RANDOM.standard_gamma(3.0, (1, 25)),
}


def case(name, x):
    x = np.round(x, 4)
    return {"name": name, "shape": list(x.shape), "data": x.ravel().tolist(), "bfmi": az.bfmi(x).tolist()}


print("[\n" + ",\n".join(json.dumps(case(*item)) for item in CASES.items()) + "\n]")
