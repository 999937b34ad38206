"""Second moments of posteriors, without any Markov chain.

Writes truths.json beside this file. Needs NumPy and SciPy.

- Brownian motion with unknown scales (Sountsov, Radul and contributors, Inference Gym): given both scales
  the path is Gaussian, so that its moments are exact; the scales are summed over a grid.
- Logistic regression: importance sampling from a Student-t distribution at the mode.
"""

import json
import pathlib

import numpy as np
from scipy.optimize import minimize

OBSERVED = [
    0.21592641, 0.118771404, -0.07945447, 0.037677474, -0.27885845, -0.1484156, -0.3250906,
    -0.22957903, -0.44110894, -0.09830782, None, None, None, None, None, None, None, None, None,
    None, -0.8786016, -0.83736074, -0.7384849, -0.8939254, -0.7774566, -0.70238715, -0.87771565,
    -0.51853573, -0.6948214, -0.6202789,
]


def brownian(n=300):
    """Coordinates: log innovation scale, log observation scale, path of 30 points."""
    steps = len(OBSERVED)
    seen = np.array([i for i, y in enumerate(OBSERVED) if y is not None])
    y = np.array([OBSERVED[i] for i in seen])
    differences = np.eye(steps) - np.eye(steps, k=-1)
    walk = differences.T @ differences
    pick = np.zeros((steps, steps))
    pick[seen, seen] = 1
    target = np.zeros(steps)
    target[seen] = y
    inner = np.linspace(-6.5, 2.5, n)
    outer = np.linspace(-18, 1.5, n)
    log_weights, second, fourth = [], [], []
    for a in inner:
        for b in outer:
            tau, rho = np.exp(-2 * a), np.exp(-2 * b)
            precision = tau * walk + rho * pick
            cholesky = np.linalg.cholesky(precision)
            mean = np.linalg.solve(precision, rho * target)
            variance = np.diag(np.linalg.inv(precision))
            log_weight = (
                -a * a / 8 - b * b / 8 - steps * a - len(y) * b
                - 0.5 * rho * y @ y + 0.5 * rho * target @ mean
                - np.log(np.diag(cholesky)).sum()
            )
            log_weights.append(log_weight)
            m2 = mean**2
            second.append(np.concatenate([[a * a, b * b], m2 + variance]))
            fourth.append(np.concatenate([[a**4, b**4], m2**2 + 6 * m2 * variance + 3 * variance**2]))
    weights = np.exp(np.array(log_weights) - max(log_weights))
    edge = weights.reshape(n, n)
    border = max(edge[0].max(), edge[-1].max(), edge[:, 0].max(), edge[:, -1].max())
    assert border < 1e-6, border
    weights /= weights.sum()
    second, fourth = weights @ np.array(second), weights @ np.array(fourth)
    return {"second": second.tolist(), "variance": (fourth - second**2).tolist()}


def logistic(n=1000, d=25, draws=400_000):
    """Data from a fixed seed, weights N(0, 1)."""
    rng = np.random.default_rng(20)
    x = rng.standard_normal((n, d))
    x[:, 0] = 1
    x = np.round(x, 6)
    y = (rng.random(n) < 1 / (1 + np.exp(-x @ (0.5 * rng.standard_normal(d))))).astype(int)
    signed = x * (1 - 2 * y)[:, None]

    def loss(beta):
        return np.logaddexp(0, signed @ beta).sum() + 0.5 * beta @ beta

    def slope(beta):
        return signed.T @ (1 / (1 + np.exp(-signed @ beta))) + beta

    mode = minimize(loss, np.zeros(d), jac=slope, method="BFGS").x
    p = 1 / (1 + np.exp(-signed @ mode))
    precision = (signed.T * (p * (1 - p))) @ signed + np.eye(d)
    root = np.linalg.cholesky(np.linalg.inv(precision))
    freedom = 20
    z = rng.standard_normal((draws, d)) / np.sqrt(rng.chisquare(freedom, (draws, 1)) / freedom)
    beta = mode + z @ root.T
    log_q = -(freedom + d) / 2 * np.log1p((z**2).sum(1) / freedom)
    log_p = np.concatenate([
        -np.logaddexp(0, part @ signed.T).sum(1) - 0.5 * (part**2).sum(1)
        for part in np.array_split(beta, 200)
    ])
    weights = np.exp(log_p - log_q - (log_p - log_q).max())
    weights /= weights.sum()
    assert 1 / (weights**2).sum() > 0.5 * draws
    second, fourth = weights @ beta**2, weights @ beta**4
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "second": second.tolist(),
        "variance": (fourth - second**2).tolist(),
    }


if __name__ == "__main__":
    seen = [y for y in OBSERVED if y is not None]
    truths = {"observed": seen, "brownian": brownian(), "logistic": logistic()}
    path = pathlib.Path(__file__).with_name("truths.json")
    path.write_text(json.dumps(truths) + "\n")
