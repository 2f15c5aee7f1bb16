"""Faults of the data are reported with their days, and a shop without faults has no alert."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from conftest import SAMPLE, Workshop, needs_sample
from planted import ALERTS, alerts, build_shop, false_alarms, unreported

from estore.synth import ALL_FAULTS, SyntheticShop

SEEDS = range(1, 21)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workshop, dict[str, Any]]:
    """Three months of a shop with every kind of fault."""
    workshop = Workshop(tmp_path_factory.mktemp("faulty"))
    shop = SyntheticShop(events=300_000, months=3, seed=1, faults=ALL_FAULTS)
    return workshop, build_shop(workshop, shop)


@pytest.mark.parametrize("name", ALERTS)
def test_a_planted_fault_is_reported_with_its_days(
    faulty: tuple[Workshop, dict[str, Any]], name: str
) -> None:
    workshop, truth = faulty
    assert name in {fault["fault"] for fault in truth["faults"]}
    assert [fault for fault in unreported(truth, alerts(workshop)) if fault[0] == name] == []


def test_no_other_alert_is_reported(faulty: tuple[Workshop, dict[str, Any]]) -> None:
    """A fault may also cause other alerts, on its own days."""
    workshop, truth = faulty
    assert false_alarms(truth, alerts(workshop)) == set()


def test_sentences_agree_with_their_numbers(faulty: tuple[Workshop, dict[str, Any]]) -> None:
    """One cart is singular, and a price of 1499 has no decimals."""
    workshop, _ = faulty
    said = [
        sentence
        for (sentence,) in workshop.query("select sentence from metrics.metrics_data_alerts")
    ]
    for sentence in said:
        assert not re.search(r"\b[01] (view|cart|purchase|event|session|product)s\b", sentence)
        assert not re.search(r"\(s\)|\d{4}(?!-)\b|\.0|\b1 are|(?<![-\d])0 ", sentence), sentence
    assert any(" at $1,499, the highest price" in sentence for sentence in said)
    assert any("1 session has more than 500 events" in sentence for sentence in said)


def test_daily_sales_mark_the_days_with_tracking_gaps(
    faulty: tuple[Workshop, dict[str, Any]],
) -> None:
    workshop, truth = faulty
    marked = workshop.query(
        "select order_date::varchar from metrics.metrics_daily_sales "
        "where has_missing_sales order by 1"
    )
    days = set()
    for fault in truth["faults"]:
        if fault["fault"] in ("purchase-outage", "missing-day"):
            days |= {fault["from_date"], fault["to_date"]}
    assert [day for (day,) in marked] == sorted(days)


def test_a_bot_is_counted_separately_and_in_no_rate_of_the_funnel(
    faulty: tuple[Workshop, dict[str, Any]],
) -> None:
    workshop, _ = faulty
    columns = "sum(session_count), sum(bot_session_count), sum(sessions_with_view)"
    overall = workshop.query(
        f"select {columns} from metrics.metrics_conversion_rates where grain = 'overall'"
    )
    ((session_count, viewing),) = workshop.query(
        "select count(*), count_if(view_count > 0) from intermediate.int_sessions"
    )
    assert overall == [(session_count - 1, 1, viewing - 1)]
    assert workshop.query(f"select {columns} from dashboard.cube_sessions") == overall


@pytest.mark.parametrize(("events", "months", "seed"), [(200_000, 3, 2), (40_000, 1, 4)])
def test_a_shop_without_faults_has_no_alert(
    workshop: Workshop, events: int, months: int, seed: int
) -> None:
    build_shop(workshop, SyntheticShop(events=events, months=months, seed=seed, faults=()))
    assert alerts(workshop) == set()


@pytest.mark.long
def test_twenty_seeds_give_at_most_one_false_alarm_a_month_and_miss_no_fault(
    open_workshop: Callable[..., Workshop],
) -> None:
    alarms, missed = [], []
    for seed in SEEDS:
        for faults in ((), ALL_FAULTS):
            workshop = open_workshop()
            shop = SyntheticShop(events=300_000, months=3, seed=seed, faults=faults)
            truth = build_shop(workshop, shop)
            reported = alerts(workshop)
            alarms += [(seed, bool(faults), *alert) for alert in false_alarms(truth, reported)]
            missed += [(seed, *fault) for fault in unreported(truth, reported)]
    print(f"false alarms: {alarms}\nmissed: {missed}")
    clean = [alarm for alarm in alarms if not alarm[1]]
    assert max([0, *(sum(of == seed for of, *_ in clean) for seed in SEEDS)]) <= 3
    assert missed == []


@needs_sample
def test_three_hours_of_the_real_shop_give_only_true_alerts(workshop: Workshop) -> None:
    """Its carts of October are under-reported, and its only day is incomplete."""
    workshop.load(SAMPLE)
    workshop.build()
    assert alerts(workshop) == {
        ("purchases_without_carts", "cart", "2019-10-01", "2019-10-01"),
        ("unfinished_day", "event", "2019-10-01", "2019-10-01"),
    }
