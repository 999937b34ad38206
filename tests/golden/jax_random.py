"""Random bits of jax.random, for tests/random/words_test.ts.

Run: python tests/golden/jax_random.py > tests/golden/jax_random.json

JAX's Threefry-2x32 in its partitionable form, with 64-bit types on. Long
outputs are kept as their first and last four values and the SHA-256 of all of
them, little-endian. 64-bit values are 16 hexadecimal digits: JSON's numbers
could not hold them.
"""

import hashlib
import json

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_threefry_partitionable", True)

SEEDS = [
    0, 1, 7, 42, 20_260_101, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**63 - 1,
    -1, -42, -(2**31), -(2**53) + 1,
]
SPLITS = [2, 3, 10]
FOLDS = [0, 1, 7, 2**32 - 1]
LENGTHS = [1, 5]
LONG = 1000


def words(values):
    return np.asarray(values, dtype=np.uint32).tolist()


def hex64(values):
    return [f"{int(v):016x}" for v in np.asarray(values).view(np.uint64)]


def long_output(values, show):
    raw = np.asarray(values)
    digest = hashlib.sha256(raw.astype(raw.dtype.newbyteorder("<")).tobytes())
    return {
        "length": raw.size,
        "head": show(raw[:4]),
        "tail": show(raw[-4:]),
        "sha256": digest.hexdigest(),
    }


def case(seed):
    key = jax.random.PRNGKey(seed)
    return {
        "seed": str(seed),
        "key": words(key),
        "split": [words(jax.random.split(key, n)) for n in SPLITS],
        "foldIn": [
            {"data": n, "key": words(jax.random.fold_in(key, np.uint32(n)))}
            for n in FOLDS
        ],
        "bits32": [words(jax.random.bits(key, (n,), np.uint32)) for n in LENGTHS],
        "bits32Long": long_output(jax.random.bits(key, (LONG,), np.uint32), words),
        "bits64": hex64(jax.random.bits(key, (5,), np.uint64)),
        "bits64Long": long_output(jax.random.bits(key, (LONG,), np.uint64), hex64),
        "uniform64": hex64(jax.random.uniform(key, (5,), np.float64)),
        "uniform64Long": long_output(jax.random.uniform(key, (LONG,), np.float64), hex64),
    }


cases = ",\n".join(json.dumps(case(seed)) for seed in SEEDS)
print(f'{{"jax": "{jax.__version__}", "cases": [\n{cases}\n]}}')
