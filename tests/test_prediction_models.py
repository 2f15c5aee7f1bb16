"""The models of predictions: published results, simulated customers, and known chances."""

import csv
from importlib.metadata import files
from pathlib import Path

import numpy as np
import pytest
from scipy.special import hyp2f1

from estore.predict.horizon import until
from estore.predict.orders import OrderCells, OrderModel
from estore.predict.values import ValueCells, ValueModel

#: One customer as a cell.
ONE = np.ones(1)


def cell(repeats: float, recency: float, age: float) -> OrderCells:
    return OrderCells(repeats * ONE, recency * ONE, age * ONE, ONE)


@pytest.fixture(scope="module")
def cdnow() -> dict[str, np.ndarray]:
    """2,357 customers of a shop for music: the data of the papers."""
    (path,) = (
        file
        for file in files("lifetimes") or ()
        if file.name == "cdnow_customers_summary_with_transactions.csv"
    )
    with Path(str(path.locate())).open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("x", "t_x", "T", "zbar")
    return {name: np.array([float(row[name]) for row in rows]) for name in names}


def counted(*columns: np.ndarray) -> list[np.ndarray]:
    """Distinct rows, and how often each occurs."""
    rows, counts = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    return [*rows.T, counts * 1.0]


def test_bg_nbd_has_the_published_parameters(cdnow: dict[str, np.ndarray]) -> None:
    """Fader, Hardie and Lee (2005)."""
    cells = OrderCells(*counted(cdnow["x"], cdnow["t_x"], cdnow["T"]))
    model, likelihood = OrderModel.fitted(cells, leaves_at_once=False)

    assert [model.r, model.alpha, model.a, model.b] == pytest.approx(
        [0.2426, 4.4136, 0.7929, 2.4259], abs=2e-4
    )
    assert likelihood == pytest.approx(-9582.43, abs=0.005)
    (expected,) = model.expected_orders(cell(2, 30.43, 38.86), 39)
    assert expected == pytest.approx(1.226, abs=5e-4)


def test_mbg_nbd_has_the_published_parameters(cdnow: dict[str, np.ndarray]) -> None:
    """Batislam, Denizel and Filiztekin (2007)."""
    model, _ = OrderModel.fitted(OrderCells(*counted(cdnow["x"], cdnow["t_x"], cdnow["T"])))

    assert [model.r, model.alpha, model.a, model.b] == pytest.approx(
        [0.525, 6.183, 0.891, 1.614], abs=1e-3
    )


def test_gamma_gamma_has_the_published_parameters(cdnow: dict[str, np.ndarray]) -> None:
    """Fader and Hardie (2013), for customers with a repeat order."""
    repeat = cdnow["x"] > 0
    model, _ = ValueModel.fitted(ValueCells(*counted(cdnow["x"][repeat], cdnow["zbar"][repeat])))

    assert [model.p, model.q, model.gamma] == pytest.approx([6.25, 3.74, 15.44], abs=0.01)


@pytest.mark.parametrize("repeats", [0, 1, 4, 30])
def test_expected_orders_are_those_of_the_closed_form(repeats: int) -> None:
    model = OrderModel(0.5, 20.0, 0.9, 2.0)
    cells = cell(repeats, 80.0 if repeats else 0.0, 100.0)
    shape, scale, t = model.r + repeats, model.alpha + 100, 60.0
    survived = 1 - (scale / (scale + t)) ** shape * hyp2f1(
        shape, model.b + repeats + 1, model.a + model.b + repeats, t / (scale + t)
    )
    alive = 1 / (
        1
        + model.a
        / (model.b + repeats)
        * ((model.alpha + 100) / (model.alpha + cells.recency)) ** shape
    )

    assert model.p_alive(cells) == pytest.approx(alive)
    assert model.expected_orders(cells, t) == pytest.approx(
        (model.a + model.b + repeats) / (model.a - 1) * survived * alive, rel=1e-5
    )


class Simulated:
    """Customers who behave as the models say, observed until a day and for some days after it."""

    def __init__(
        self, seed: int, customers: int, orders: OrderModel, values: ValueModel,
        *, ages: tuple[float, float], horizon: float, slow_days: float | None = None,
    ) -> None:  # fmt: skip
        """slow_days: for so many days before today, and after it, orders come a third as often."""
        draw = np.random.default_rng(seed)
        age = np.floor(draw.uniform(*ages, customers)) + 1.0
        rate = draw.gamma(orders.r, 1 / orders.alpha, customers)
        leaves = draw.beta(orders.a, orders.b, customers)
        scale = draw.gamma(values.q, 1 / values.gamma, customers)
        self.age, self.horizon = age, horizon
        self.repeats, self.recency = np.zeros(customers), np.zeros(customers)
        self.next_orders, self.last_orders = np.zeros(customers), (age <= horizon) * 1.0
        self.is_alive = np.ones(customers, dtype=bool)
        clock, at = np.zeros(customers), np.zeros(customers)
        slow_from = np.inf if slow_days is None else np.maximum(age - slow_days, 0)
        slow_from = np.broadcast_to(slow_from, (customers,))
        active = np.flatnonzero(draw.random(customers) >= leaves)
        self.is_alive[np.setdiff1d(np.arange(customers), active)] = False
        while len(active):
            clock[active] += draw.exponential(1 / rate[active])
            late = np.maximum(clock[active] - slow_from[active], 0)
            at[active] = clock[active] + 2 * late
            active = active[at[active] <= age[active] + horizon]
            before, after = active[at[active] <= age[active]], active[at[active] > age[active]]
            self.repeats[before] += 1
            self.recency[before] = at[before]
            self.last_orders[before] += at[before] > age[before] - horizon
            self.next_orders[after] += 1
            left = draw.random(len(active)) < leaves[active]
            gone = active[left]
            self.is_alive[gone[at[gone] <= age[gone]]] = False
            active = active[~left]
        self.revenue = draw.gamma(values.p * (self.repeats + 1)) / scale
        some = np.maximum(self.next_orders, 1)
        self.next_revenue = (self.next_orders > 0) * draw.gamma(values.p * some) / scale

    def cells(self) -> OrderCells:
        """Every customer is a cell."""
        return OrderCells(self.repeats, self.recency, self.age, np.ones(len(self.age)))


ORDERS, VALUES = OrderModel(0.6, 25.0, 0.8, 2.2), ValueModel(6.0, 4.0, 120.0)


@pytest.mark.parametrize(("repeats", "recency"), [(0, (-1, 1)), (1, (80, 100)), (3, (70, 90))])
def test_simulated_customers_of_a_cell_do_what_the_model_expects(
    repeats: int, recency: tuple[int, int], simulated: Simulated
) -> None:
    here = (simulated.repeats == repeats) & (simulated.recency > recency[0])
    here &= simulated.recency <= recency[1]
    cells = cell(repeats, float(simulated.recency[here].mean()), 100.0)
    found = until(ORDERS, VALUES, cells, simulated.horizon)
    orders = simulated.next_orders[here]
    factors = simulated.next_revenue[here] / (VALUES.gamma + simulated.revenue[here])

    assert here.sum() > 1_000
    assert ORDERS.p_alive(cells)[0] == pytest.approx(simulated.is_alive[here].mean(), abs=0.02)
    assert found.orders[0] == pytest.approx(orders.mean(), rel=0.06)
    assert found.orders_variance[0] == pytest.approx(orders.var(), rel=0.12)
    assert found.revenue_factor[0] == pytest.approx(factors.mean(), rel=0.07)
    assert found.revenue_variance[0] == pytest.approx(factors.var(), rel=0.2)
    assert found.orders_low[0] == np.quantile(orders, 0.1, method="inverted_cdf")
    assert found.orders_high[0] == np.quantile(orders, 0.9, method="inverted_cdf")
    assert found.revenue_low[0] == np.quantile(factors, 0.1)
    assert np.mean(factors <= found.revenue_high[0]) == pytest.approx(0.9, abs=0.02)


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    """Many customers of one age."""
    return Simulated(1, 300_000, ORDERS, VALUES, ages=(99, 99.5), horizon=60)


def test_a_heavy_customers_interval_does_not_depend_on_the_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cells = cell(18, 95.0, 100.0)
    exact = until(ORDERS, VALUES, cells, 60)
    monkeypatch.setattr("estore.predict.horizon.FEW_ORDERS", 0)
    quick = until(ORDERS, VALUES, cells, 60)

    assert quick.revenue_low == pytest.approx(exact.revenue_low, abs=0.06)
    assert quick.revenue_high == pytest.approx(exact.revenue_high, rel=0.03)
