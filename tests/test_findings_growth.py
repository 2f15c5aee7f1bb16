"""Findings about carts, pairs and growth: their numbers, and when nothing is said."""

from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from estore.currency import currency
from estore.findings import growth
from estore.findings.facts import Facts

SNAPSHOT = """
create table int_event_days as
    select date '2020-01-01' + day::int as event_date, true as is_complete from range(60) as days (day);
create table metrics_cart_recovery as
    select date '2020-01-01' + day::int as cart_date, 10::bigint as cart_count,
        if(day % 2 = 0, 2, 4)::bigint as recovered_count, 0.3 as recovered_rate,
        100.0::decimal(18, 3) as cart_amount, 25.0::decimal(18, 3) as recovered_amount,
        day < 20 as is_complete
    from range(28) as days (day);
create table metrics_affinity as
    select 'category' as level, 1 as pair_rank, 'glue' as item_a, 'tools' as item_b, 10 as order_count,
        2 as order_count_both, 1.67 as lift, 1.2 as lift_low, 3.56 as lift_high
    union all select 'category', 2, 'a', 'b', 10, 1, 0.5, 0.2, 0.9;
create table metrics_revenue_drivers (
    grain text, period_start date, previous_period_start date, breakdown text, item text,
    effect text, previous_value double, value double, change_amount decimal(18, 3),
    has_data_issues boolean
);
insert into metrics_revenue_drivers values
    ('month', '2020-02-01', '2020-01-01', 'total', 'all', 'revenue', 40, 80, 40, false),
    ('month', '2020-02-01', '2020-01-01', 'driver', 'customers', 'buyers', 2, 4, 40, false),
    ('month', '2020-02-01', '2020-01-01', 'driver', 'customers', 'items_per_order', 2, 1, -39.5, false),
    ('month', '2020-02-01', '2020-01-01', 'driver', 'customers', 'price_per_item', 10, 20, 39, false),
    ('month', '2020-02-01', '2020-01-01', 'driver', 'customers', 'orders_per_buyer', 1, 1, 0.5, false),
    ('month', '2020-01-01', '2019-12-01', 'total', 'all', 'revenue', 9, 40, 31, false),
    ('week', '2020-02-03', '2020-01-27', 'total', 'all', 'revenue', 1, 2, 1, false);
"""  # noqa: E501


@pytest.fixture
def facts() -> Any:
    """The facts of a snapshot with these tables."""
    snapshot = duckdb.connect()
    snapshot.execute(SNAPSHOT)
    manifest: Any = SimpleNamespace(
        currency=currency("USD"), thresholds={"cart_window_days": 7, "affinity_days": 365}
    )
    return Facts(snapshot, manifest)


def test_recovered_carts_have_an_interval_over_days(facts: Facts) -> None:
    """Twenty days of 2 or 4 of 10: the standard error is √(20/19 × 20) ÷ 200."""
    (finding,) = growth.carts(facts)
    assert finding.sentence == (
        "30.0% (95% interval 25.5% to 34.5%) of 200 products in carts were bought within 7 days, "
        "in any session; the others were worth $1,500."
    )
    assert finding.period == "2020-01-01 to 2020-01-20"
    assert (finding.numbers["recovered"], finding.numbers["carts"]) == (60, 200)


def test_a_pair_is_a_finding_only_above_chance(facts: Facts) -> None:
    (finding,) = growth.pairs(facts)
    assert finding.sentence == (
        "glue and tools are in the same order 1.7 times as often as by chance "
        "(95% interval 1.2 to 3.6): in 2 of 10 orders."
    )
    facts.snapshot.execute("delete from metrics_affinity where lift_low > 1")
    assert not list(growth.pairs(facts))


def test_one_sentence_says_why_revenue_changed(facts: Facts) -> None:
    (finding,) = growth.drivers(facts)
    assert finding.sentence == (
        "Revenue of February was $80, +$40 (+100.0%) compared with January: buyers +$40, "
        "items per order \N{MINUS SIGN}$40 and the price per item +$39."
    )
    assert finding.period == "2020-01-01 to 2020-02-29"
    assert finding.caveat == "February has 2 fewer days (6.5%)"
    facts.snapshot.execute("update metrics_revenue_drivers set has_data_issues = true")
    assert not list(growth.drivers(facts)), "days with data issues are not compared"


def test_a_snapshot_of_an_older_version_has_none_of_them(facts: Facts) -> None:
    for table in ("metrics_cart_recovery", "metrics_affinity", "metrics_revenue_drivers"):
        facts.snapshot.execute(f"drop table {table}")
    for make in (growth.carts, growth.pairs, growth.drivers):
        assert not list(make(facts))
