"""A shop in which all customers behave the same: no number may say that they differ.

Every user visits equally often, at random times, and every session buys with the same
probability.
Naive formulas find differences that do not exist (lessons 18, 19 and 24).
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from conftest import Workshop

from estore import pipeline
from estore.console import Console
from estore.findings import findings
from estore.shop import ShopConfig
from estore.snapshot.reader import open_snapshot
from estore.synth import SyntheticShop, write_shop

USERS, DAYS = 4_000, 123  # October 2019 to January 2020
VISITS, CHANCE = 12, 0.06  # average sessions per user; purchase probability of a session
WINDOW = 45
START = datetime(2019, 10, 1, tzinfo=UTC)


def repeating_within(days: int) -> float:
    """The true share with a second order by the end of that day: orders are a Poisson process."""
    return 1 - math.exp(-VISITS * CHANCE / DAYS * (days + 0.5))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The even shop, built and published."""
    rng = np.random.default_rng(7)
    rows: list[dict[str, Any]] = []
    for user in range(1, USERS + 1):  # 0 is an anonymous id
        for visit, second in enumerate(rng.integers(0, DAYS * 86_400, rng.poisson(VISITS))):
            moment = START + timedelta(seconds=int(second))
            row = {
                "event_time": f"{moment:%Y-%m-%d %H:%M:%S} UTC",
                "user_id": str(user), "user_session": f"{user}-{visit}",
            }  # fmt: skip
            rows.append(row)
            if rng.random() < CHANCE:
                rows.append({**row, "event_type": "purchase"})
    config = ShopConfig(thresholds={"cohort_window_days": WINDOW})
    workshop = Workshop(tmp_path_factory.mktemp("even"), config)
    workshop.write("all.csv", rows)
    workshop.load()
    pipeline.build(workshop.settings, workshop.shop, Console(quiet=True))
    return workshop


def overlap(rows: list[tuple[Any, ...]]) -> bool:
    """Whether all intervals (low, high) overlap."""
    return max(low for low, _ in rows) <= min(high for _, high in rows)


def test_cohorts_that_behave_the_same_have_the_same_churn(shop: Workshop) -> None:
    naive = [
        share
        for (share,) in shop.query(
            "select avg((second_order_date is null)::int) from intermediate.int_buyers "
            "group by date_trunc('month', first_order_date) order by any_value(first_order_date)"
        )
    ]
    assert naive == sorted(naive) and naive[-1] - naive[0] > 0.3, "only history differs"

    rates = shop.query(
        "select churn_rate_low, churn_rate_high from metrics.metrics_churn "
        "where cohort_grain in ('overall', 'month') and observed_count > 100"
    )
    assert len(rates) == 4 and overlap(rates)
    assert all(low <= 1 - repeating_within(WINDOW) <= high for low, high in rates)


@pytest.mark.parametrize("days", [15, 30, 45])
def test_the_curve_of_every_cohort_contains_the_truth(shop: Workshop, days: int) -> None:
    rows = shop.query(
        "select survival_low, survival_high from metrics.metrics_repeat_curve "
        f"where day_number = {days} and at_risk_count > 100 order by cohort_grain desc"
    )
    assert len(rows) >= 4 and overlap(rows)
    holds = [low <= 1 - repeating_within(days) <= high for low, high in rows]
    assert holds[0] and holds.count(False) <= 1, "one of twenty intervals may miss the truth"


#: Share of new customers, daily probability to reorder, and to leave after an order.
KINDS = ((0.3, 0.08, 0.1), (0.7, 0.05, 0.5))


@pytest.fixture(scope="module")
def old_shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Nothing has changed for 500 days: 15 new customers a day; the data are of the last 200."""
    rng = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for user, first in enumerate(np.repeat(np.arange(-300, 200), 15)):
        _, chance, leaving = KINDS[int(rng.random() >= KINDS[0][0])]
        day = int(first)
        while day < 200:
            if day >= 0:
                moment = START + timedelta(days=day, seconds=int(rng.integers(86_400)))
                row = {
                    "event_time": f"{moment:%Y-%m-%d %H:%M:%S} UTC", "event_type": "purchase",
                    "user_id": str(user), "user_session": f"{user}-{day}",
                }  # fmt: skip
                rows.append(row)
            if rng.random() < leaving:
                break
            day += int(rng.geometric(chance))
    workshop = Workshop(
        tmp_path_factory.mktemp("old"), ShopConfig(thresholds={"cohort_window_days": WINDOW})
    )
    workshop.write("all.csv", rows)
    workshop.load()
    pipeline.build(workshop.settings, workshop.shop, Console(quiet=True))
    return workshop


def test_customers_from_before_the_data_do_not_change_churn(old_shop: Workshop) -> None:
    truth = 1 - sum(
        share * (1 - leaving) * (1 - (1 - chance) ** WINDOW) for share, chance, leaving in KINDS
    )
    rows = {
        (grain, start): (is_censored, rate, low, high)
        for grain, start, is_censored, rate, low, high in old_shop.query(
            "select cohort_grain, cohort_start::varchar, is_left_censored, churn_rate, "
            "churn_rate_low, churn_rate_high from metrics.metrics_churn "
            "where cohort_grain <> 'week' and observed_count > 100"
        )
    }
    is_censored, _, _, high = rows["overall", None]
    assert is_censored and high < truth - 0.01, "earlier customers are counted as new"

    known = rows["overall_uncensored", None]
    assert not known[0] and known[2] <= truth <= known[3]
    censored = [start for (grain, start), row in rows.items() if grain == "month" and row[0]]
    assert sorted(censored) == ["2019-10-01", "2019-11-01"]
    flat = [row[2:] for (grain, _), row in rows.items() if grain == "month" and not row[0]]
    assert len(flat) >= 3 and overlap(flat)
    assert all(low <= truth <= high for low, high in flat)

    with open_snapshot(old_shop.settings) as (snapshot, manifest):
        churn = next(
            finding
            for finding in findings.key_findings(snapshot, manifest)
            if "did not reorder" in finding.sentence
        )
    assert churn.numbers["churn_rate_low"] <= truth <= churn.numbers["churn_rate_high"]
    assert "may have ordered before the data begin" in (churn.caveat or "")


@pytest.mark.parametrize(("since", "marked"), [({}, True), ({"customers_since": "data"}, False)])
def test_a_shop_that_began_with_its_data_has_no_left_censored_cohort(
    workshop: Workshop, since: dict[str, str], marked: bool
) -> None:
    workshop.shop = ShopConfig(thresholds=since)
    workshop.write("a.csv", [{"event_type": "purchase"}])
    workshop.load()
    workshop.build()
    tables = ("churn", "retention", "repeat_curve")
    rows = [
        row
        for name in tables
        for row in workshop.query(
            f"select distinct is_left_censored from metrics.metrics_{name} "
            "where cohort_grain <> 'overall_uncensored'"
        )
    ]
    assert rows == [(marked,)] * len(tables)


def test_sessions_that_behave_the_same_convert_the_same(shop: Workshop) -> None:
    by = "select {} as orders, avg(reached_purchase::int) from {} group by 1 order by 1"
    naive = shop.query(
        by.format(
            "least(users.order_count, 2)",
            "marts.fct_sessions join marts.dim_users as users using (user_id)",
        )
    )
    assert [orders for orders, _ in naive] == [0, 1, 2]
    assert naive[0][1] == 0 and naive[2][1] > 1.5 * naive[1][1], "later orders leaked"

    honest = shop.query(by.format("least(orders_before, 2)", "marts.fct_sessions"))
    counts = dict(
        shop.query("select least(orders_before, 2), count(*) from marts.fct_sessions group by 1")
    )
    for orders, rate in honest:
        assert abs(rate - CHANCE) < 3 * math.sqrt(CHANCE * (1 - CHANCE) / counts[orders])


def test_a_statement_that_is_true_by_definition_is_no_finding(shop: Workshop) -> None:
    naive = shop.query(
        "select churned_count from metrics.metrics_rfm_segments where rfm_segment = 'Champions'"
    )
    assert naive == [(0,)], "recent buyers have not left, by definition of the segment"
    with open_snapshot(shop.settings) as (snapshot, manifest):
        made = findings.key_findings(snapshot, manifest)
    named = [each for each in made if "Champions" in each.sentence]
    assert any(each.sentence.startswith("Champions are") for each in named)
    assert not any("churn" in each.sentence.lower() for each in named)
    assert all("the definition sets" in (each.caveat or "") for each in named)


def test_few_customers_who_order_at_random_seem_to_leave(shop: Workshop) -> None:
    """Their rate never changes, so chance alone explains 5 % of customers with a rhythm."""
    ((known, leaving),) = shop.query(
        "select count(*) filter (usual_interval_days is not null), count(*) filter (is_leaving) "
        "from marts.dim_user_rfm"
    )
    assert known > 200 and leaving <= 0.05 * known + 3 * (0.05 * 0.95 * known) ** 0.5


def test_a_uniform_shop_has_no_alert(shop: Workshop) -> None:
    kinds = shop.query("select distinct kind from metrics.metrics_data_alerts order by kind")
    assert kinds == []


#: Values of rows about the time before December that must not depend on December.
KNOWN_BY_THEN = {
    "marts.fct_events": "* from {} where event_date < '2019-12-01'",
    "marts.fct_orders": "* from {} where order_date < '2019-12-01'",
    "marts.fct_sessions": "* from {} where session_end_at < '2019-11-30 22:00:00'",
    "marts.fct_user_rfm_monthly": "* from {} where month_end_date < '2019-12-01'",
    "metrics.metrics_rfm_migration": "* exclude (as_of_date) from {} "
    "where month_end_date < '2019-12-01'",
    "metrics.metrics_conversion_rates": "* exclude (as_of_date) from {} "
    "where session_start_date < '2019-11-30'",
    "metrics.metrics_conversion_rates_daily": "* exclude (as_of_date) from {} "
    "where session_start_date < '2019-11-30'",
    # missing sales of a day also depend on later days
    "metrics.metrics_daily_sales": "* exclude (as_of_date, has_missing_sales, "
    "missing_revenue_amount) from {} where order_date < '2019-11-30'",  # the last is not over
    "metrics.metrics_retention": "* exclude (as_of_date) from {} where is_complete "
    "and period_start < '2019-11-25'",
    "metrics.metrics_cart_recovery": "* exclude (as_of_date) from {} "
    "where cart_date < '2019-11-22'",
    "metrics.metrics_lifecycle": "* exclude (as_of_date) from {} where is_complete "
    "and period_start < '2019-11-25'",
    "metrics.metrics_cohort_ltv": "* exclude (as_of_date) from {} where is_complete "
    "and month_start < '2019-12-01' and breakdown = 'all'",
    # missing sales, the names on the dashboard and the categories of products depend on later days
    "metrics.metrics_revenue_drivers": "* exclude (as_of_date, has_data_issues) from {} "
    "where period_start < '2019-11-25' and breakdown <> 'category'",
    "metrics.metrics_churn": "cohort_grain, cohort_start, customer_count from {} "
    "where cohort_start < '2019-11-25'",
    "dashboard.cube_sessions": "* from {} where session_start_date < '2019-11-30'",
    # the group `other` depends on the revenue of all days
    "dashboard.cube_sales": "* from {} where order_date < '2019-12-01' and category = '*' "
    "and brand = '*'",
}
#: Tables about today (as_of_date), or about no time.
AS_OF = {
    "marts.dim_categories", "marts.dim_customers", "marts.dim_products", "marts.dim_user_rfm",
    "marts.dim_users", "marts.rfm_segments", "marts.fct_open_carts",
    "metrics.metrics_data_alerts", "metrics.metrics_ltv_distribution",
    "metrics.metrics_product_performance", "metrics.metrics_repeat_curve",
    "metrics.metrics_rfm_segments", "dashboard.cube_products", "dashboard.taxonomy_breaks",
    "dashboard.top_customers", "metrics.metrics_churn_overall", "metrics.metrics_churn_monthly",
    "metrics.metrics_conversion_rates_overall", "metrics.metrics_affinity",
    "metrics.metrics_next_purchase", "metrics.metrics_weekday_hours",
    "metrics.metrics_detection_limits",
    "marts.dim_customer_predictions", "metrics.metrics_predicted_value",
    "metrics.metrics_prediction_backtest", "metrics.metrics_prediction_fit",
}  # fmt: skip


def test_later_data_do_not_change_statements_about_earlier_days(workshop: Workshop) -> None:
    """A metric that joined a later attribute to an earlier row would change with December."""
    *until_november, december = write_shop(
        workshop.landing, SyntheticShop(events=60_000, months=3, seed=9, faults=())
    )
    workshop.load(*until_november)
    workshop.build()

    def known() -> dict[str, list[tuple[Any, ...]]]:
        return {
            table: workshop.query(f"select {rows.format(table)} order by all")
            for table, rows in KNOWN_BY_THEN.items()
        }

    tables = workshop.query(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_schema in ('marts', 'metrics', 'dashboard')"
    )
    assert {table for (table,) in tables} == KNOWN_BY_THEN.keys() | AS_OF, "list new tables"

    before = known()
    workshop.load(december)
    workshop.build()
    after = known()

    for table, rows in before.items():
        assert rows and rows == after[table], table
