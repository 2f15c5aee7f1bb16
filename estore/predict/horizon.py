"""Horizon: what is expected of each cell until a horizon, with 80 % intervals.

The revenue of a customer is a factor of the cell times (gamma + revenue so far): this sum is the
scale of the customer's own values, so the factor's distribution is the same for the whole cell.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import betainc, gammaincinv

from estore.predict.likelihood import Floats
from estore.predict.orders import OrderCells, OrderModel, Places
from estore.predict.values import ValueModel

#: The ends of the central 80 % interval.
LOW, HIGH = 0.1, 0.9
#: Up to this number of orders, intervals of revenue are exact; above, orders are many, and the
#: sum of their values has almost a gamma distribution.
FEW_ORDERS = 20
#: Shares of the beta distribution at which the revenue's distribution is computed.
GRID = np.concatenate([[0.0], np.linspace(-8, 6, 71)])
GRID[1:] = 1 / (1 + np.exp(-GRID[1:]))


@dataclass(frozen=True)
class Horizon:
    """Per cell: expected orders, their median and interval, and the same of the revenue factor."""

    orders: Floats
    orders_variance: Floats
    orders_median: Floats
    orders_low: Floats
    orders_high: Floats
    revenue_factor: Floats
    revenue_variance: Floats
    revenue_low: Floats
    revenue_high: Floats


def until(orders: OrderModel, values: ValueModel, cells: OrderCells, horizon: float) -> Horizon:
    """What is expected of each cell within the horizon."""
    order = np.argsort(cells.repeats, kind="stable")
    found = _until(orders, values, cells.taken(order), horizon)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return Horizon(*(value[back] for value in vars(found).values()))


def _until(orders: OrderModel, values: ValueModel, cells: OrderCells, horizon: float) -> Horizon:
    """The same for cells in the order of their repeats."""
    expected, squares = np.zeros(len(cells)), np.zeros(len(cells))
    low, median, high = (np.zeros(len(cells)) for _ in range(3))
    at_least: list[tuple[Places, Floats]] = []
    few = int(np.searchsorted(cells.repeats, FEW_ORDERS))
    for k, (places, probability) in enumerate(orders.at_least(cells, horizon), 1):
        expected[places] += probability
        squares[places] += (2 * k - 1) * probability
        low[places] += probability > 1 - LOW
        median[places] += probability > 0.5
        high[places] += probability > 1 - HIGH
        count = int(np.searchsorted(places, few))
        at_least.append((places[:count], probability[:count]))
    shape = values.p * (cells.repeats + 1) + values.q
    # With a q of 1 or less a mean or variance would be infinite.
    factor = values.p * expected / np.maximum(shape - 1, 0.05)
    second = (values.p**2 * squares + values.p * expected) / (
        np.maximum(shape - 1, 0.05) * np.maximum(shape - 2, 0.2)
    )
    variance = np.maximum(second - factor**2, 0.0)
    none = 1 - _first(orders, cells, horizon)
    ends = [_approximate(end, none, factor, variance) for end in (LOW, HIGH)]
    for number in np.unique(cells.repeats[:few]):
        first, last = np.searchsorted(cells.repeats, [number, number + 1])
        here = np.flatnonzero(none[first:last] < HIGH)
        if len(here):
            chances = _dense(at_least, int(first), int(last))[here]
            exact = _exact(values.p, float(values.p * (number + 1) + values.q), chances)
            for end, found in zip(ends, exact, strict=True):
                end[first + here] = found
    spread = np.maximum(squares - expected**2, 0.0)
    return Horizon(expected, spread, median, low, high, factor, variance, *ends)


def _first(orders: OrderModel, cells: OrderCells, horizon: float) -> Floats:
    """The probability of an order at all."""
    scale = orders.alpha + cells.age
    none_if_alive = np.exp(-(orders.r + cells.repeats) * np.log1p(horizon / scale))
    return np.asarray(orders.p_alive(cells) * (1 - none_if_alive))


def _dense(at_least: list[tuple[Places, Floats]], first: int, last: int) -> Floats:
    """Cells from first to last × k: the probability of at least k orders, as far as it matters."""
    columns = []
    for places, probability in at_least:
        begin, end = np.searchsorted(places, [first, last])
        if begin == end or probability[begin:end].max() < 1e-4:
            break
        column = np.zeros(last - first)
        column[places[begin:end] - first] = probability[begin:end]
        columns.append(column)
    return np.stack(columns, axis=1)


def _exact(p: float, shape: float, at_least: Floats) -> list[Floats]:
    """The ends of the factor's interval, for cells with one number of orders.

    at_least: cells × k, the probability of at least k orders. The revenue of k orders is the scale
    times a beta prime (p k, shape) factor.
    """
    exactly = at_least - np.pad(at_least[:, 1:], ((0, 0), (0, 1)))
    rows = [_below(p * number, shape) for number in range(1, at_least.shape[1] + 1)]
    below = 1 - at_least[:, :1] + exactly @ np.stack(rows)
    ends = []
    cells = np.arange(len(below))
    for share in (LOW, HIGH):
        right = np.minimum((below < share).sum(axis=1), len(GRID) - 1)
        left = np.maximum(right - 1, 0)
        at_left, at_right = below[cells, left], below[cells, right]
        between = np.clip((share - at_left) / np.maximum(at_right - at_left, 1e-12), 0, 1)
        point = GRID[left] + between * (GRID[right] - GRID[left])
        ends.append(np.where(right == 0, 0.0, point / (1 - point)))
    return ends


@lru_cache(maxsize=4096)
def _below(part: float, shape: float) -> Floats:
    """The probability that a share of beta (part, shape) is below each point of the grid."""
    return np.asarray(betainc(part, shape, GRID), dtype=np.float64)


def _approximate(share: float, none: Floats, factor: Floats, variance: Floats) -> Floats:
    """An end of the factor's interval, as if revenue had a gamma distribution if there is any."""
    end = np.zeros(len(none))
    here = np.flatnonzero(none < share)
    some = 1 - none[here]
    mean = factor[here] / some
    spread = (variance[here] + factor[here] ** 2) / some - mean**2
    spread = np.maximum(spread, 1e-12 * mean**2 + 1e-300)
    end[here] = gammaincinv(mean**2 / spread, (share - none[here]) / some) * spread / mean
    return end
