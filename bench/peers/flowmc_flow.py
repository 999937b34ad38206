"""The flow of flowMC on dual moon: seconds of training steps and of global moves, as lines of JSON.

Run: python bench/peers/flowmc_flow.py --precision f32 --cores all

The work is that of flowMC's dual-moon tutorial: 100 chains; 30 loops of training with 5 epochs each,
all with one batch of 10,000 rows, so 150 gradient steps; 30 loops of training and 30 of production,
each with 10 global steps. The flow is that of its bundles: 4 layers, conditioners [32, 32], 8 bins.
`train_step` and `NFProposal.kernel` are flowMC's own, the latter under `vmap` over chains and `jit`,
as `TakeGroupSteps` runs it. What is printed is warm; the first call, which compiles, is apart.
"""

from options import DTYPE  # first: it sets JAX up

import json
import statistics
import time

import equinox as eqx
import jax
import jax.numpy as jnp
from flowMC.resource.kernel.NF_proposal import NFProposal
from flowMC.resource.model.nf_model.rqSpline import MaskedCouplingRQSpline
from flowMC.resource.optimizer import Optimizer

from targets import TARGETS

CHAINS = 100
GLOBAL_STEPS = 10
REPEATS = 7

dimension, log_density = TARGETS["dual moon"]
key = jax.random.PRNGKey(1)
flow = MaskedCouplingRQSpline(dimension, 4, [32, 32], 8, key)
rows = jax.random.normal(jax.random.PRNGKey(2), (10_000, dimension), DTYPE)


def timed(name, count, work):
    """Prints microseconds per row of work(), the median of some calls, and the first call's seconds."""
    start = time.perf_counter()
    work()
    first = time.perf_counter() - start
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    microseconds = statistics.median(seconds) * 1e6 / count
    print(json.dumps({"name": name, "microseconds": microseconds, "first": first}), flush=True)


optimizer = Optimizer(flow)
for batch in (10_000, 1_024):
    data = rows[:batch]
    timed(
        f"train {batch}",
        batch,
        lambda: jax.block_until_ready(
            flow.train_step(data, optimizer.optim, optimizer.optim_state)[0]
        ),
    )

proposal = NFProposal(flow, n_NFproposal_batch_size=10_000)
draw = eqx.filter_jit(lambda key: proposal.sample_flow(key, 10_000))
timed("propose", 10_000, lambda: jax.block_until_ready(draw(key)))

move = eqx.filter_jit(
    eqx.filter_vmap(
        lambda key, position, log_prob: proposal.kernel(
            key, position, log_prob, lambda x, _: log_density(x), {"n_steps": GLOBAL_STEPS}
        )
    )
)
positions = rows[:CHAINS]
values = jax.vmap(log_density)(positions)
keys = jax.random.split(key, CHAINS)
timed(
    "global",
    CHAINS * GLOBAL_STEPS,
    lambda: jax.block_until_ready(move(keys, positions, values)[0]),
)
