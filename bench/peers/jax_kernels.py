"""Hand-written MALA and HMC in JAX, timed on the cases of plan.json.

Run: python bench/peers/jax_kernels.py --precision f64 --cores all

Prints a line of JSON for each case. With --wait it measures on request instead: for each line on
standard input, the number of a case from 0, it prints its line. compare.ts does that, so that both
sides take turns.

The algorithms are those of src/kernels: gradient and log density stay in the state; MALA takes one
gradient a step; HMC takes ten, its half kicks merged, and the log density at the ends alone. One
key a step gives the noise of all chains.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

ARGUMENTS = argparse.ArgumentParser(description=__doc__.splitlines()[0])
ARGUMENTS.add_argument("--precision", choices=["f64", "f32"], default="f64")
ARGUMENTS.add_argument("--cores", choices=["all", "one"], default="all")
ARGUMENTS.add_argument("--wait", action="store_true", help="measure on request")
OPTIONS = ARGUMENTS.parse_args()

if OPTIONS.cores == "one":
    # Before JAX starts: XLA makes as many threads as the process may use cores. Only Linux has it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax import lax  # noqa: E402

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", OPTIONS.precision == "f64")

DTYPE = jnp.float64 if OPTIONS.precision == "f64" else jnp.float32
PLAN = json.loads(pathlib.Path(__file__).with_name("plan.json").read_text(encoding="utf-8"))
CHAINS = PLAN["chains"]
LEAPFROG_STEPS = PLAN["leapfrogSteps"]


# Targets: those of tests/targets/mod.ts.


def dual_moon(x):
    def moon(c, width):
        return jax.nn.logsumexp(-0.5 * ((c + jnp.array([-3, 3], DTYPE)) / width) ** 2)

    ring = -0.5 * ((jnp.linalg.norm(x) - 2) / 0.1) ** 2
    return ring + moon(x[0], 0.8) + moon(x[1], 0.6)


def rosenbrock(x):
    a, b = x[::2], x[1::2]
    return jnp.sum(-10 * (a**2 - b) ** 2 - (a - 1) ** 2)


def gaussian(x):
    return -0.5 * jnp.sum(x**2 / jnp.arange(1, x.size + 1, dtype=DTYPE))


def eight_schools(x):
    observed = jnp.array([28, 8, -3, 7, -1, 1, 18, 12], DTYPE)
    errors = jnp.array([15, 10, 16, 11, 9, 11, 10, 18], DTYPE)
    mu, log_tau, effects = x[0], x[1], x[2:]
    tau = jnp.exp(log_tau)
    likelihood = -0.5 * jnp.sum(((observed - (mu + tau * effects)) / errors) ** 2)
    prior = -0.5 * (mu / 5) ** 2 - jnp.log1p((tau / 5) ** 2) - 0.5 * jnp.sum(effects**2)
    return likelihood + prior + log_tau


def logistic(rows, dimension):
    """The data of the same function in tests/targets/mod.ts, word for word."""
    with jax.enable_x64(True):
        words = jax.random.bits(jax.random.PRNGKey(1), (rows * dimension // 2,), "uint64")
        words = np.asarray(words)
        labels = np.asarray(jax.random.bits(jax.random.PRNGKey(2), (rows,), "uint32")) % 2
    first, second = [(w + 0.5) * 2.0**-32 for w in (words >> 32, words & 0xFFFFFFFF)]
    radius, angle = np.sqrt(-2 * np.log(first)), 2 * np.pi * second
    normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    design = jnp.asarray(normal.reshape(rows, dimension), DTYPE)
    labels = jnp.asarray(labels, DTYPE)

    def log_density(x):
        logits = design @ x
        return jnp.sum(labels * logits - jax.nn.softplus(logits)) - 0.5 * jnp.sum(x**2)

    return log_density


TARGETS = {
    "dual moon": (5, dual_moon),
    "Rosenbrock": (10, rosenbrock),
    "logistic regression N=1000, d=25": (25, logistic(1000, 25)),
    "Gaussian d=100": (100, gaussian),
    "eight schools": (10, eight_schools),
}


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


KERNELS = {"mala": (mala, 1), "hmc": (hmc, LEAPFROG_STEPS)}


def ensemble(step, dimension, steps):
    """So many steps of all chains: from (state, key) to (state, mean acceptance of each chain)."""

    def advance(carry, key):
        state, total = carry
        for_noise, for_uniform = jax.random.split(key)
        noise = jax.random.normal(for_noise, (CHAINS, dimension), DTYPE)
        uniform = jax.random.uniform(for_uniform, (CHAINS,), DTYPE)
        state, acceptance = jax.vmap(step)(state, noise, uniform)
        return (state, total + acceptance), None

    @jax.jit
    def run(state, key):
        start = (state, jnp.zeros(CHAINS, DTYPE))
        (state, total), _ = lax.scan(advance, start, jax.random.split(key, steps))
        return state, total / steps

    return run


class Case:
    """A kernel on a target, compiled and settled, with its acceptance rate."""

    def __init__(self, target, kernel, stepSize, steps):  # names of plan.json
        dimension, log_density = TARGETS[target]
        make, self.gradients = KERNELS[kernel]
        self.steps = steps
        self.names = {"target": target, "kernel": kernel}
        self.run = ensemble(make(log_density, stepSize), dimension, steps)
        self.key = jax.random.PRNGKey(3)
        position = 0.5 * jax.random.normal(self.next_key(), (CHAINS, dimension), DTYPE)
        values = jax.jit(jax.vmap(jax.value_and_grad(log_density)))(position)
        self.state = (position, *values)
        for _ in range(PLAN["settlingRuns"]):
            self.advance()
        runs = [np.asarray(self.advance()) for _ in range(PLAN["acceptanceRuns"])]
        # Chains are independent, so that the spread of their means gives the error.
        means = np.mean(runs, axis=0)
        self.acceptance = float(means.mean())
        self.acceptance_error = float(means.std() / CHAINS**0.5)

    def next_key(self):
        self.key, key = jax.random.split(self.key)
        return key

    def advance(self):
        key = self.next_key()
        self.state, acceptance = jax.block_until_ready(self.run(self.state, key))
        return acceptance

    def seconds(self):
        start = time.perf_counter()
        self.advance()
        return time.perf_counter() - start

    def measure(self):
        self.advance()  # what another process left in the caches goes
        wall, processor = time.perf_counter(), time.process_time()
        seconds = statistics.median(self.seconds() for _ in range(PLAN["repeats"]))
        cores_used = (time.process_time() - processor) / (time.perf_counter() - wall)
        microseconds = seconds * 1e6 / (CHAINS * self.steps)
        return {
            **self.names,
            "precision": OPTIONS.precision,
            "cores": OPTIONS.cores,
            "microsecondsPerStep": microseconds,
            "nanosecondsPerGradient": microseconds * 1000 / self.gradients,
            "coresUsed": cores_used,
            "acceptance": self.acceptance,
            "acceptanceError": self.acceptance_error,
        }


def main():
    cases = PLAN["cases"]
    ready = {}
    for number in map(int, sys.stdin) if OPTIONS.wait else range(len(cases)):
        if number not in ready:
            ready[number] = Case(**cases[number])
        print(json.dumps(ready[number].measure()), flush=True)


main()
