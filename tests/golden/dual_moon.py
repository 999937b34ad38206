"""Exact moments of the dual moon in five dimensions by quadrature.

Run: python tests/golden/dual_moon.py > tests/golden/dual_moon.json

    log p(x) = -((|x| - 2) / 0.1)^2 / 2
               + logsumexp(-((x_0 +- 3) / 0.8)^2 / 2)
               + logsumexp(-((x_1 +- 3) / 0.6)^2 / 2)

The density depends on x_0, x_1 and |x| alone. With x_0 = r sin a cos b,
x_1 = r sin a sin b and the other three on a sphere of radius r cos a, the
volume element is 4 pi r^4 sin a cos^2 a; Gauss-Legendre quadrature of that
smooth integrand is taken over one quadrant of b (a mode; the density is even
in x_0 and in x_1), with two orders that must agree to eleven digits. Once more,
in Cartesian coordinates (x_0, x_1, s = the length of the rest) by the trapezium
rule, which must agree as well.
"""

import json

import numpy as np

RADIUS, WIDTH = 2.0, 0.1
SCALES = (0.8, 0.6)
CENTRE = 3.0
REACH = 1.3  # thirteen widths of the ring; beyond it p < e^-84


def density(r, x0, x1):
    log_p = -0.5 * ((r - RADIUS) / WIDTH) ** 2
    for x, scale in ((x0, SCALES[0]), (x1, SCALES[1])):
        log_p = log_p + np.logaddexp(
            -0.5 * ((x + CENTRE) / scale) ** 2, -0.5 * ((x - CENTRE) / scale) ** 2
        )
    return np.exp(log_p)


def moments(weight, r, x0, x1):
    rest = (r**2 - x0**2 - x1**2) / 3
    functions = [np.ones_like(r), np.abs(x0), np.abs(x1), x0**2, x1**2, rest, r, r**2]
    return np.array([np.sum(weight * f) for f in functions])


def legendre(order, low, high):
    nodes, weights = np.polynomial.legendre.leggauss(order)
    half = (high - low) / 2
    return low + half * (nodes + 1), half * weights


def spherical(order):
    """The integrals over one mode."""
    r, wr = legendre(order, RADIUS - REACH, RADIUS + REACH)
    a, wa = legendre(order, 0, np.pi / 2)
    b, wb = legendre(order, 0, np.pi / 2)
    r, a, b = np.meshgrid(r, a, b, indexing="ij")
    x0, x1 = r * np.sin(a) * np.cos(b), r * np.sin(a) * np.sin(b)
    volume = 4 * np.pi * r**4 * np.sin(a) * np.cos(a) ** 2
    weight = volume * density(r, x0, x1) * np.einsum("i,j,k->ijk", wr, wa, wb)
    return moments(weight, r, x0, x1)


def cartesian(step):
    """The integrals over all of space; s runs over negative values too, hence 2 pi."""
    grid = np.arange(-3.4, 3.4 + step / 2, step)
    x1, s = np.meshgrid(grid, grid, indexing="ij")
    total = 0
    for value in grid:
        x0 = np.full_like(x1, value)
        r = np.sqrt(x0**2 + x1**2 + s**2)
        total = total + moments(2 * np.pi * s**2 * density(r, x0, x1), r, x0, x1)
    return total * step**3


def summary(integrals, modes):
    mean = integrals[1:] / integrals[0]
    return np.concatenate([[np.log(modes * integrals[0])], mean])


mode = spherical(160)
values = summary(mode, 4)
np.testing.assert_allclose(summary(spherical(120), 4), values, rtol=1e-11)
whole = cartesian(0.04)
# |x_0| has a corner at 0, where the trapezium rule errs by the square of its step.
smooth = [0, 3, 4, 5, 6, 7]
np.testing.assert_allclose(summary(whole, 1)[smooth], values[smooth], rtol=1e-11)
np.testing.assert_allclose(summary(whole, 1), values, rtol=1e-4)

log_z, abs0, abs1, square0, square1, square_rest, norm, norm_square = values.tolist()
print(
    json.dumps(
        {
            "dimension": 5,
            "logEvidence": log_z,
            "meanSquare": [square0, square1, square_rest, square_rest, square_rest],
            "meanNorm": norm,
            "sdNorm": (norm_square - norm**2) ** 0.5,
            "modes": [
                {"signs": [i, j], "weight": mode[0] / np.exp(log_z), "mean": [i * abs0, j * abs1]}
                for i in (1, -1)
                for j in (1, -1)
            ],
        },
        indent=1,
    )
)
