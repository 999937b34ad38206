"""The targets of tests/targets/mod.ts: dimension and log density by name."""

import jax
import jax.numpy as jnp
import numpy as np

from options import DTYPE


def dual_moon(x):
    def moon(c, width):
        return jax.nn.logsumexp(-0.5 * ((c + jnp.array([-3, 3], DTYPE)) / width) ** 2)

    ring = -0.5 * ((jnp.linalg.norm(x) - 2) / 0.1) ** 2
    return ring + moon(x[0], 0.8) + moon(x[1], 0.6)


def rosenbrock(x):
    a, b = x[::2], x[1::2]
    return jnp.sum(-10 * (a**2 - b) ** 2 - (a - 1) ** 2)


def gaussian(x):
    return -0.5 * jnp.sum(x**2 / jnp.arange(1, x.size + 1, dtype=DTYPE))


def eight_schools(x):
    observed = jnp.array([28, 8, -3, 7, -1, 1, 18, 12], DTYPE)
    errors = jnp.array([15, 10, 16, 11, 9, 11, 10, 18], DTYPE)
    mu, log_tau, effects = x[0], x[1], x[2:]
    tau = jnp.exp(log_tau)
    likelihood = -0.5 * jnp.sum(((observed - (mu + tau * effects)) / errors) ** 2)
    prior = -0.5 * (mu / 5) ** 2 - jnp.log1p((tau / 5) ** 2) - 0.5 * jnp.sum(effects**2)
    return likelihood + prior + log_tau


def logistic(rows, dimension):
    """The data of the same function in tests/targets/mod.ts, word for word."""
    with jax.enable_x64(True):
        words = jax.random.bits(jax.random.PRNGKey(1), (rows * dimension // 2,), "uint64")
        words = np.asarray(words)
        labels = np.asarray(jax.random.bits(jax.random.PRNGKey(2), (rows,), "uint32")) % 2
    first, second = [(w + 0.5) * 2.0**-32 for w in (words >> 32, words & 0xFFFFFFFF)]
    radius, angle = np.sqrt(-2 * np.log(first)), 2 * np.pi * second
    normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    design = jnp.asarray(normal.reshape(rows, dimension), DTYPE)
    labels = jnp.asarray(labels, DTYPE)

    def log_density(x):
        logits = design @ x
        return jnp.sum(labels * logits - jax.nn.softplus(logits)) - 0.5 * jnp.sum(x**2)

    return log_density


TARGETS = {
    "dual moon": (5, dual_moon),
    "Rosenbrock": (10, rosenbrock),
    "logistic regression N=1000, d=25": (25, logistic(1000, 25)),
    "Gaussian d=100": (100, gaussian),
    "eight schools": (10, eight_schools),
}
