"""Correctly rounded elementary functions in single precision, for tests/tensor/single.

Run: python tests/golden/single.py > tests/golden/single.json

The functions of elementary.py, next to this script, at about 300 floats of 32
bits each, evaluated with 40 and with 60 digits (which must round alike) and
rounded to the nearest float of 32 bits, ties to even, subnormals included.
Every number is the 8 hexadecimal digits of its bits; a pair is an argument and
its result. An overflow is an infinity, what is no real number is NaN.
"""

import json
import math
import random
import struct
from fractions import Fraction

import mpmath
from mpmath import mp, mpf

import elementary

RANDOM = random.Random(20260102)
LARGEST = 2.0**128 - 2.0**104


def single(x):
    """The float of 32 bits nearest to a double."""
    if math.isfinite(x) and abs(x) >= 2.0**128 - 2.0**103:
        return math.copysign(math.inf, x)
    return struct.unpack(">f", struct.pack(">f", x))[0]


def hex_of(x):
    return struct.pack(">f", x).hex()


def rounded(value):
    """The float of 32 bits nearest to an mpf, ties to even, by exact rational arithmetic."""
    if mpmath.isnan(value):
        return math.nan
    if mpmath.isinf(value):
        return math.copysign(math.inf, 1 if value > 0 else -1)
    if value == 0:
        return 0.0
    sign, mantissa, exponent, bits = value._mpf_
    signed = -1.0 if sign else 1.0
    if exponent + bits > 130:
        return signed * math.inf
    if exponent + bits < -160:
        return signed * 0.0
    quantum = Fraction(2) ** (max(exponent + bits, -125) - 24)
    size = round(Fraction(mantissa) * Fraction(2) ** exponent / quantum) * quantum
    return signed * (math.inf if size >= 2**128 else float(size))


def evaluate(function, x):
    results = []
    for digits in (40, 60):
        mp.dps = digits
        results.append(rounded(function(mpf(x))))
    assert hex_of(results[0]) == hex_of(results[1]), (function, x, results)
    return results[0]


def both(values):
    return [s * v for v in values for s in (1.0, -1.0)]


def spread(low, high, count):
    return [single(RANDOM.uniform(low, high)) for _ in range(count)]


def scaled(low, high, count):
    """Positive numbers whose logarithms are spread evenly between powers of ten."""
    return [single(10 ** RANDOM.uniform(low, high)) for _ in range(count)]


def neighbours(points):
    """Floats at and beside points that are not 0."""
    out = []
    for p in points:
        bits = struct.unpack(">I", struct.pack(">f", p))[0]
        out += [struct.unpack(">f", struct.pack(">I", bits + i))[0] for i in (-2, -1, 0, 1, 2)]
    return out


LADDER = [
    single(x)
    for x in [2.0**-149, 1e-42, 2.0**-126, 1e-35, 1e-20, 1e-10, 2.0**-25, 2.0**-24, 2.0**-23]
    + [1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1 - 2.0**-24, 1.0, 1 + 2.0**-23]
    + [1.1, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 17.0, 20.0, 50.0, 88.0, 100.0, 1e3, 1e4, 2e4]
]
HUGE = [single(x) for x in [1e6, 2.0**24, 1e10, 1e20, 1e30, 1e38]] + [LARGEST]
EVERYWHERE = both(LADDER + HUGE) + spread(-1, 1, 60) + spread(-20, 20, 60) + both(scaled(-7, 2, 40))
POSITIVE = LADDER + HUGE + scaled(-44, 38, 80) + scaled(-2, 2, 80) + spread(0.5, 2, 60)
HALF_PIS = neighbours([float(mp.pi / 2 * k) for k in (*range(1, 9), 100, 1001, 10007, 15915)])
PERIODIC = both(LADDER + HALF_PIS) + spread(-10, 10, 60) + spread(-25000, 25000, 80)

ARGUMENTS = {
    "exp": EVERYWHERE + spread(-104, 89, 80) + neighbours([-103.97208, -87.33655, 88.722839, 0.3466]),
    "expm1": EVERYWHERE + spread(-18, 89, 80) + neighbours([-17.4, 88.722839, 0.3466, -0.3466]),
    "log": POSITIVE + neighbours([1.0, math.sqrt(0.5), math.sqrt(2), 10.0]),
    "log1p": [x for x in EVERYWHERE + spread(-1, 1, 80) if x > -1] + neighbours([-0.5, -0.29289]),
    "sin": PERIODIC,
    "cos": PERIODIC,
    "tan": PERIODIC,
    "atan": EVERYWHERE + neighbours([0.4375, 0.6875, 1.1875, 2.4375]),
    "tanh": EVERYWHERE,
    "sigmoid": [x for x in EVERYWHERE + spread(-87, 20, 60) if x > -87.3 or x < -104],
    "softplus": EVERYWHERE + spread(-103, 20, 60),
    "erf": EVERYWHERE + spread(-4, 4, 80) + neighbours([0.5, -0.5]),
    "erfc": EVERYWHERE + spread(-4, 10, 80) + neighbours([0.5, 9.19, 10.05]),
    "erfcx": EVERYWHERE + spread(-9.38, 20, 80),
    "logNormalCdf": EVERYWHERE + spread(-15, 14, 80),
    "lgamma": [x for x in POSITIVE + spread(0, 12, 80) if x < 1e36] + neighbours([1.0, 2.0, 8.5]),
    "digamma": POSITIVE + spread(0, 12, 80) + neighbours([1.4616321, 10.0]),
}


def pairs(name):
    function, _ = elementary.FUNCTIONS[name]
    special = [(x, single(y)) for x, y in elementary.SPECIAL[name]]
    skip = {hex_of(x) for x, _ in special}
    chosen = sorted({x for x in ARGUMENTS[name] if hex_of(x) not in skip})
    return {
        "special": [[hex_of(x), hex_of(y)] for x, y in special],
        "pairs": [[hex_of(x), hex_of(evaluate(function, x))] for x in chosen],
    }


if __name__ == "__main__":
    lines = ",\n".join(f'"{name}": {json.dumps(pairs(name))}' for name in ARGUMENTS)
    print(f"{{\n{lines}\n}}")
