"""Normal numbers from pairs of words by Box & Muller's transform, for tests/tensor/box_muller_test.ts.

Run: python tests/golden/box_muller.py > tests/golden/box_muller.json

For words w and v: u = (w + 1/2) / 2^32, angle a = 2 pi (v + 1/2) / 2^32, radius
r = sqrt(-2 ln u), and the numbers r cos a and r sin a, with 60 digits, rounded to
the nearest double. A row is w, v, r, r cos a, r sin a, the last three as 16
hexadecimal digits. "double" has those; in "single" a word is first rounded to the
nearest float of 32 bits that is a word, and w + 1/2 to the nearest float, so that
the error of the transform is seen apart from what the arguments have lost.
"""

import json
import random
import struct

from mpmath import cos, log, mp, mpf, pi, sin, sqrt

mp.dps = 60
RANDOM = random.Random(20260107)


def single(x):
    return struct.unpack(">f", struct.pack(">f", x))[0]


def hex_of(x):
    return struct.pack(">d", float(x)).hex()


def numbers(first_plus_half, second):
    u = mpf(first_plus_half) / 2**32
    angle = 2 * pi * (mpf(second) + mpf(1) / 2) / 2**32
    radius = sqrt(-2 * log(u))
    return [hex_of(radius), hex_of(radius * cos(angle)), hex_of(radius * sin(angle))]


def single_word(word):
    return min(single(word), 2.0**32 - 2.0**8)


# Where the radius or an octant of the angle begins or ends, where u passes sqrt(1/2), 1/2 and 1/4.
firsts = [0, 1, 2, 255, 2**23, 2**30, 2**31 - 1, 2**31, 0xB504F332, 0xB504F333, 0xB504F334]
firsts += [2**32 - 2**9, 2**32 - 129, 2**32 - 128, 2**32 - 2, 2**32 - 1]
seconds = sorted({(k * 2**29 + step) % 2**32 for k in range(8) for step in (-1, 0, 1)})
pairs = [(w, v) for w in firsts for v in seconds]
pairs += [(RANDOM.getrandbits(32), RANDOM.getrandbits(32)) for _ in range(150)]
pairs += [(RANDOM.getrandbits(RANDOM.randrange(1, 32)), RANDOM.getrandbits(32)) for _ in range(50)]

double_rows = [[w, v, *numbers(w + mpf(1) / 2, v)] for w, v in pairs]
single_rows = [[w, v, *numbers(single(single_word(w) + 0.5), single_word(v))] for w, v in pairs]


def text(rows):
    return ",\n".join("    " + json.dumps(row) for row in rows)


print('{\n  "double": [\n' + text(double_rows) + '\n  ],\n  "single": [\n' + text(single_rows) + "\n  ]\n}")
