"""Forecast: the models of one date, and what they expect of every cell of customers."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from estore.predict.horizon import until
from estore.predict.likelihood import Floats
from estore.predict.orders import OrderCells, OrderModel
from estore.predict.tables import EXPECTED, HORIZONS, Needs
from estore.predict.values import ValueCells, ValueModel

#: Columns of a table of cells by name.
Columns = dict[str, Any]


def order_cells(columns: Columns) -> OrderCells:
    """Cells of whole numbers as times in days: the middle of the days that a cell combines."""
    days = float(columns["cell_days"][0])
    middle = (days - 1) / 2
    repeats = columns["order_day_count"] - 1.0
    age = columns["age_cell"] * days + middle
    recency = np.where(repeats > 0, columns["recency_cell"] * days + middle, 0.0)
    return OrderCells(repeats, np.minimum(recency, age), age, columns["customer_count"] * 1.0)


def value_cells(columns: Columns) -> ValueCells:
    """Cells with their mean value."""
    orders, customers = columns["order_day_count"] * 1.0, columns["customer_count"] * 1.0
    return ValueCells(orders, columns["revenue_amount"] / (customers * orders), customers)


def fit(orders: Columns, values: Columns, needs: Needs) -> tuple[dict[str, Any], Columns]:
    """The row of a date's fit, and the predictions of its cells; both without models if refused."""
    cells = order_cells(orders)
    customers = float(cells.customers.sum())
    repeat_customers = float(cells.customers[cells.repeats > 0].sum())
    row: dict[str, Any] = {
        "history_days": int(orders["history_days"][0]),
        "customer_count": int(customers),
        "repeat_customer_count": int(repeat_customers),
        "order_cell_count": len(cells),
        "value_cell_count": len(values["customer_count"]),
    }
    is_enough = customers >= needs.buyers and repeat_customers >= needs.repeat_buyers
    if not is_enough or not len(values["customer_count"]):
        return row, {}
    try:
        order_model, orders_likelihood = OrderModel.fitted(cells)
        value_model, values_likelihood = ValueModel.fitted(value_cells(values))
    except FloatingPointError:
        return row, {}
    row |= {name: getattr(order_model, name) for name in ("r", "alpha", "a", "b")}
    row |= {name: getattr(value_model, name) for name in ("p", "q", "gamma")}
    row["orders_log_likelihood"] = orders_likelihood
    row["values_log_likelihood"] = values_likelihood
    row["value_fit_error"] = _error_of_mean(value_cells(values))
    row |= _errors_of_totals(order_model, cells)
    return row, predictions(order_model, value_model, cells)


def predictions(orders: OrderModel, values: ValueModel, cells: OrderCells) -> Columns:
    """Column → value per cell; the columns of a horizon end in its days."""
    columns: Columns = {
        "p_alive": orders.p_alive(cells),
        "waiting_days": np.minimum(orders.waiting_time(cells), 1e6),
    }
    with ThreadPoolExecutor(2) as pool:  # most of the time is spent outside of Python
        found = pool.map(lambda days: until(orders, values, cells, days), HORIZONS)
        for days, expected in zip(HORIZONS, found, strict=True):
            columns |= {f"{name}_{days}": getattr(expected, name) for name in EXPECTED}
    return columns


def _error_of_mean(cells: ValueCells) -> float:
    """The standard error of the mean value of an order, as a share."""
    weights = cells.customers / cells.customers.sum()
    mean = float(weights @ cells.mean_value)
    variance = float(weights @ (cells.mean_value - mean) ** 2)
    return float(np.sqrt(variance / cells.customers.sum()) / mean)


def _errors_of_totals(model: OrderModel, cells: OrderCells) -> dict[str, float]:
    """The standard error of the expected total per horizon, as a share; from coarse cells."""
    coarse = cells.coarse()

    def total(varied: OrderModel, days: int) -> float:
        expected: Floats = varied.expected_orders(coarse, days)
        return float(expected @ coarse.customers)

    pairs = model.variations(coarse)
    return {
        f"orders_error_{days}": float(
            np.sqrt(sum((total(high, days) - total(low, days)) ** 2 for low, high in pairs))
            / 2 / max(total(model, days), 1e-9)
        )
        for days in HORIZONS
    }  # fmt: skip
