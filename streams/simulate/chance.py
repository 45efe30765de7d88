"""Draws from a seeded generator, in the shapes that waiting and working times have."""

from collections.abc import Mapping
from random import Random
from typing import Final

SECOND: Final = 1_000


def spread(rng: Random, median_ms: float, sigma: float = 0.6) -> int:
    """A lognormal span in milliseconds: half are below the median, a few far above it."""
    return int(median_ms * rng.lognormvariate(0.0, sigma))


def between(rng: Random, low_ms: int, high_ms: int) -> int:
    """A span in milliseconds, uniform, both ends possible."""
    return rng.randint(low_ms, high_ms)


def pick(rng: Random, weights: Mapping[str, float]) -> str:
    """One key, drawn in proportion to its weight."""
    return rng.choices(tuple(weights), tuple(weights.values()))[0]
