"""Cholesky factors and what follows from them, for tests/tensor/linear_algebra_test.ts.

Run: python tests/golden/linear_algebra.py > tests/golden/linear_algebra.json

The matrix is Lehmer's, min(i, j)/max(i, j) for i, j = 1 … n in f64, plus 1/4 on the diagonal; the
right-hand side is b_i = (7 i mod 11) - 5. Evaluated by mpmath with 50 digits from the f64 entries,
and rounded to f64. `scipy` is scipy.stats.multivariate_normal.logpdf(b, cov=A), an independent
implementation in f64.
"""

import json

import numpy as np
import scipy.stats
from mpmath import cholesky, log, lu_solve, matrix, mp, mpf

mp.dps = 50


def case(n):
    a = [[min(i, j) / max(i, j) + (0.25 if i == j else 0) for j in range(1, n + 1)] for i in range(1, n + 1)]
    b = [float(7 * i % 11 - 5) for i in range(1, n + 1)]
    exact = matrix([[mpf(x) for x in row] for row in a])
    right = matrix([mpf(x) for x in b])
    l = cholesky(exact)
    forward = lu_solve(l, right)
    backward = lu_solve(l.T, right)
    both = lu_solve(exact, right)
    return {
        "n": n,
        "lastRow": [float(l[n - 1, j]) for j in range(n)],
        "diagonal": [float(l[i, i]) for i in range(n)],
        "forward": [float(x) for x in forward],
        "backward": [float(x) for x in backward],
        "solution": [float(x) for x in both],
        "logDeterminant": float(2 * sum(log(l[i, i]) for i in range(n))),
        "scipy": float(scipy.stats.multivariate_normal.logpdf(np.array(b), cov=np.array(a))),
    }


print(json.dumps({"cases": [case(n) for n in (1, 2, 5, 9, 30, 100)]}))
