"""The marts against the oracle: every row, on the real sample and on a synthetic shop."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import oracle
import oracle_baskets
import oracle_carts
import oracle_growth
import pytest
from conftest import SAMPLE, Workshop, needs_sample

from estore.shop import ShopConfig
from estore.synth import SyntheticShop, write_shop


class Truth:
    """The oracle's results for some files."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.events = oracle.events(oracle.read_lines(paths))
        self.sessions = oracle.sessions(self.events)
        self.orders = oracle.orders(self.events)
        self.as_of = oracle.last_event_date(self.events)
        self.users = oracle.users(self.events, self.sessions, self.orders)
        self.first_date = min(event.event_date for event in self.events)
        self.lines = oracle_baskets.lines(self.events, self.orders, self.sessions)


@pytest.fixture(scope="module", params=[pytest.param("sample", marks=needs_sample), "synthetic"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workshop, Truth]:
    """A built shop and the oracle's results."""
    thresholds = {"affinity_min_orders": 2}  # so that small shops have pairs
    workshop = Workshop(tmp_path_factory.mktemp(request.param), ShopConfig(thresholds=thresholds))
    if request.param == "sample":
        paths = [SAMPLE]
    else:
        paths = write_shop(
            workshop.landing, SyntheticShop(events=25_000, months=5, seed=3, faults=())
        )
    workshop.load(*paths)
    report = workshop.build(until="tests")
    assert report.holds, report.problems
    return workshop, Truth(paths)


def agree(workshop: Workshop, table: str, names: dict[str, str], truth: list[Any]) -> None:
    """Assert that the table has the oracle's rows. names: column → field of the oracle."""
    found = workshop.rows(table, ", ".join(names))
    wanted = [{ours: asdict(row)[theirs] for ours, theirs in names.items()} for row in truth]
    assert wanted, "the oracle has nothing to compare with"
    assert sorted(map(_plain, found)) == sorted(map(_plain, wanted))


def _plain(row: dict[str, Any]) -> str:
    """A comparable value: times without zone, money to a tenth of a cent, rates to nine digits."""
    values = []
    for value in row.values():
        if hasattr(value, "tzinfo"):
            value = value.replace(tzinfo=None)
        elif isinstance(value, Decimal):
            value = f"{value:.3f}"
        elif isinstance(value, float):
            value = f"{value:.9f}"
        values.append(value)
    return repr(values)


def same(*names: str, **renamed: str) -> dict[str, str]:
    return {name: name for name in names} | renamed


def test_events_agree(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    agree(
        workshop, "marts.fct_events",
        same("event_date", "event_type", "product_id", "category_id", "category_code", "brand",
             "price", "quantity", "order_id", "user_id", "user_session", "duplicate_count",
             "revenue_amount", event_at="event_time"),
        truth.events,
    )  # fmt: skip


def test_sessions_agree(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    names = same(*oracle.Session.__dataclass_fields__)
    agree(workshop, "marts.fct_sessions", names, truth.sessions)


def test_an_event_has_the_id_of_its_session(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    counted = Counter(row["session_id"] for row in workshop.rows("marts.fct_events"))
    assert counted == {session.session_id: session.event_count for session in truth.sessions}


def test_orders_agree(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    agree(
        workshop, "marts.fct_orders",
        same("user_id", "ordered_at", "order_date", "item_count", "line_count", "order_amount",
             "order_number", "days_since_previous_order", "first_order_date",
             "customer_since_date", order_id="order_key"),
        truth.orders,
    )  # fmt: skip


def test_users_agree(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    names = same(*oracle.User.__dataclass_fields__)
    del names["average_order_amount"]  # the mart rounds it to a tenth of a cent
    agree(workshop, "marts.dim_users", names, truth.users)


def test_rfm_agrees(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    names = same(*oracle.Rfm.__dataclass_fields__)
    agree(workshop, "marts.dim_user_rfm", names, oracle.rfm(truth.orders, truth.as_of))


def test_customers_agree(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    rows = oracle.customers(truth.events, truth.orders, truth.as_of)
    buyers = "(from marts.dim_customers where order_count > 0)"
    agree(workshop, buyers, same(*oracle.Customer.__dataclass_fields__), rows)


def test_leaving_customers_agree(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    rows = oracle.rhythms(truth.orders, truth.as_of)
    months = {order.order_date.month for order in truth.orders}
    if len(months) > 1:  # the sample is too short for a rhythm
        assert any(row.usual_interval_days for row in rows)
    agree(workshop, "marts.dim_user_rfm", same(*oracle.Rhythm.__dataclass_fields__), rows)


def test_rfm_of_past_months_agrees_and_so_do_the_transitions(
    built: tuple[Workshop, Truth],
) -> None:
    workshop, truth = built
    names = same(*oracle.Rfm.__dataclass_fields__)
    moves: Counter[tuple[date, str, str]] = Counter()
    before: dict[str, str] = {}
    for month_end in oracle.month_ends(truth.events):
        until_then = [order for order in truth.orders if order.order_date <= month_end]
        rows = oracle.rfm(until_then, month_end)
        month = f"(from marts.fct_user_rfm_monthly where month_end_date = '{month_end}')"
        agree(workshop, month, names, rows)
        seen = {e.user_id for e in truth.events if e.event_date < month_end.replace(day=1)}
        for row in rows:
            otherwise = "prospect" if row.user_id in seen else "new"
            moves[month_end, before.get(row.user_id, otherwise), row.rfm_segment] += 1
        before = {row.user_id: row.rfm_segment for row in rows}

    counts = "month_end_date, from_segment, to_segment, customer_count"
    found = workshop.query(f"select {counts} from metrics.metrics_rfm_migration")
    assert {tuple(way): count for *way, count in found} == moves


def test_daily_sales_agree(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    names = same("order_date", "revenue_amount", "order_count", "buyer_count", "item_count")
    sales = oracle.daily_sales(truth.orders, truth.events)
    agree(workshop, "metrics.metrics_daily_sales", names, sales)


def test_the_funnel_agrees(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    names = same(
        "session_start_date",
        session_count="sessions",
        bot_session_count="bots",
        sessions_with_view="with_view",
        sessions_with_cart="with_cart",
        sessions_with_purchase="with_purchase",
        sessions_with_view_and_cart="view_and_cart",
        sessions_with_cart_and_purchase="cart_and_purchase",
        sessions_with_view_and_purchase="view_and_purchase",
        view_to_cart_rate="view_to_cart",
        cart_to_purchase_rate="cart_to_purchase",
        view_to_purchase_rate="view_to_purchase",
        cart_abandonment_rate="cart_abandonment",
    )
    funnel = oracle.funnel(truth.sessions)
    agree(workshop, "metrics.metrics_conversion_rates", names, funnel)

    ends = list(funnel[0].ends)
    found = workshop.rows(
        "metrics.metrics_conversion_rates", ", ".join(["session_start_date", *ends])
    )
    wanted = [{"session_start_date": row.session_start_date} | row.ends for row in funnel]
    assert sorted(map(_plain, found)) == sorted(map(_plain, wanted))


def test_open_carts_and_their_recovery_agree(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    names = same(*oracle_carts.OpenCart.__dataclass_fields__)
    carts = oracle_carts.open_carts(truth.events, truth.as_of)
    agree(workshop, "marts.fct_open_carts", names, carts)
    recovery = oracle_carts.cart_recovery(truth.events, truth.as_of)
    names = same(*oracle_carts.CartRecovery.__dataclass_fields__)
    agree(workshop, "metrics.metrics_cart_recovery", names, recovery)


def test_what_is_bought_together_and_next_agrees(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    named = workshop.query(
        "select product_id, category, subcategory, brand, product "
        "from intermediate.int_product_names"
    )
    names = {row[0]: dict(zip(oracle_baskets.LEVELS, row[1:], strict=True)) for row in named}
    baskets = {key: {line[0] for line in own} for key, own in truth.lines.items()}
    fields = same(*oracle_baskets.Affinity.__dataclass_fields__)
    pairs = oracle_baskets.affinity(baskets, names, min_orders=2, pairs=50)
    if pairs:
        agree(workshop, "metrics.metrics_affinity", fields, pairs)
    else:  # the sample has no pair of two orders
        assert not workshop.rows("metrics.metrics_affinity")
    if truth.as_of - truth.first_date > timedelta(days=90):  # the sample is too short
        fields = same(*oracle_baskets.NextPurchase.__dataclass_fields__)
        following = oracle_baskets.next_purchases(
            truth.orders, baskets, names, truth.as_of, min_customers=2
        )
        agree(workshop, "metrics.metrics_next_purchase", fields, following)


def test_growth_agrees(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    period = truth.first_date, truth.as_of
    fields = same(*oracle_growth.Lifecycle.__dataclass_fields__)
    agree(workshop, "metrics.metrics_lifecycle", fields,
          oracle_growth.lifecycle(truth.orders, *period))  # fmt: skip

    rows = workshop.query(
        "select product_id, category, brand from intermediate.int_dashboard_groups"
    )
    groups = {product: (category, brand) for product, category, brand in rows}
    fields = same(*oracle_growth.CohortLtv.__dataclass_fields__)
    agree(workshop, "metrics.metrics_cohort_ltv", fields,
          oracle_growth.cohort_ltv(truth.orders, truth.lines, groups, *period))  # fmt: skip

    days = {day for (day,) in workshop.query(
        "select event_date from intermediate.int_event_days where is_complete "
        "and event_date not in (select order_date from intermediate.int_missing_sales)"
    )}  # fmt: skip
    if days:
        fields = same(*oracle_growth.WeekdayHour.__dataclass_fields__)
        hours = oracle_growth.weekday_hours(truth.sessions, truth.orders, days)
        agree(workshop, "metrics.metrics_weekday_hours", fields, hours)

    wanted = {
        (row.grain, row.period_start, row.previous_period_start, row.breakdown, row.item,
         row.effect): row.change
        for row in oracle_growth.revenue_drivers(truth.orders, truth.lines, groups, *period)
    }  # fmt: skip
    found = {
        tuple(key): float(change)
        for *key, change in workshop.query(
            "select grain, period_start, previous_period_start, breakdown, item, effect, "
            "change_amount from metrics.metrics_revenue_drivers"
        )
    }
    assert found == pytest.approx(wanted, abs=0.003)
    uneven = workshop.query(
        "select grain, period_start from metrics.metrics_revenue_drivers group by all having "
        "sum(change_amount) filter (breakdown = 'total') <> "
        "sum(change_amount) filter (breakdown = 'customers') "
        "or sum(change_amount) filter (breakdown = 'total') <> sum(change_amount) "
        "filter (breakdown = 'driver' or item = 'placeholder') "
        "or sum(change_amount) filter (breakdown = 'total') <> "
        "sum(change_amount) filter (breakdown = 'category')"
    )
    assert not uneven


def test_churn_agrees(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    names = same(
        "churn_rate",
        "is_left_censored",
        cohort_grain="cohort_kind",
        cohort_start="cohort_start",
        customer_count="customers",
        observed_count="observed",
        repeated_count="repeated",
        churned_count="churned",
    )
    agree(
        workshop,
        "metrics.metrics_churn",
        names,
        oracle.churn(
            truth.orders, truth.as_of, first_date=min(event.event_date for event in truth.events)
        ),
    )


def test_retention_agrees(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    names = same(
        "cohort_start",
        "period_index",
        "period_start",
        "is_complete",
        cohort_grain="cohort_kind",
        customer_count="customers",
        active_count="active",
        retention_rate="rate",
    )
    agree(workshop, "metrics.metrics_retention", names, oracle.retention(truth.orders, truth.as_of))


def test_lifetime_value_agrees(built: tuple[Workshop, Truth]) -> None:
    workshop, truth = built
    found = workshop.rows("metrics.metrics_ltv_distribution")
    assert sorted(
        (int(row["bucket_start_amount"]), row["customer_count"], row["revenue_amount"])
        for row in found
    ) == sorted(
        (bucket.bucket_start, bucket.customers, bucket.revenue_amount)
        for bucket in oracle.ltv_buckets(truth.users)
    )


def test_a_table_of_one_grain_is_those_rows_and_adds_up(built: tuple[Workshop, Truth]) -> None:
    workshop, _ = built
    query = workshop.query
    ((customers,),) = query("select customer_count from metrics.metrics_churn_overall")
    assert query("select sum(customer_count) from metrics.metrics_churn_monthly") == [(customers,)]
    ((sessions,),) = query("select session_count from metrics.metrics_conversion_rates_overall")
    assert query("select sum(session_count) from metrics.metrics_conversion_rates_daily") == [
        (sessions,)
    ]
    assert customers and sessions
