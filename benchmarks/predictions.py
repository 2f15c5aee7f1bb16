"""Predictions: seconds and memory of fitting and predicting the cells of many customers."""

import resource
import time
from typing import Any

import numpy as np

from estore.predict.forecast import fit
from estore.predict.tables import Needs

#: As in transform/macros/predictions.sql: histories are rounded to at most this many cells.
STEPS = 200


def cells_of(customers: int, days: int, seed: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cells of customers who ordered at random and left, over some days; orders and values."""
    draw = np.random.default_rng(seed)
    age = np.floor(draw.uniform(0, days, customers))
    rate, leaves = draw.gamma(0.6, 1 / 25, customers), draw.beta(0.8, 2.2, customers)
    repeats, last = np.zeros(customers, dtype=np.int64), np.zeros(customers)
    at = np.zeros(customers)
    active = np.flatnonzero(draw.random(customers) >= leaves)
    while len(active):
        at[active] += draw.exponential(1 / rate[active])
        active = active[at[active] <= age[active]]
        repeats[active] += 1
        last[active] = at[active]
        active = active[draw.random(len(active)) >= leaves[active]]
    width = max(1, days // STEPS)
    keys = np.stack([repeats + 1, last // width, age // width], axis=1).astype(np.int64)
    cells, counts = np.unique(keys, axis=0, return_counts=True)
    orders = {
        "order_day_count": cells[:, 0], "recency_cell": cells[:, 1], "age_cell": cells[:, 2],
        "customer_count": counts, "cell_days": np.full(len(cells), width),
        "history_days": np.full(len(cells), days),
    }  # fmt: skip
    revenue = draw.gamma(6.0 * (repeats + 1)) / draw.gamma(4.0, 1 / 120, customers)
    mean = revenue / (repeats + 1)
    digits = np.floor(np.log10(mean)) - 2
    keys = np.stack([repeats + 1, digits, mean // 10**digits], axis=1).astype(np.int64)
    groups, place, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    values = {
        "order_day_count": groups[:, 0], "customer_count": counts,
        "revenue_amount": np.bincount(place.ravel(), revenue),
    }  # fmt: skip
    return orders, values


def measure(customers: int, days: int) -> dict[str, Any]:
    """Seconds of one fit with its predictions, and the memory of this process before and after."""
    orders, values = cells_of(customers, days)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, used = time.perf_counter(), time.process_time()
    row, predicted = fit(orders, values, Needs(500, 50))
    return {
        "customers": customers,
        "days": days,
        "order_cells": row["order_cell_count"],
        "value_cells": row["value_cell_count"],
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(time.process_time() - used, 2),
        "peak_mb_before": round(before),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "expected_orders_90d": round(float(predicted["orders_90"] @ orders["customer_count"])),
    }
