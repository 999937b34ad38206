"""Updates of weights by Adam, for tests/flows/adam_test.ts.

Run: python tests/golden/adam.py > tests/golden/adam.json

optax.chain(clip_by_global_norm, adamw) in f64, an independent implementation. The slopes of step t
are s_t[i] = sin(1 + i + 2t)·scale, so that the test makes them itself.
"""

import json

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import numpy as np
import optax

COUNT = 5
STEPS = 12


def run(rate, clip, decay, scale):
    clipping = optax.identity() if clip is None else optax.clip_by_global_norm(clip)
    rule = optax.chain(
        clipping, optax.adamw(rate, b1=0.9, b2=0.999, eps=1e-8, weight_decay=decay)
    )
    weights = jnp.asarray(np.linspace(-1.0, 1.0, COUNT))
    state = rule.init(weights)
    path = []
    for t in range(STEPS):
        slopes = scale * jnp.sin(1.0 + jnp.arange(COUNT) + 2.0 * t)
        updates, state = rule.update(slopes, state, weights)
        weights = optax.apply_updates(weights, updates)
        path.append([float(w) for w in weights])
    adam = state[1][0]
    return {
        "learningRate": rate,
        "clip": clip,
        "weightDecay": decay,
        "scale": scale,
        "weights": path,
        "firstMoment": [float(m) for m in adam.mu],
        "secondMoment": [float(m) for m in adam.nu],
    }


print(
    json.dumps(
        {
            "cases": [
                run(5e-3, 1.0, 0.0, 0.1),
                run(0.02, 1.0, 0.0, 3.0),
                run(0.02, None, 0.0, 3.0),
                run(0.05, 0.5, 0.3, 1.0),
            ]
        },
        indent=1,
    )
)
