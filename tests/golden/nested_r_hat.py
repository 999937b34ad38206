"""Nested R-hat by ArviZ, for tests/diagnostics/nested_r_hat_test.ts.

Run: python tests/golden/nested_r_hat.py > tests/golden/nested_r_hat.json

arviz-stats computes it by equations 4 to 8 of Margossian et al. 2024, with split chains, ranks and
folding. Draws come from a fixed seed and are rounded to four decimals.
"""

import json
import math

import numpy as np
from arviz_stats.base import array_stats

RANDOM = np.random.RandomState(20260102)


def normal(chains, draws):
    return RANDOM.standard_normal((chains, draws))


def consecutive(superchains, size):
    return np.repeat(np.arange(superchains), size)


SHIFT = np.array([[0], [0], [0], [0], [2], [2], [0], [0]])
CASES = {
    "independent": (normal(8, 12), consecutive(4, 2)),
    "an odd number of draws": (normal(9, 11), consecutive(3, 3)),
    "superchains in turn": (normal(12, 20), np.tile(np.arange(3), 4)),
    "one chain each": (normal(5, 14), np.arange(5)),
    "fewest draws": (normal(6, 4), consecutive(2, 3)),
    "a shifted superchain": (normal(8, 16) + SHIFT, consecutive(4, 2)),
    "a wider superchain": (normal(8, 16) * (1 + 3 * (SHIFT > 0)), consecutive(4, 2)),
    "a shift within superchains": (normal(8, 16) + SHIFT, np.tile(np.arange(4), 2)),
    "a trend": (normal(8, 30) + np.linspace(-2, 2, 30), consecutive(4, 2)),
    "Cauchy": (RANDOM.standard_cauchy((8, 12)), consecutive(2, 4)),
    "two values": (RANDOM.randint(0, 2, (8, 12)).astype(float), consecutive(4, 2)),
}


def case(name, x, superchains):
    x = np.round(x, 4)
    r_hat = float(array_stats.rhat_nested(x, superchains))
    assert math.isfinite(r_hat)
    return {
        "name": name,
        "shape": list(x.shape),
        "data": x.ravel().tolist(),
        "superchains": superchains.tolist(),
        "nestedRHat": r_hat,
    }


print("[\n" + ",\n".join(json.dumps(case(name, *given)) for name, given in CASES.items()) + "\n]")
