"""Correctly rounded elementary functions, for tests/tensor/scalar_math_test.ts.

Run: python tests/golden/elementary.py > tests/golden/elementary.json

About 300 arguments a function, evaluated by mpmath with 60 and with 90 digits
(which must round alike) and rounded to the nearest f64, ties to even,
subnormals included. Every number is the 16 hexadecimal digits of its bits;
a pair is an argument and its result.

Random arguments are drawn from a fixed seed. A result that overflows is an
infinity, one that is no real number is NaN.
"""

import json
import math
import random
import struct
from fractions import Fraction

import mpmath
from mpmath import mp, mpf

RANDOM = random.Random(20260101)
TINY = [5e-324, 1e-320, 2.2250738585072009e-308, 2.2250738585072014e-308, 1e-300]
SMALL = [1e-200, 1e-100, 1e-30, 1e-20, 2.0**-54, 2.0**-53, 2.0**-52, 1e-12, 1e-8, 1e-5, 1e-3]
UNIT = [0.1, 0.25, 0.3, 0.5, 0.7, 0.75, 0.9, 1 - 2.0**-53, 1.0, 1 + 2.0**-52, 1.1, 1.5, 2.0, 3.0]
LARGE = [5.0, 7.5, 10.0, 20.0, 36.0, 37.0, 50.0, 100.0, 300.0, 700.0, 1e3, 1e4, 1e6, 1e10]
HUGE = [1e15, 2.0**53, 1e20, 1e100, 1e300, 1.7976931348623157e308]
LADDER = TINY + SMALL + UNIT + LARGE + HUGE


def hex_of(x):
    return struct.pack(">d", x).hex()


def rounded(value):
    """The f64 nearest to an mpf, ties to even, by exact rational arithmetic."""
    if mpmath.isnan(value):
        return math.nan
    if mpmath.isinf(value):
        return math.copysign(math.inf, 1 if value > 0 else -1)
    if value == 0:
        return 0.0
    sign, mantissa, exponent, bits = value._mpf_
    signed = -1.0 if sign else 1.0
    if exponent + bits > 1024:
        return signed * math.inf
    if exponent + bits < -1080:
        return signed * 0.0
    exact = Fraction(mantissa) * Fraction(2) ** exponent
    try:
        return signed * (exact.numerator / exact.denominator)
    except OverflowError:
        return signed * math.inf


def evaluate(function, x):
    results = []
    for digits in (60, 90):
        mp.dps = digits
        results.append(rounded(function(mpf(x))))
    assert hex_of(results[0]) == hex_of(results[1]), (function, x, results)
    return results[0]


def both(values):
    return [s * v for v in values for s in (1.0, -1.0)]


def spread(low, high, count):
    return [RANDOM.uniform(low, high) for _ in range(count)]


def scaled(low, high, count):
    """Positive numbers whose logarithms are spread evenly between powers of ten."""
    return [10 ** RANDOM.uniform(low, high) for _ in range(count)]


def neighbours(points):
    out = []
    for p in points:
        up = math.nextafter(p, math.inf)
        down = math.nextafter(p, -math.inf)
        out += [down, p, up, math.nextafter(up, math.inf), p * (1 + 1e-9), p * (1 - 1e-9)]
    return out


def multiples_of_half_pi(count):
    return neighbours([float(mp.pi / 2 * k) for k in range(1, count + 1)])


def log_normal_cdf(x):
    """log of the standard normal distribution function."""
    if x > 100:
        return mpf(0)
    if x > 0:
        return mpmath.log1p(-mpmath.erfc(x / mpmath.sqrt(2)) / 2)
    if x < -1e7:
        # Two terms of the asymptotic series leave a relative error under x**-6.
        return -x * x / 2 - mpmath.log(-x * mpmath.sqrt(2 * mp.pi)) - 1 / (x * x)
    return mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2)


def erfcx(x):
    """exp(x**2) * erfc(x)."""
    if x < -100:
        return INFINITY
    if x < 100:
        return mpmath.exp(x * x) * mpmath.erfc(x)
    # The asymptotic series, whose terms fall by 1e4 each at first and are summed to the last digit.
    total, term, n = mpf(0), mpf(1), 0
    while abs(term) > mpf(10) ** -mp.dps:
        total += term
        n += 1
        term *= -(2 * n - 1) / (2 * x * x)
    return total / (x * mpmath.sqrt(mp.pi))


def softplus(x):
    return x + mpmath.log1p(mpmath.exp(-x)) if x > 0 else mpmath.log1p(mpmath.exp(x))


def sigmoid(x):
    e = mpmath.exp(-abs(x))
    return 1 / (1 + e) if x >= 0 else e / (1 + e)


def tanh(x):
    e = mpmath.expm1(-2 * abs(x))
    return mpmath.sign(x) * -e / (2 + e)


def clip(limit, function, beyond):
    """`function` up to `limit` in size, and what it rounds to beyond."""
    return lambda x: beyond(x) if abs(x) > limit else function(x)


INFINITY = mpf("inf")
LOG_EDGES = neighbours([1.0, math.sqrt(0.5), math.sqrt(2), math.e, 10.0])
EXP_EDGES = neighbours(
    [-745.1332191019411, -708.3964185322641, 709.782712893384, math.log(2) / 2, -math.log(2) / 2]
)
PERIODIC = both(LADDER[:-4] + multiples_of_half_pi(12)) + spread(-10, 10, 80) + spread(-1e4, 1e4, 40)
EVERYWHERE = both(LADDER) + spread(-1, 1, 60) + spread(-40, 40, 60) + both(scaled(-15, 2, 40))
POSITIVE = LADDER + scaled(-307, 308, 80) + scaled(-3, 3, 80) + spread(0.5, 2, 60)

FUNCTIONS = {
    "exp": (
        clip(1000, mpmath.exp, lambda x: INFINITY if x > 0 else mpf(0)),
        EVERYWHERE + spread(-745, 709, 60) + EXP_EDGES,
    ),
    "expm1": (
        clip(1000, mpmath.expm1, lambda x: INFINITY if x > 0 else mpf(-1)),
        EVERYWHERE + spread(-40, 709, 60) + EXP_EDGES,
    ),
    "log": (mpmath.log, POSITIVE + LOG_EDGES),
    "log1p": (
        mpmath.log1p,
        LADDER + [-x for x in LADDER if x < 1] + spread(-1, 1, 100) + scaled(-15, 300, 60)
        + neighbours([math.sqrt(0.5) - 1, math.sqrt(2) - 1, -0.5]),
    ),
    "sqrt": (mpmath.sqrt, POSITIVE),
    "sin": (mpmath.sin, PERIODIC),
    "cos": (mpmath.cos, PERIODIC),
    "tan": (mpmath.tan, PERIODIC),
    "atan": (mpmath.atan, EVERYWHERE),
    "tanh": (clip(1000, tanh, lambda x: mpmath.sign(x)), EVERYWHERE),
    "sigmoid": (
        clip(1000, sigmoid, lambda x: mpf(1) if x > 0 else mpf(0)),
        EVERYWHERE + spread(-745, 0, 40),
    ),
    "softplus": (
        clip(1000, softplus, lambda x: x if x > 0 else mpf(0)),
        EVERYWHERE + spread(-745, 0, 40),
    ),
    "erf": (clip(100, mpmath.erf, lambda x: mpmath.sign(x)), EVERYWHERE + spread(-6, 6, 80)),
    "erfc": (
        clip(100, mpmath.erfc, lambda x: mpf(0) if x > 0 else mpf(2)),
        EVERYWHERE + spread(-6, 27, 80),
    ),
    "lgamma": (mpmath.loggamma, POSITIVE + neighbours([1.0, 2.0, 3.0]) + spread(0, 20, 40)),
    "digamma": (
        mpmath.digamma,
        POSITIVE + neighbours([1.4616321449683623]) + spread(0, 20, 40) + spread(-5, 0, 30),
    ),
    "logNormalCdf": (log_normal_cdf, EVERYWHERE + spread(-40, 10, 80)),
    # Functions are added at the end: the random arguments of those before stay as they are.
    "erfcx": (erfcx, [0.0] + EVERYWHERE + spread(-27, 30, 80)),
    # Below 1e-90 it is 1/x² + π²/6 to all of the digits.
    "trigamma": (
        lambda x: 1 / (x * x) + mp.pi**2 / 6 if x < 1e-90 else mpmath.polygamma(1, x),
        POSITIVE + neighbours([1.0, 9.0, 10.0]) + spread(0, 20, 60),
    ),
}

# What IEEE 754 and C's Annex F say of zeros, infinities and points out of the domain.
NAN, INF = math.nan, math.inf
SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (NAN, NAN)],
    "log": [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-1.0, NAN), (-INF, NAN), (NAN, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (-2.0, NAN), (NAN, NAN)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-1.0, NAN), (NAN, NAN)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    "atan": [(0.0, 0.0), (-0.0, -0.0), (INF, math.pi / 2), (-INF, -math.pi / 2), (NAN, NAN)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN)],
    "sigmoid": [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (NAN, NAN)],
    "softplus": [(0.0, math.log(2)), (INF, INF), (-INF, 0.0), (NAN, NAN)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN)],
    "erfc": [(0.0, 1.0), (-0.0, 1.0), (INF, 0.0), (-INF, 2.0), (NAN, NAN)],
    "lgamma": [(1.0, 0.0), (2.0, 0.0), (0.0, INF), (INF, INF), (NAN, NAN)],
    "digamma": [(INF, INF), (NAN, NAN)],
    "logNormalCdf": [(0.0, -math.log(2)), (INF, 0.0), (-INF, -INF), (NAN, NAN)],
    "erfcx": [(INF, 0.0), (-INF, INF), (NAN, NAN)],
    "trigamma": [(0.0, INF), (-0.0, INF), (INF, 0.0), (-1.0, NAN), (-0.5, NAN), (NAN, NAN)],
}


def pairs(name):
    function, arguments = FUNCTIONS[name]
    special = SPECIAL[name]
    skip = {hex_of(x) for x, _ in special}
    chosen = sorted({x for x in arguments if hex_of(x) not in skip})
    computed = [(x, evaluate(function, x)) for x in chosen]
    return {
        "special": [[hex_of(x), hex_of(y)] for x, y in special],
        "pairs": [[hex_of(x), hex_of(y)] for x, y in computed],
    }


if __name__ == "__main__":
    lines = ",\n".join(f'"{name}": {json.dumps(pairs(name))}' for name in FUNCTIONS)
    print(f"{{\n{lines}\n}}")
