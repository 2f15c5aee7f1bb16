"""Duplicates: rows are one event only if they are equal in all columns that define an event."""

import random
from collections.abc import Callable
from typing import Any

import oracle
import pytest
from conftest import Workshop
from test_marts_agree import agree, same

from estore.shop import ShopConfig

#: Customers 1 to 4 of an order export without fractions of seconds; each buys twice in one second.
ROWS = [
    ("1", "o1", "6", "10.00"), ("1", "o1", "2", "10.00"),
    ("2", "o2", "1", "10.00"), ("2", "o3", "1", "10.00"),
    ("3", "o4", "1", "10.00"), ("3", "o4", "1", "4.00"),
    ("4", "o5", "3", "10.00"), ("4", "o5", "3", "10.00"),
]  # fmt: skip


def bought(user: str, order: str, quantity: str, price: str) -> dict[str, str]:
    return {
        "event_time": "2019-10-01 10:00:00 UTC", "event_type": "purchase", "user_id": user,
        "user_session": f"s{user}", "order_id": order, "quantity": quantity, "price": price,
    }  # fmt: skip


@pytest.mark.parametrize(("are_units", "last_order"), [(False, (3, 30)), (True, (6, 60))])
def test_an_order_export_without_fractions_of_seconds_loses_no_revenue(
    open_workshop: Callable[..., Workshop], are_units: bool, last_order: tuple[int, int]
) -> None:
    workshop = open_workshop(shop=_shop(are_units))
    workshop.write("orders.csv", [bought(*row) for row in ROWS])
    workshop.load()
    report = workshop.build(until="tests")

    assert report.holds, report.problems
    orders = "select order_id, item_count, order_amount from marts.fct_orders order by 1"
    assert workshop.query(orders) == [
        ("o1", 8, 80), ("o2", 1, 10), ("o3", 1, 10), ("o4", 2, 14), ("o5", *last_order),
    ]  # fmt: skip
    assert workshop.query("select sum(duplicate_count - 1) from marts.fct_events") == [(1,)]


@pytest.mark.parametrize("are_units", [False, True])
def test_rows_that_differ_in_any_column_are_separate_events(
    open_workshop: Callable[..., Workshop], are_units: bool
) -> None:
    """A few values of each column, so that rows are equal, nearly equal and empty in places."""
    dice = random.Random(4)
    values: dict[str, list[str]] = {
        "event_time": ["2019-10-01 10:00:00 UTC", "2019-10-01 10:00:01 UTC"],
        "event_type": ["view", "purchase", "purchase"],
        "product_id": ["1", "2"], "category_id": ["", "8", "9"], "category_code": ["", "a.b", "c"],
        "brand": ["", "x", "y"], "price": ["0.00", "10.00", "10.001"], "user_id": ["7"],
        "user_session": ["s", "t"], "order_id": ["", "0", "o1"], "quantity": ["", "1", "2", "4"],
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        {column: dice.choice(choice) for column, choice in values.items()} for _ in range(600)
    ]
    workshop = open_workshop(shop=_shop(are_units))
    path = workshop.write("events.csv", rows)
    workshop.load()
    report = workshop.build(until="tests")

    assert report.holds, report.problems
    events = oracle.events(oracle.read_lines([path]), repeated_purchases_are_units=are_units)
    assert max(event.duplicate_count for event in events) > 2
    agree(
        workshop, "marts.fct_events",
        same("event_date", "event_type", "product_id", "category_id", "category_code", "brand",
             "price", "quantity", "order_id", "user_id", "user_session", "duplicate_count",
             "revenue_amount", event_at="event_time"),
        events,
    )  # fmt: skip
    agree(
        workshop, "marts.fct_orders",
        same("user_id", "ordered_at", "item_count", "line_count", "order_amount", "order_number",
             order_id="order_key"),
        oracle.orders(events),
    )  # fmt: skip
    ids = "select count(distinct event_id), count(*) from marts.fct_events"
    assert workshop.query(ids) == [(len(events), len(events))]


def _shop(are_units: bool) -> ShopConfig:
    return ShopConfig(thresholds={"repeated_purchases_are_units": are_units})
