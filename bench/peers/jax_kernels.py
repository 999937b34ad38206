"""Hand-written MALA and HMC in JAX, timed on the cases of plan.json.

Run: python bench/peers/jax_kernels.py --precision f64 --cores all

Prints a line of JSON for each case. With --wait it measures on request instead: for each line on
standard input, the number of a case from 0, it prints its line. compare.ts does that, so that all
sides take turns.

The algorithms are those of src/kernels: gradient and log density stay in the state; MALA takes one
gradient a step; HMC takes ten, its half kicks merged, and the log density at the ends alone. One
key a step gives the noise of all chains.
"""

from options import DTYPE  # first: it sets JAX up

import jax
import jax.numpy as jnp
from jax import lax

from measuring import CHAINS, LEAPFROG_STEPS, measure


# Kernels of one chain: from (state, noise, uniform) to (state, acceptance).


def accept(uniform, log_ratio, current, proposed):
    acceptance = jnp.where(jnp.isnan(log_ratio), 0, jnp.exp(jnp.minimum(log_ratio, 0)))
    taken = uniform < acceptance
    return tuple(jnp.where(taken, p, c) for p, c in zip(proposed, current)), acceptance


def mala(log_density, step_size):
    value_and_gradient = jax.value_and_grad(log_density)

    def step(state, noise, uniform):
        position, value, gradient = state
        to = position + step_size * (noise + 0.5 * step_size * gradient)
        to_value, to_gradient = value_and_gradient(to)
        back = noise + 0.5 * step_size * (gradient + to_gradient)
        log_ratio = to_value - value + 0.5 * jnp.sum(noise**2 - back**2)
        return accept(uniform, log_ratio, state, (to, to_value, to_gradient))

    return step


def hmc(log_density, step_size):
    gradient_of = jax.grad(log_density)
    value_and_gradient = jax.value_and_grad(log_density)

    def step(state, noise, uniform):
        position, value, gradient = state

        def inner(_, point):
            position, momentum = point
            position = position + step_size * momentum
            return position, momentum + step_size * gradient_of(position)

        kicked = noise + 0.5 * step_size * gradient
        to, momentum = lax.fori_loop(0, LEAPFROG_STEPS - 1, inner, (position, kicked))
        to = to + step_size * momentum
        to_value, to_gradient = value_and_gradient(to)
        momentum = momentum + 0.5 * step_size * to_gradient
        energy_change = 0.5 * jnp.sum(momentum**2 - noise**2) - (to_value - value)
        log_ratio = jnp.where(energy_change < 1000, -energy_change, -jnp.inf)
        return accept(uniform, log_ratio, state, (to, to_value, to_gradient))

    return step


KERNELS = {"mala": mala, "hmc": hmc}


def make_run(kernel, log_density, position, step_size, steps):
    step = KERNELS[kernel](log_density, step_size)

    def advance(carry, key):
        state, total = carry
        for_noise, for_uniform = jax.random.split(key)
        noise = jax.random.normal(for_noise, position.shape, DTYPE)
        uniform = jax.random.uniform(for_uniform, (CHAINS,), DTYPE)
        state, acceptance = jax.vmap(step)(state, noise, uniform)
        return (state, total + acceptance), None

    @jax.jit
    def run(state, key):
        start = (state, jnp.zeros(CHAINS, DTYPE))
        (state, total), _ = lax.scan(advance, start, jax.random.split(key, steps))
        return state, total / steps

    values = jax.jit(jax.vmap(jax.value_and_grad(log_density)))(position)
    return run, (position, *values)


measure(make_run)
