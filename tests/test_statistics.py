"""Intervals and curves in SQL against the formulas of others."""

from typing import Any

import pytest
from conftest import Workshop
from lifelines import KaplanMeierFitter

from estore.synth import Shop, write_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A synthetic shop of five months."""
    workshop = Workshop(tmp_path_factory.mktemp("statistics"))
    write_shop(workshop.landing, Shop(events=60_000, months=5, seed=8))
    workshop.load()
    workshop.build()
    return workshop


def fitted(customers: list[dict[str, Any]]) -> KaplanMeierFitter:
    """What lifelines makes of customers with a first and perhaps a second order."""
    ends = [row["second_order_date"] or row["as_of_date"] for row in customers]
    days = [(end - row["first_order_date"]).days for end, row in zip(ends, customers, strict=True)]
    return KaplanMeierFitter().fit(
        days, [row["second_order_date"] is not None for row in customers]
    )


def test_the_repeat_curve_is_that_of_lifelines(shop: Workshop) -> None:
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
        start = f"date '{cohort}'" if cohort else "null"
        rows = shop.rows(
            "(from metrics.metrics_repeat_curve "
            f"where cohort_start is not distinct from {start} order by day_number)"
        )
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
        median = rows[0]["median_days_to_repeat"]
        assert (float("inf") if median is None else median) == curve.median_survival_time_
