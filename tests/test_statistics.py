"""Intervals and curves in SQL against independent libraries."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Workshop
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy.stats import binomtest

from estore.shop import ShopConfig
from estore.synth import TRUTH, SyntheticShop, write_shop

#: Minimum customers at risk for a median.
LEAST = 30
MEDIAN = ("median_days_to_repeat", "median_days_to_repeat_low", "median_days_to_repeat_high")
METRICS = Path(__file__).resolve().parents[1] / "transform" / "models" / "metrics"
#: Tables whose rates count users as clusters.
OF_CLUSTERS = ("metrics_conversion_rates", "metrics_cart_recovery", "metrics_weekday_hours")
#: Rates of money: they are not shares of a count, so they have no interval.
OF_MONEY = {"revenue_rate", "revenue_change_rate"}


def shares() -> list[tuple[str, str, str, str]]:
    """Table, rate, numerator and denominator, as the descriptions of the columns name them."""
    found = []
    for path in sorted(METRICS.rglob("*.yml")):
        (model,) = yaml.safe_load(path.read_text())["models"]
        for column in model["columns"]:
            if column["name"].endswith("_rate") and column["name"] not in OF_MONEY:
                parts = re.match(r"(\w+) ÷ (\w+)", column["description"])
                assert parts, f"{model['name']}.{column['name']} does not say of what"
                found.append((model["name"], column["name"], parts[1], parts[2]))
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A synthetic shop of five months, which may predict with fewer customers than usual."""
    few = {"prediction_min_buyers": 100, "prediction_min_repeat_buyers": 10}
    workshop = Workshop(tmp_path_factory.mktemp("statistics"), ShopConfig(thresholds=few))
    write_shop(workshop.landing, SyntheticShop(events=60_000, months=5, seed=8, faults=()))
    workshop.load()
    workshop.build()
    return workshop


def test_a_shop_without_faults_is_measured_correctly(shop: Workshop) -> None:
    """Counts are exact. One of twenty intervals of repeat rates may miss the truth."""
    truth = json.loads((shop.landing / TRUTH).read_text())
    (funnel,) = shop.rows("(from metrics.metrics_conversion_rates where grain = 'overall')")
    ((orders, revenue, repeats),) = shop.query(
        "select sum(order_count), sum(revenue_amount), "
        "(select sum(duplicate_row_count) from intermediate.int_event_days) "
        "from metrics.metrics_daily_sales"
    )
    happened = truth["happened"]
    assert funnel["session_count"] == happened["sessions"]
    assert (orders, float(revenue)) == (happened["orders"], happened["revenue_amount"])
    assert repeats == truth["files"]["duplicates"]
    assert len(shop.rows("intermediate.int_buyers", "user_id")) == happened["buyers"]
    for rate in ("view_to_cart_rate", "cart_to_purchase_rate", "view_to_purchase_rate"):
        assert funnel[rate] == pytest.approx(truth["conversion"][rate], abs=1e-6)

    missed = []
    for days in (30, 60, 90):
        chance = truth["repeat"][0][f"within_{days}_days"]["probability"]
        curves = shop.rows(
            f"metrics.metrics_repeat_curve where day_number = {days} and at_risk_count > 50",
            "cohort_start, survival_low as low, survival_high as high",
        )
        assert curves
        missed += [curve for curve in curves if not curve["low"] <= 1 - chance <= curve["high"]]
    assert len(missed) <= 1


def fitted(customers: list[dict[str, Any]]) -> KaplanMeierFitter:
    """The result of lifelines for customers with a first and perhaps a second order."""
    ends = [row["second_order_date"] or row["as_of_date"] for row in customers]
    days = [(end - row["first_order_date"]).days for end, row in zip(ends, customers, strict=True)]
    return KaplanMeierFitter().fit(
        days, [row["second_order_date"] is not None for row in customers]
    )


def test_the_repeat_curve_equals_that_of_lifelines(shop: Workshop) -> None:
    customers = shop.rows("intermediate.int_buyers")
    months = {row["first_order_date"].replace(day=1) for row in customers}
    assert len(months) == 5
    for cohort in [None, *sorted(months)]:
        of_cohort = [
            row
            for row in customers
            if cohort is None or row["first_order_date"].replace(day=1) == cohort
        ]
        curve = fitted(of_cohort)
        where = f"cohort_start = date '{cohort}'" if cohort else "cohort_grain = 'overall'"
        rows = shop.rows(f"(from metrics.metrics_repeat_curve where {where} order by day_number)")
        assert [row["day_number"] for row in rows] == list(range(int(curve.timeline[-1]) + 1))
        low, high = (curve.confidence_interval_[name] for name in curve.confidence_interval_)
        for row in rows:
            day = row["day_number"]
            assert row["customer_count"] == len(of_cohort)
            assert abs(row["survival"] - curve.predict(day)) < 1e-9
            if day in low.index:
                at_risk, repeated = curve.event_table.loc[day, ["at_risk", "observed"]]
                assert (row["at_risk_count"], row["repeated_count"]) == (at_risk, repeated)
                assert abs(row["survival_low"] - low[day]) < 1e-9
                assert abs(row["survival_high"] - high[day]) < 1e-9
        of_median = median_survival_times(curve.confidence_interval_).loc[0.5]
        for column, known in zip(MEDIAN, (curve.median_survival_time_, *of_median), strict=True):
            # We have no median if too few customers are at risk; lifelines has one.
            is_reliable = known in curve.event_table.index and (
                curve.event_table.loc[known, "at_risk"] >= LEAST
            )
            assert rows[0][column] == (known if is_reliable else None), column


@pytest.mark.parametrize(("table", "rate", "numerator", "denominator"), shares())
def test_a_share_has_numerator_denominator_and_wilsons_interval(
    shop: Workshop, table: str, rate: str, numerator: str, denominator: str
) -> None:
    rows = shop.rows(
        f"metrics.{table}",
        f"{numerator} as part, {denominator} as whole, {rate} as rate, {rate}_low as low, "
        f"{rate}_high as high",
    )
    assert any(row["rate"] is not None for row in rows)
    for row in rows:
        if row["rate"] is None:
            assert row["low"] is None and row["high"] is None
            continue
        interval = binomtest(row["part"], row["whole"]).proportion_ci(method="wilson")
        assert abs(row["rate"] - row["part"] / row["whole"]) < 1e-12
        if table.startswith(OF_CLUSTERS):  # wider: users are clusters
            assert row["low"] <= interval.low + 1e-9
            assert row["high"] >= interval.high - 1e-9
            continue
        assert abs(row["low"] - interval.low) < 1e-9
        assert abs(row["high"] - interval.high) < 1e-9


def test_there_is_a_share_in_every_table_of_rates() -> None:
    assert len(shares()) >= 13
    assert ("metrics_churn", "churn_rate", "churned_count", "observed_count") in shares()


def test_the_intervals_in_the_docs_are_wilsons() -> None:
    page = (METRICS.parents[2] / "docs" / "metrics.md").read_text()
    for part, whole, said in [
        (1, 2, "1 of 2: from 0.095 to 0.905"),
        (0, 10, "0 of 10: from 0.000 to 0.278"),
        (500, 1000, "500 of 1,000: from 0.469 to 0.531"),
    ]:
        interval = binomtest(part, whole).proportion_ci(method="wilson")
        assert said in page
        assert said.endswith(f"from {interval.low:.3f} to {interval.high:.3f}")
