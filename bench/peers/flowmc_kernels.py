"""The MALA and HMC of flowMC, run by its own TakeSerialSteps, timed on the cases of plan.json.

Run: python bench/peers/flowmc_kernels.py --precision f64 --cores all

The command line and the output are those of jax_kernels.py.

A run is one call of the strategy `TakeSerialSteps`, as flowMC's bundles make it for their local
steps: it runs `lax.scan` over steps under `vmap` over chains, compiled once, and keeps position,
log density and acceptance of every step in buffers. What flowMC 0.6.4 spends on a step:

- MALA computes value and gradient twice, at the position and at the proposal: no gradient is kept
  from one step to the next. Both proposal densities are those of a general Gaussian, by Cholesky.
- HMC takes n_leapfrog + 1 leapfrog steps, with n_leapfrog + 2 gradients and one value. Here
  n_leapfrog is one less than the leapfrog steps of plan.json, so that the trajectory is that of the
  other sides; it costs eleven gradients where theirs costs ten.

Its condition matrix is one, so that the momentum is standard normal as on the other sides.
"""

from options import DTYPE  # first: it sets JAX up

import jax
import jax.numpy as jnp
from flowMC.resource.buffers import Buffer
from flowMC.resource.kernel.HMC import HMC
from flowMC.resource.kernel.MALA import MALA
from flowMC.resource.logPDF import LogPDF
from flowMC.resource.states import State
from flowMC.strategy.take_steps import TakeSerialSteps

from measuring import CHAINS, LEAPFROG_STEPS, measure


def make_kernel(name, dimension, step_size):
    if name == "mala":
        return MALA(jnp.full(dimension, step_size, DTYPE))
    return HMC(jnp.ones(dimension, DTYPE), step_size, LEAPFROG_STEPS - 1)


def make_run(kernel, log_density, position, step_size, steps):
    dimension = position.shape[1]
    buffers = {"position": (CHAINS, steps, dimension), "log density": (CHAINS, steps)}
    buffers["acceptance"] = (CHAINS, steps)
    resources = {
        "target": LogPDF(lambda x, _: log_density(x), n_dims=dimension),
        "kernel": make_kernel(kernel, dimension, step_size),
        "state": State({name: name for name in buffers}),
        **{name: Buffer(name, shape, 1) for name, shape in buffers.items()},
    }
    strategy = TakeSerialSteps("target", "kernel", "state", list(buffers), steps)

    def run(position, key):
        strategy.set_current_position(0)  # each run fills the same buffers
        _, _, position = strategy(key, resources, position, {})
        jax.block_until_ready([resources[name].data for name in buffers])
        return position, resources["acceptance"].data.mean(1)

    return run, position


measure(make_run)
