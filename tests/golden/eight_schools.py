"""Exact posterior of the eight schools by quadrature.

Run: python tests/golden/eight_schools.py > tests/golden/eight_schools.json

    mu ~ N(0, 5), tau ~ half-Cauchy(0, 5),
    theta_i ~ N(mu, tau), y_i ~ N(theta_i, sigma_i),   i = 0 .. 7

(normal distributions by mean and standard deviation). Given tau everything is
Gaussian: mu and theta are integrated in closed form, so that one integral over
tau remains. It is taken over t in tau = e^t by the trapezium rule, whose error
falls faster than any power of the step on such an integrand, with two steps
that must agree to ten digits; and once more by adaptive quadrature over tau.
"""

import json

import numpy as np
from scipy import integrate, stats

Y = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
SIGMA = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
MU_SCALE = 5.0
TAU_SCALE = 5.0


def given_tau(tau):
    """log p(y | tau), and the conditional moments of mu and theta."""
    variance = SIGMA**2 + tau**2
    precision = 1 / MU_SCALE**2 + np.sum(1 / variance)
    mu = np.sum(Y / variance) / precision
    # y ~ N(0, diag(variance) + MU_SCALE^2 J), by the matrix determinant lemma.
    log_evidence = -0.5 * (
        len(Y) * np.log(2 * np.pi)
        + np.sum(np.log(variance))
        + np.log(MU_SCALE**2 * precision)
        + np.sum(Y**2 / variance)
        - precision * mu**2
    )
    shrink = SIGMA**2 / variance  # weight of mu in theta_i
    theta = shrink * mu + (1 - shrink) * Y
    theta_variance = shrink * tau**2 + shrink**2 / precision
    first = np.concatenate([[mu, tau], theta])
    second = np.concatenate([[1 / precision + mu**2, tau**2], theta_variance + theta**2])
    return log_evidence, first, second


def integrand(tau):
    """Weight and weighted moments as a density of tau."""
    log_evidence, first, second = given_tau(tau)
    weight = np.exp(log_evidence) * 2 * stats.cauchy.pdf(tau, scale=TAU_SCALE)
    return weight * np.concatenate([[1.0], first, second])


def by_trapezium(step):
    t = np.arange(-40, 60 + step / 2, step)
    return step * sum(integrand(tau) * tau for tau in np.exp(t))


def by_adaptive_quadrature():
    edges = [0, 1, 3, 10, 30, 100, 1e3, 1e4]
    total = 0
    for low, high in zip(edges, edges[1:]):
        value, _ = integrate.quad_vec(integrand, low, high, epsrel=1e-13, epsabs=0)
        total = total + value
    # Beyond, with u = 1/tau.
    value, _ = integrate.quad_vec(
        lambda u: integrand(1 / u) / u**2, 1e-12, 1 / edges[-1], epsrel=1e-10, epsabs=0
    )
    return total + value


def summary(integrals):
    first = integrals[1:11] / integrals[0]
    second = integrals[11:] / integrals[0]
    sd = np.sqrt(second - first**2)
    return np.concatenate([[np.log(integrals[0])], first, sd])


coarse, fine = summary(by_trapezium(0.02)), summary(by_trapezium(0.01))
adaptive = summary(by_adaptive_quadrature())
np.testing.assert_allclose(coarse, fine, rtol=1e-10)
np.testing.assert_allclose(adaptive, fine, rtol=1e-9)

mean, sd = fine[1:11].tolist(), fine[11:].tolist()


def parameter(i):
    return {"mean": mean[i], "sd": sd[i]}


print(
    json.dumps(
        {
            "y": Y.tolist(),
            "sigma": SIGMA.tolist(),
            "logEvidence": fine[0],
            "mu": parameter(0),
            "tau": parameter(1),
            "theta": [parameter(i) for i in range(2, 10)],
        },
        indent=1,
    )
)
