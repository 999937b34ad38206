"""Diagnostics of draws and of weights by ArviZ, for tests/diagnostics and tests/evidence.

Run: python tests/golden/diagnostics.py > tests/golden/diagnostics.json

Draws come from a fixed seed and are rounded to four decimals, so that the file
holds exactly what ArviZ was given. Infinities are the strings "Infinity" and
"-Infinity"; what is not defined, or what ArviZ refuses to compute (R-hat of one
chain), is null. Quantiles of the normal and the beta distribution are SciPy's.
"""

import json
import logging
import math
import warnings

import arviz as az
import numpy as np
from scipy import stats

logging.getLogger("arviz").setLevel(logging.ERROR)
warnings.simplefilter("ignore")
RANDOM = np.random.RandomState(20260101)
QUANTILES = [0.05, 0.25, 0.5, 0.95]


def number(x):
    x = float(x)
    if math.isnan(x):
        return None
    return x if math.isfinite(x) else str(x).replace("inf", "Infinity")


def numbers(values):
    return [number(x) for x in np.ravel(values)]


def normal(chains, draws):
    return RANDOM.standard_normal((chains, draws))


def autoregressive(chains, draws, coefficient):
    noise = normal(chains, draws)
    x = np.empty_like(noise)
    x[:, 0] = noise[:, 0]
    for t in range(1, draws):
        x[:, t] = coefficient * x[:, t - 1] + math.sqrt(1 - coefficient**2) * noise[:, t]
    return x


def metropolis(chains, draws):
    """A random walk on a normal distribution, whose rejected moves repeat the draw before."""
    x = np.zeros((chains, draws))
    for t in range(1, draws):
        moved = x[:, t - 1] + 3 * RANDOM.standard_normal(chains)
        accepted = np.log(RANDOM.random_sample(chains)) < (x[:, t - 1] ** 2 - moved**2) / 2
        x[:, t] = np.where(accepted, moved, x[:, t - 1])
    return x


def with_infinities(x):
    x[0, 3], x[1, 17], x[1, 18] = np.inf, -np.inf, -np.inf
    return x


DRAWS = {
    "independent": normal(4, 50),
    "an odd number of draws": autoregressive(3, 101, 0.5),
    "few draws": normal(2, 8),
    "fewest draws": normal(3, 4),
    "five draws": normal(2, 5),
    "Cauchy": RANDOM.standard_cauchy((4, 50)),
    "autoregressive": autoregressive(4, 100, 0.9),
    "one slow chain": autoregressive(1, 501, 0.99),
    "antithetic": autoregressive(4, 100, -0.3),
    "strongly antithetic": autoregressive(4, 100, -0.9),
    "equal": np.full((2, 10), 1.5),
    "rejected moves": metropolis(4, 61),
    "a shifted chain": normal(4, 50) + np.array([[0], [0], [0], [3]]),
    "a wider chain": normal(4, 50) * np.array([[1], [1], [1], [5]]),
    "a trend": normal(3, 60) + np.linspace(-2, 2, 60),
    "far from zero": 1e6 + normal(4, 50),
    "an outlier first": np.concatenate([np.full((2, 1), 1e5), normal(2, 40)], axis=1),
    "two values": RANDOM.randint(0, 2, (2, 21)),
    "two values evenly": np.array([[0, 1, 1, 0, 1, 0, 0, 1], [1, 1, 0, 0, 0, 1, 1, 0]]),
    "stuck chains": np.repeat([[0.0], [1.0], [3.0]], 12, axis=1),
    "infinities": with_infinities(normal(2, 40)),
}


def draws_case(name, x):
    x = np.round(np.asarray(x, dtype=float), 4)
    ess, mcse = az.ess, az.mcse
    return {
        "name": name,
        "shape": list(x.shape),
        "data": numbers(x),
        "rHat": number(az.rhat(x)),
        "bulk": number(ess(x, method="bulk")),
        "tail": number(ess(x, method="tail")),
        "errorOfMean": number(mcse(x, method="mean")),
        "errorOfSd": number(mcse(x, method="sd")),
        "errorOfQuantiles": [number(mcse(x, method="quantile", prob=p)) for p in QUANTILES],
    }


WEIGHTS = {
    "light": 0.5 * RANDOM.standard_normal(200),
    "normal squares": 0.375 * RANDOM.standard_normal(1000) ** 2,
    "heavy": RANDOM.standard_exponential(300) * 1.2,
    "very heavy": np.abs(RANDOM.standard_cauchy(150)),
    "bounded": -RANDOM.standard_exponential(100),
    "large offset": 5000 + RANDOM.standard_normal(120),
    "one weight has it all": np.concatenate([[900.0], RANDOM.standard_normal(60)]),
    "wide": 400 * RANDOM.standard_normal(400),
    "fewest": RANDOM.standard_normal(21),
    "too few": RANDOM.standard_normal(20),
    "ties": np.round(RANDOM.standard_normal(250), 1),
    "zeros": np.where(np.arange(150) % 3 == 0, -np.inf, RANDOM.standard_normal(150)),
    "mostly zeros": np.where(np.arange(150) % 10 > 0, -np.inf, RANDOM.standard_normal(150)),
}


def weights_case(name, x):
    x = np.round(x, 4)
    _, shape = az.psislw(x)
    scaled = np.exp(x - x.max())
    return {
        "name": name,
        "logWeights": numbers(x),
        "paretoShape": number(shape),
        "effectiveSampleFraction": number(scaled.sum() ** 2 / (x.size * (scaled**2).sum())),
        "logMean": number(x.max() + np.log(scaled.mean())),
        "relativeError": number(scaled.std(ddof=1) / scaled.mean() / math.sqrt(x.size)),
    }


PROBABILITIES = [1e-300, 1e-20, 1e-9, 0.001, 0.02425, 0.075, 0.1586553, 0.3, 0.5, 0.8413447, 0.999]
PARAMETERS = [1, 1.5, 3, 12.25, 80, 1234.5, 1e5, 3e6]
BETA = [
    [p, a, b, number(stats.beta.ppf(p, a, b))]
    for p in (0.01, 0.1586553, 0.5, 0.8413447)
    for a in PARAMETERS
    for b in PARAMETERS
]


def lines(cases):
    return ",\n".join(json.dumps(case) for case in cases)


print('{"quantiles": ' + json.dumps(QUANTILES) + ",")
print('"draws": [\n' + lines(draws_case(*item) for item in DRAWS.items()) + "\n],")
print('"weights": [\n' + lines(weights_case(*item) for item in WEIGHTS.items()) + "\n],")
print('"normalQuantile": [\n' + lines([p, number(stats.norm.ppf(p))] for p in PROBABILITIES) + "\n],")
print('"betaQuantile": [\n' + lines(BETA) + "\n]}")
