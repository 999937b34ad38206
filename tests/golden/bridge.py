"""The evidence by bridge sampling from SciPy, ArviZ and pymbar, for tests/evidence.

Run: python tests/golden/bridge.py > tests/golden/bridge.json

Every case holds ln p - ln q at draws of p, chains x draws, and at proposals from q. The
equation of the optimal bridge is solved by SciPy's brentq in the form of Bennett (1976):
N2 mean of w / (w + e^c) over the proposals is N1 mean of e^c / (w + e^c) over the draws,
ln Z = c + ln(N1 / N2). N1 is ArviZ's effective sample size of the share that is averaged
over the draws, first at the solution for N1 draws by number, and again for the error.

With N1 the number of the draws it is Bennett's acceptance ratio, which pymbar computes:
the cases with fewer than four draws of each chain come from there, and the script checks
that both agree in all others.

Draws come from a fixed seed and are rounded to four decimals. Infinities are the strings
"Infinity" and "-Infinity"; what is not defined is null.
"""

import json
import logging
import math
import warnings

import numpy as np

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import arviz as az
from pymbar.other_estimators import bar
from scipy.optimize import brentq
from scipy.special import log_expit, logsumexp

RANDOM = np.random.RandomState(20260102)


def log_mean(x):
    return logsumexp(x) - math.log(x.size)


def balance(draws, proposals, n1, n2):
    def difference(c):
        up = math.log(n2) + log_mean(log_expit(proposals - c))
        return up - math.log(n1) - log_mean(log_expit(c - draws))

    middle = float(np.median(proposals[np.isfinite(proposals)]))
    return brentq(difference, middle - 5000, middle + 5000, xtol=1e-13, rtol=1e-15)


def shares(logs):
    """Shares in units of the largest: units do not matter for relative errors."""
    return np.exp(logs - logs.max())


def relative_variance(values, size):
    return float(values.var(ddof=1) / (size * values.mean() ** 2))


def bridge(draws, proposals):
    n1, n2 = draws.size, proposals.size
    c = balance(draws, proposals, n1, n2)
    if np.isfinite(draws).all() and np.isfinite(proposals).all():
        found = bar(-proposals, draws.ravel(), relative_tolerance=1e-14)["Delta_f"]
        assert abs(c + math.log(n1 / n2) + found) < 1e-9 * max(1, abs(found)), (c, found)
    if draws.shape[1] < 4:
        return c + math.log(n1 / n2), None, n1
    n1 = float(az.ess(shares(log_expit(c - draws)), method="mean"))
    c = balance(draws, proposals, n1, n2)
    ratio = math.log(n1 / n2)
    of_draws = shares(log_expit(c - draws))
    used = float(az.ess(of_draws, method="mean"))
    error = relative_variance(of_draws, used) + relative_variance(shares(log_expit(proposals - c)), n2)
    return c + ratio, math.sqrt(error), used


def normal(*shape):
    return RANDOM.standard_normal(shape)


def autoregressive(chains, draws, coefficient):
    noise = normal(chains, draws)
    x = np.empty_like(noise)
    x[:, 0] = noise[:, 0]
    for t in range(1, draws):
        x[:, t] = coefficient * x[:, t - 1] + math.sqrt(1 - coefficient**2) * noise[:, t]
    return x


def metropolis(chains, draws):
    """A random walk on a normal distribution, whose rejected moves repeat the draw before."""
    x = normal(chains, draws)
    for t in range(1, draws):
        moved = x[:, t - 1] + 3 * normal(chains)
        accepted = np.log(RANDOM.random_sample(chains)) < (x[:, t - 1] ** 2 - moved**2) / 2
        x[:, t] = np.where(accepted, moved, x[:, t - 1])
    return x


def gaussian(x, mean, sd):
    """ln p - ln q for p = exp(-x^2 / 2) and the normal distribution q."""
    return -(x**2) / 2 + (x - mean) ** 2 / (2 * sd**2) + math.log(sd * math.sqrt(2 * math.pi))


def pair(draws, count, mean=0.0, sd=1.0):
    return gaussian(draws, mean, sd), gaussian(mean + sd * normal(count), mean, sd)


def apart(draws, proposals):
    """As of densities far apart, so that no share is near 1/2."""
    return 900 + 20 * normal(*draws), -900 + 20 * normal(proposals)


def zeros(draws, proposals):
    draws[0, 2:5] = np.inf
    proposals[::3] = -np.inf
    return draws, proposals


CASES = {
    "wide proposal": pair(normal(4, 40), 160, sd=1.7),
    "narrow proposal": pair(normal(4, 40), 160, sd=0.4),
    "shifted proposal": pair(normal(2, 60), 300, mean=2.5),
    "autoregressive": pair(autoregressive(4, 60, 0.9), 200, sd=1.5),
    "antithetic": pair(autoregressive(4, 40, -0.6), 200, mean=1.0),
    "rejected moves": pair(metropolis(4, 41), 120, sd=2.0),
    "many proposals": pair(autoregressive(2, 30, 0.5), 600, sd=1.3),
    "few proposals": pair(normal(4, 100), 12, sd=1.3),
    "large offset": tuple(1e4 + x for x in pair(normal(3, 30), 100, sd=1.4)),
    "apart": apart((3, 20), 60),
    "zeros": zeros(*pair(normal(2, 30), 90, sd=1.6)),
    "one draw a chain": pair(normal(40, 1), 60, sd=1.6),
    "three draws a chain": pair(normal(20, 3), 45, mean=1.0),
}


def number(x):
    x = float(x)
    return x if math.isfinite(x) else str(x).replace("inf", "Infinity")


def case(name, draws, proposals):
    draws, proposals = np.round(draws, 4), np.round(proposals, 4)
    estimate, error, size = bridge(draws, proposals)
    return {
        "name": name,
        "shape": list(draws.shape),
        "draws": [number(x) for x in draws.ravel()],
        "proposals": [number(x) for x in proposals],
        "estimate": estimate,
        "standardError": error,
        "effectiveSampleSize": size,
    }


print("[\n" + ",\n".join(json.dumps(case(name, *pair)) for name, pair in CASES.items()) + "\n]")
