"""Measures runs of the cases of plan.json and prints lines of JSON."""

import json
import pathlib
import statistics
import sys
import time

from options import DTYPE, OPTIONS  # first: it sets JAX up

import jax
import numpy as np

from targets import TARGETS

PLAN = json.loads(pathlib.Path(__file__).with_name("plan.json").read_text(encoding="utf-8"))
CHAINS = PLAN["chains"]
LEAPFROG_STEPS = PLAN["leapfrogSteps"]


class Case:
    """A kernel on a target, compiled and settled, with its acceptance rate."""

    def __init__(self, make_run, target, kernel, stepSize, steps):  # names of plan.json
        dimension, log_density = TARGETS[target]
        self.names = {"target": target, "kernel": kernel}
        self.steps = steps
        self.gradients = {"mala": 1, "hmc": LEAPFROG_STEPS}[kernel]
        self.key = jax.random.PRNGKey(3)
        position = 0.5 * jax.random.normal(self.next_key(), (CHAINS, dimension), DTYPE)
        self.run, self.state = make_run(kernel, log_density, position, stepSize, steps)
        for _ in range(PLAN["settlingRuns"]):
            self.advance()
        runs = [np.asarray(self.advance()) for _ in range(PLAN["acceptanceRuns"])]
        # Chains are independent, so that the spread of their means gives the error.
        means = np.mean(runs, axis=0, dtype=np.float64)
        self.acceptance = float(means.mean())
        self.acceptance_error = float(means.std() / CHAINS**0.5)

    def next_key(self):
        self.key, key = jax.random.split(self.key)
        return key

    def advance(self):
        """Runs all steps and gives the mean acceptance of each chain."""
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


def measure(make_run):
    """Measures all cases; with --wait those whose numbers, from 0, come on standard input.

    `make_run(kernel, log_density, position, step_size, steps)` gives a function from (state, key)
    to (state, mean acceptance of each chain), and the first state.
    """
    cases = PLAN["cases"]
    ready = {}
    for number in map(int, sys.stdin) if OPTIONS.wait else range(len(cases)):
        if number not in ready:
            ready[number] = Case(make_run, **cases[number])
        print(json.dumps(ready[number].measure()), flush=True)
