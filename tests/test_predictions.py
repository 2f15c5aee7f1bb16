"""Predictions of a shop with known chances: from files to the tables, and again after more days."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from conftest import Workshop
from scipy.special import hyp2f1

from estore.findings.facts import Facts
from estore.findings.predictions import predictions
from estore.snapshot.manifest import Manifest
from estore.warehouse.duckdb import open_warehouse

START = date(2024, 1, 1)
#: Days after START; the second file begins after the first day.
SPLIT, END = 225, 243
Order = tuple[int, int, float]


def planted_orders() -> list[Order]:
    """(customer, day after START, amount) of 1,200 customers who order at random and then leave."""
    draw = np.random.default_rng(4)
    orders: list[Order] = []
    for customer in range(1_200):
        day, rate = draw.uniform(0, 200), draw.gamma(1.2, 1 / 25)
        leaves, mean = draw.beta(1.0, 3.0), draw.gamma(4, 15)
        while day < END + 1:
            orders.append((customer, int(day), max(round(draw.gamma(5, mean / 5), 2), 1.0)))
            if draw.random() < leaves:
                break
            day += draw.exponential(1 / rate)
    return orders


ORDERS = planted_orders()


def rows(orders: list[Order]) -> list[dict[str, Any]]:
    return [
        {
            "event_time": f"{START + timedelta(days=day)} 12:00:{number % 60:02} UTC",
            "event_type": "purchase", "user_id": f"c{customer}", "price": f"{amount:.2f}",
            "user_session": f"s{number}", "order_id": f"o{number}",
        }
        for number, (customer, day, amount) in enumerate(orders)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The shop, built when most days had arrived, and again with the rest."""
    workshop = Workshop(tmp_path_factory.mktemp("predictions"))
    written = rows(ORDERS)
    until = str(START + timedelta(days=SPLIT))
    for name, part in (
        ("first.csv", [row for row in written if row["event_time"] < until]),
        ("rest.csv", [row for row in written if row["event_time"] >= until]),
    ):
        workshop.write(name, part)
        workshop.load(name)
        workshop.build()
    return workshop


class Known:
    """What the orders until a day say of every customer."""

    def __init__(self, day: int) -> None:
        self.day = day
        self.days: dict[int, set[int]] = {}
        self.revenue: dict[int, float] = {}
        for customer, at, amount in ORDERS:
            if at <= day:
                self.days.setdefault(customer, set()).add(at)
                self.revenue[customer] = self.revenue.get(customer, 0.0) + amount

    def predicted(self, customer: int, fit: dict[str, Any], horizon: int) -> tuple[float, ...]:
        """p_alive, orders and revenue, by the closed forms."""
        days = self.days[customer]
        x, recency, age = len(days) - 1, max(days) - min(days), self.day - min(days)
        # A history of more than 200 days rounds days down to pairs, of which the middle counts.
        width = max(1, self.day // 200)
        recency, age = (v // width * width + (width - 1) / 2 for v in (recency, age))
        recency = min(recency, age) if x else 0.0
        r, alpha, a, b = (fit[name] for name in ("r", "alpha", "a", "b"))
        alive = 1 / (1 + a / (b + x) * ((alpha + age) / (alpha + recency)) ** (r + x))
        end = alpha + age + horizon
        orders = (a + b + x) / (a - 1) * alive * (
            1 - ((alpha + age) / end) ** (r + x)
            * hyp2f1(r + x, b + x + 1, a + b + x, horizon / end)
        )  # fmt: skip
        p, q, gamma = (fit[name] for name in ("p", "q", "gamma"))
        value = p * (gamma + self.revenue[customer]) / (p * (x + 1) + q - 1)
        return alive, orders, orders * value


def fit_of(shop: Workshop, horizon: int, day: date) -> dict[str, Any]:
    (fit,) = shop.rows(
        f"(from metrics.metrics_prediction_fit where horizon_days = {horizon} "
        f"and fitted_date = '{day}')"
    )
    return fit


def test_every_buyer_has_the_predictions_of_the_closed_forms(shop: Workshop) -> None:
    known = Known(END)
    fit = fit_of(shop, 60, START + timedelta(days=END))
    found = {row["user_id"]: row for row in shop.rows("marts.dim_customer_predictions")}

    assert not fit["is_refused"] and fit["is_current"], fit["refusal_reason"]
    assert set(found) == {f"c{customer}" for customer in known.days}
    for customer in list(known.days)[::10]:
        row = found[f"c{customer}"]
        alive, orders, revenue = known.predicted(customer, fit, 60)
        assert row["p_alive"] == pytest.approx(alive, rel=1e-9)
        assert row["expected_orders_60d"] == pytest.approx(orders, rel=1e-5)
        assert float(row["expected_revenue_60d"]) == pytest.approx(revenue, rel=1e-4, abs=0.002)
        assert row["expected_orders_60d_low"] <= row["expected_orders_60d_high"]
        assert row["expected_orders_30d"] < row["expected_orders_60d"] < row["expected_orders_90d"]


def test_the_receipt_compares_with_what_followed(shop: Workshop) -> None:
    """A month end that was compared by the second build, by hand."""
    month_end, horizon = date(2024, 6, 30), 60
    day = (month_end - START).days
    known, fit = Known(day), fit_of(shop, horizon, month_end)
    last_errors, actual, predicted = 0.0, 0, 0.0
    for customer in known.days:
        after = {at for c, at, _ in ORDERS if c == customer and day < at <= day + horizon}
        before = {at for at in known.days[customer] if at > day - horizon}
        expected = known.predicted(customer, fit, horizon)[1]
        actual += len(after)
        predicted += expected
        last_errors += abs(len(before) - len(after))
    (row,) = shop.rows(
        f"(from metrics.metrics_prediction_backtest where month_end_date = '{month_end}' "
        f"and horizon_days = {horizon} and decile = 0)"
    )

    assert row["customer_count"] == len(known.days)
    assert row["actual_order_count"] == actual
    assert row["predicted_order_count"] == pytest.approx(predicted, rel=1e-5)
    assert 0.4 * row["last_period_orders_mae"] < row["orders_mae"] < row["last_period_orders_mae"]
    assert row["last_period_orders_mae"] == pytest.approx(last_errors / len(known.days))
    assert row["orders_covered_rate"] > 0.8
    assert row["order_ratio"] == pytest.approx(predicted / actual, rel=1e-5)
    assert 0.85 < row["order_ratio"] < 1.15
    low, high = row["predicted_order_count_low"], row["predicted_order_count_high"]
    assert low < predicted < high < 1.3 * low
    assert 0.2 < row["orders_gini"] < 1


def test_deciles_and_segments_add_up(shop: Workshop) -> None:
    assert not shop.query(
        """
        select month_end_date, horizon_days
        from metrics.metrics_prediction_backtest
        group by all
        having
            sum(customer_count) <> 2 * max(customer_count)
            or sum(actual_revenue_amount) <> 2 * max(actual_revenue_amount)
            or count(*) < 8
        """
    )
    ((months, first, last),) = shop.query(
        "select count(distinct month_end_date), min(month_end_date), max(month_end_date) "
        "from metrics.metrics_prediction_backtest"
    )
    assert (months, first, last) == (5, date(2024, 3, 31), date(2024, 7, 31))
    ((customers, total),) = shop.query(
        "select sum(customer_count), sum(expected_revenue_amount) "
        "from metrics.metrics_predicted_value where horizon_days = 30 and rfm_segment <> 'All'"
    )
    assert shop.query(
        "select customer_count, expected_revenue_amount from metrics.metrics_predicted_value "
        "where horizon_days = 30 and rfm_segment = 'All'"
    ) == [(customers, total)]
    assert shop.query(
        "select count(*), sum(expected_revenue_30d) from marts.dim_customer_predictions"
    ) == [(customers, total)]


def test_findings_have_period_denominator_and_interval(shop: Workshop) -> None:
    about = Manifest("v000001", "2024-09-01", "2024-08-31", {}, {}, {}, {}, {})
    with open_warehouse(shop.settings) as snapshot:
        snapshot.execute("set search_path = 'metrics,intermediate'")
        expected, receipt, top = predictions(Facts(snapshot, about))
    with duckdb.connect() as old:  # a snapshot of an older version has no such tables
        old.execute(
            "create table int_event_days as "
            "select date '2024-01-01' as event_date, true as is_complete"
        )
        assert not list(predictions(Facts(old, about)))

    assert re.match(
        r"In the next 90 days, 1,200 customers are expected to place [\d,]+ orders \(80% interval "
        r"[\d,]+ to [\d,]+\) and to spend \$[\d,]+ \(\$[\d,]+ to \$[\d,]+\)\.",
        expected.sentence,
    )
    assert expected.period == "2024-09-01 to 2024-11-29"
    assert re.match(
        r"For the last 3 month ends, the revenue predicted for 90 days was off by \d+% on",
        receipt.sentence,
    )
    assert receipt.period == "2024-03-31 to 2024-05-31 and 90 days after"
    assert re.match(r"The [\d,]+ customers with the highest predictions \(\d", top.sentence)


def test_builds_in_two_steps_equal_one(shop: Workshop, tmp_path: Path) -> None:
    """Also of what was computed only once: the month ends before the first build."""
    names = ("intermediate.int_predicted_fits", "metrics.metrics_prediction_backtest",
             "marts.dim_customer_predictions", "metrics.metrics_predicted_value")  # fmt: skip
    in_two = {name: shop.query(f"from {name} order by all") for name in names}
    ((compared,),) = shop.query(
        "select count(distinct month_end_date) from intermediate.int_backtest_customers"
    )
    assert compared == 3, "the second build compared month ends again that had not changed"

    shop.build(full_refresh=True)

    for name, before in in_two.items():
        assert shop.query(f"from {name} order by all") == before, name


def test_a_shop_with_too_little_data_has_reasons_and_no_predictions(
    published_home: Workshop,
) -> None:
    reasons = published_home.query(
        "select distinct is_refused, refusal_reason from metrics.metrics_prediction_fit"
    )
    assert reasons == [(True, "The data cover 1 day; predictions need at least 60.")]
    assert published_home.query(
        "select user_id, model, p_alive, expected_revenue_30d from marts.dim_customer_predictions"
    ) == [("501", None, None, None)]
