"""Orders: when a customer orders again, and whether the customer has left.

A customer orders at random at an own rate and may leave after each order. Rates (gamma) and
chances of leaving (beta) differ between customers. MBG/NBD (Batislam, Denizel and Filiztekin 2007)
lets a customer leave after the first order already; BG/NBD (Fader, Hardie and Lee 2005) does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln

from estore.predict.likelihood import (
    Floats,
    LogLikelihood,
    curvature,
    directions,
    maximized,
    polished,
)

Places = NDArray[np.intp]

#: Probabilities of further orders below this are left out of sums.
NEGLIGIBLE = 1e-8
#: With more cells, the search begins on coarser ones.
MANY_CELLS = 20_000
COARSE_STEPS = 20


@dataclass(frozen=True)
class OrderCells:
    """Customers counted by orders after the first, its distance to the last one, and age.

    All times have one unit. age: from the first order until the observation ends.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    customers: Floats

    def __len__(self) -> int:
        return len(self.repeats)

    def taken(self, places: Places) -> "OrderCells":
        """Some cells, in the order of their places."""
        return OrderCells(*(values[places] for values in vars(self).values()))

    def coarse(self) -> "OrderCells":
        """About the same customers in fewer cells."""
        step = max(float(self.age.max()), 1e-9) / COARSE_STEPS
        repeats = np.minimum(self.repeats, 50).astype(np.int64)
        recency = np.minimum(self.recency // step, COARSE_STEPS - 1).astype(np.int64)
        age = np.minimum(self.age // step, COARSE_STEPS - 1).astype(np.int64)
        key = (repeats * COARSE_STEPS + recency) * COARSE_STEPS + age
        _, place = np.unique(key, return_inverse=True)
        customers: Floats = np.bincount(place, self.customers).astype(np.float64)

        def mean(values: Floats) -> Floats:
            return np.asarray(np.bincount(place, values * self.customers) / customers)

        recency_mean = mean(self.recency)
        return OrderCells(
            np.round(mean(self.repeats)), recency_mean,
            np.maximum(mean(self.age), recency_mean), customers,
        )  # fmt: skip


@dataclass(frozen=True)
class OrderModel:
    """Parameters: rates of ordering are gamma(r, alpha), chances of leaving beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    #: Whether a customer may leave after the first order: MBG/NBD, else BG/NBD.
    leaves_at_once: bool = True

    @classmethod
    def fitted(cls, cells: OrderCells, *, leaves_at_once: bool = True) -> tuple[Self, float]:
        """The most likely model of the cells, and its log-likelihood."""
        typical = float(np.average(cells.age, weights=cells.customers)) or 1.0
        starts = [
            np.log([r, typical * scale, a, b])
            for r, scale, a, b in (
                (0.5, 0.5, 0.8, 2.0), (1.0, 2.0, 1.0, 1.0), (0.2, 0.1, 0.3, 3.0),
                (3.0, 3.0, 2.0, 10.0),
            )
        ]  # fmt: skip
        function = log_likelihood(cells, leaves_at_once)
        if len(cells) > MANY_CELLS:
            coarse = log_likelihood(cells.coarse(), leaves_at_once)
            near, _ = maximized(coarse, starts)
            logs, likelihood = polished(function, near, curvature(coarse, near))
        else:
            logs, likelihood = maximized(function, starts)
        r, alpha, a, b = map(float, np.exp(logs))
        return cls(r, alpha, a, b, leaves_at_once), likelihood

    @property
    def logs(self) -> Floats:
        """The logarithms of the parameters."""
        return np.log([self.r, self.alpha, self.a, self.b])

    def variations(self, cells: OrderCells) -> list[tuple["OrderModel", "OrderModel"]]:
        """Pairs of models, one standard error to either side, in independent directions."""
        bent = curvature(log_likelihood(cells, self.leaves_at_once), self.logs)
        return [(self._moved(-direction), self._moved(direction)) for direction in directions(bent)]

    def _moved(self, direction: Floats) -> "OrderModel":
        r, alpha, a, b = map(float, np.exp(self.logs + direction))
        return replace(self, r=r, alpha=alpha, a=a, b=b)

    def p_alive(self, cells: OrderCells) -> Floats:
        """The probability that a customer of each cell has not left."""
        odds = _log_odds_left(self, cells.repeats, cells.recency, cells.age)
        return np.asarray(expit(-odds), dtype=np.float64)

    def waiting_time(self, cells: OrderCells) -> Floats:
        """The median time until the next order of a customer who has not left."""
        shape = self.r + cells.repeats
        with np.errstate(over="ignore"):
            return np.asarray((self.alpha + cells.age) * (np.exp2(1 / shape) - 1))

    def at_least(self, cells: OrderCells, horizon: float) -> Iterator[tuple[Places, Floats]]:
        """For k = 1, 2, …: the probability of at least k orders within the horizon.

        Only of the cells, by their places in order, where it is not negligible.
        """
        shape, scale = self.r + cells.repeats, self.alpha + cells.age
        survived = self.b + cells.repeats + self.leaves_at_once
        step = horizon / (scale + horizon)
        stays = self.p_alive(cells)
        places = np.arange(len(cells))
        exactly = np.exp(shape * np.log1p(-step))  # so many orders, if the customer stays
        more = 1 - exactly
        k = 0
        while len(places):
            k += 1
            probability = stays * more
            kept = probability > NEGLIGIBLE
            if not kept.all():
                places, shape, survived, step, stays, exactly, more, probability = (
                    values[kept]
                    for values in (places, shape, survived, step, stays, exactly, more, probability)
                )
            yield places, probability
            exactly = exactly * step * (shape + (k - 1)) / k
            more = more - exactly
            stays = stays * survived / (self.a + survived)
            survived = survived + 1

    def expected_orders(self, cells: OrderCells, horizon: float) -> Floats:
        """The expected number of orders within the horizon."""
        total = np.zeros(len(cells))
        for places, probability in self.at_least(cells, horizon):
            total[places] += probability
        return total


def log_likelihood(cells: OrderCells, leaves_at_once: bool) -> LogLikelihood:
    """The log-likelihood of cells as a function of the parameters' logarithms."""
    numbers, place = np.unique(cells.repeats, return_inverse=True)
    chances = numbers + leaves_at_once
    repeats, recency, age, customers = cells.repeats, cells.recency, cells.age, cells.customers
    per_number = np.bincount(place, customers)
    may_have_left = chances > 0
    total = customers.sum()

    def function(logs: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(logs)
        log_age, log_recency = np.log(alpha + age), np.log(alpha + recency)
        ratio = log_age - log_recency
        shape = r + repeats
        left = np.where(
            may_have_left, np.log(a) - np.log(np.maximum(b + chances - 1, 1e-300)), -np.inf
        )
        odds = left[place] + shape * ratio
        share_left = expit(odds)
        by_number = (
            gammaln(r + numbers) - gammaln(r) + r * logs[1]
            + gammaln(b + chances) - gammaln(b) + gammaln(a + b) - gammaln(a + b + chances)
        )  # fmt: skip
        value = float(
            per_number @ by_number + customers @ (np.logaddexp(0, odds) - shape * log_age)
        )
        left_by_number = np.bincount(place, customers * share_left)
        d_r = (
            per_number @ (digamma(r + numbers) - digamma(r)) + total * logs[1]
            + customers @ (share_left * ratio - log_age)
        )  # fmt: skip
        d_alpha = total * r / alpha + customers @ (
            shape * (share_left * (1 / (alpha + age) - 1 / (alpha + recency)) - 1 / (alpha + age))
        )
        beta = digamma(a + b) - digamma(a + b + chances)
        d_a = per_number @ beta + left_by_number.sum() / a
        d_b = per_number @ (beta + digamma(b + chances) - digamma(b)) - np.sum(
            left_by_number[may_have_left] / (b + chances[may_have_left] - 1)
        )
        gradient = np.array([d_r * r, d_alpha * alpha, d_a * a, d_b * b])
        return value, gradient

    return function


def _log_odds_left(model: OrderModel, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """The logarithm of the odds that a customer has left."""
    chances = repeats + model.leaves_at_once
    ratio = np.log(model.alpha + age) - np.log(model.alpha + recency)
    odds = (
        np.log(model.a) - np.log(np.maximum(model.b + chances - 1, 1e-300))
        + (model.r + repeats) * ratio
    )  # fmt: skip
    return np.where(chances > 0, odds, -np.inf)
