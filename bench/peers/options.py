"""The command line of the scripts in this folder, obeyed before JAX starts."""

import argparse
import os
import sys

_PARSER = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__.splitlines()[0])
_PARSER.add_argument("--precision", choices=["f64", "f32"], default="f64")
_PARSER.add_argument("--cores", choices=["all", "one"], default="all")
_PARSER.add_argument("--wait", action="store_true", help="measure on request")
OPTIONS = _PARSER.parse_args()

if OPTIONS.cores == "one":
    # XLA makes as many threads as the process may use cores. Only Linux has it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", OPTIONS.precision == "f64")

DTYPE = jnp.float64 if OPTIONS.precision == "f64" else jnp.float32
