"""Values: how much a customer spends in one order.

Orders of a customer are gamma distributed around the customer's own mean, and these means differ
between customers (Gamma-Gamma: Fader and Hardie 2013). How often a customer orders is independent.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import digamma, gammaln

from estore.predict.likelihood import Floats, LogLikelihood, maximized


@dataclass(frozen=True)
class ValueCells:
    """Customers counted by their number of orders and the mean value of these."""

    orders: Floats
    mean_value: Floats
    customers: Floats


@dataclass(frozen=True)
class ValueModel:
    """Parameters: values are gamma(p, v) with v gamma(q, gamma) over the customers."""

    p: float
    q: float
    gamma: float

    @classmethod
    def fitted(cls, cells: ValueCells) -> tuple[Self, float]:
        """The most likely model of the cells, and its log-likelihood."""
        unit = float(np.average(cells.mean_value, weights=cells.customers))
        scaled = ValueCells(cells.orders, cells.mean_value / unit, cells.customers)
        starts = [np.log(start) for start in ((2.0, 3.0, 1.0), (6.0, 4.0, 0.5), (1.0, 10.0, 8.0))]
        logs, likelihood = maximized(log_likelihood(scaled), starts)
        p, q, gamma = map(float, np.exp(logs))
        # The density of a value in the shop's unit, not in units of the mean.
        return cls(p, q, gamma * unit), likelihood - float(cells.customers.sum() * np.log(unit))

    def expected_value(self, orders: Floats, revenue: Floats) -> Floats:
        """The expected value of an order of customers with these orders and revenue so far."""
        return self.p * (self.gamma + revenue) / np.maximum(self.p * orders + self.q - 1, 0.05)


def log_likelihood(cells: ValueCells) -> LogLikelihood:
    """The log-likelihood of cells as a function of the parameters' logarithms."""
    customers, revenue = cells.customers, cells.orders * cells.mean_value
    log_revenue = np.log(revenue)
    numbers, place = np.unique(cells.orders, return_inverse=True)
    per_number, total = np.bincount(place, customers), customers.sum()
    log_revenue_by_number = np.bincount(place, customers * log_revenue)
    constant = customers @ np.log(cells.mean_value)

    def function(logs: Floats) -> tuple[float, Floats]:
        p, q, gamma = np.exp(logs)
        shape, together = p * numbers, np.log(gamma + revenue)
        together_by_number = np.bincount(place, customers * together)
        value = float(
            per_number @ (gammaln(shape + q) - gammaln(shape))
            + total * (q * logs[2] - gammaln(q)) - constant
            + shape @ log_revenue_by_number - (shape + q) @ together_by_number
        )  # fmt: skip
        common = per_number * digamma(shape + q)
        d_p = numbers @ (
            common - per_number * digamma(shape) + log_revenue_by_number - together_by_number
        )
        d_q = np.sum(common - together_by_number) + total * (logs[2] - digamma(q))
        by_number = np.bincount(place, customers / (gamma + revenue))
        d_gamma = total * q / gamma - (shape + q) @ by_number
        return value, np.array([d_p * p, d_q * q, d_gamma * gamma])

    return function
