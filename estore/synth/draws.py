"""Draws: random draws that give the same values on every machine.

Uniform numbers are only compared, scaled or looked up in small tables. They never go through a
vectorized `exp` or `log`, whose last bit differs between processors, nor through a distribution of
numpy's, whose algorithm may change between versions.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def deck(shares: ArrayLike, cards: int, at_least: int = 0) -> Array:
    """`cards` cards in order: each position of `shares`, repeated in proportion to its share."""
    edges = np.cumsum(np.asarray(shares, float))
    spare = cards - at_least * len(edges)
    counts = np.diff(np.floor(edges / edges[-1] * spare + 0.5).astype(np.int64), prepend=0)
    return np.repeat(np.arange(len(edges), dtype=np.int32), counts + at_least)


def drawn(rng: np.random.Generator, cards: Array, count: int) -> Array:
    """`count` cards, drawn with replacement."""
    return cards[(rng.random(count) * len(cards)).astype(np.int64)]


def spread(at: Array, shares: ArrayLike, edges: ArrayLike) -> Array:
    """The quantile at each `at` (0 to 1) of values spread evenly in `shares` between `edges`."""
    heights = np.cumsum(np.asarray(shares, float))
    heights = np.concatenate([[0.0], heights / heights[-1]])
    edges = np.asarray(edges, float)
    step = np.minimum(np.searchsorted(heights, at, side="right") - 1, len(edges) - 2)
    within = (at - heights[step]) / (heights[step + 1] - heights[step])
    quantiles: Array = edges[step] + within * (edges[step + 1] - edges[step])
    return quantiles


def mixed(numbers: Array) -> Array:
    """A 64-bit hash of each number (the finalizer of splitmix64; Steele, Lea and Flood 2014)."""
    bits = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def positions(counts: Array) -> Array:
    """0 to n - 1 for each n of `counts`, end to end."""
    begins = np.repeat(np.cumsum(counts) - counts, counts)
    within: Array = np.arange(len(begins)) - begins
    return within
