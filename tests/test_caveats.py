"""Caveats: excluded or marked data are stated with their amount, and nothing else."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from estore.findings import caveats


@pytest.fixture
def tables() -> duckdb.DuckDBPyConnection:
    """The published tables that caveats read, without rows."""
    connection = duckdb.connect()
    connection.execute("""
        create table metrics_daily_sales (
            has_missing_sales boolean, missing_revenue_amount decimal(18, 3),
            is_revenue_anomaly boolean
        );
        create table metrics_data_alerts (
            kind varchar, subject varchar, from_date date, to_date date, from_at timestamp,
            measured double, revenue_amount decimal(18, 3)
        );
        create table metrics_conversion_rates (
            grain varchar, session_start_date date, session_count bigint,
            bot_session_count bigint
        );
        create table int_event_days (
            duplicate_purchase_count bigint, duplicate_revenue_amount decimal(18, 3)
        );
        insert into metrics_conversion_rates values ('overall', null, 1000, 0);
    """)
    return connection


def reading(connection: duckdb.DuckDBPyConnection) -> Callable[[str], list[dict[str, Any]]]:
    """Rows as dicts."""

    def rows(sql: str) -> list[dict[str, Any]]:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return rows


def alert(
    tables: duckdb.DuckDBPyConnection, kind: str, subject: str, days: str, *numbers: float | None
) -> None:
    first, _, last = days.partition(" to ")
    tables.execute(
        "insert into metrics_data_alerts values (?, ?, ?, ?, ?, ?, ?)",
        [kind, subject, first, last or first, first, *numbers],
    )


def test_a_shop_without_alerts_has_no_caveat(tables: duckdb.DuckDBPyConnection) -> None:
    rows = reading(tables)
    assert [caveats.of_sales(rows), caveats.of_funnel(rows), caveats.of_products(rows)] == [
        None
    ] * 3


def test_sales_caveats_state_missing_excluded_free_and_unusual_orders(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    # An anomaly that missing sales explain is not reported twice.
    tables.execute(
        "insert into metrics_daily_sales values "
        "(true, 1200.4, true), (true, null, false), (false, null, true), (false, null, false)"
    )
    tables.execute("insert into int_event_days values (400, 100000), (112, 53410.4), (0, 0)")
    alert(tables, "duplicate_burst", "purchase", "2019-12-08 to 2019-12-13", 508, 153410)
    alert(tables, "duplicate_burst", "cart", "2019-12-20", 282, None)
    alert(tables, "unpriced_purchases", "purchase", "2019-11-01", 7, 0)
    assert caveats.of_sales(reading(tables)) == (
        "about $1,200 of revenue was not recorded on 1 of 2 affected days, and for the other "
        "days it cannot be estimated; "
        "512 duplicate purchase rows are left out ($153,410: 508 of 2019-12-08 to 2019-12-13); "
        "7 purchases have no price and count as $0; "
        "1 day is unusual for the weekday"
    )


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("(true, 1200.4, false)", "about $1,200 of revenue was not recorded on 1 day"),
        (
            "(true, 1000, false), (true, 200.4, false)",
            "about $1,200 of revenue was not recorded on 2 days",
        ),
        (
            "(true, null, false)",
            "purchases of 1 day were not all recorded, and how much revenue is missing cannot be "
            "estimated",
        ),
    ],
)
def test_missing_revenue_is_an_amount_only_on_days_where_it_is_known(
    tables: duckdb.DuckDBPyConnection, days: str, words: str
) -> None:
    tables.execute(f"insert into metrics_daily_sales values {days}")
    assert caveats.of_sales(reading(tables)) == words


def test_duplicates_of_every_day_are_stated_without_an_alert(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    tables.execute("insert into int_event_days select 10, 100 from range(60)")
    assert caveats.of_sales(reading(tables)) == "600 duplicate purchase rows are left out ($6,000)"


def test_a_count_of_one_is_singular(tables: duckdb.DuckDBPyConnection) -> None:
    tables.execute("insert into int_event_days values (1, 10)")
    alert(tables, "unpriced_purchases", "purchase", "2019-11-01", 1, 0)
    assert caveats.of_sales(reading(tables)) == (
        "1 duplicate purchase row is left out ($10); 1 purchase has no price and counts as $0"
    )
    tables.execute(
        "update metrics_conversion_rates set bot_session_count = 1;"
        "insert into metrics_conversion_rates values ('day', '2020-01-02', 1, 0)"
    )
    alert(tables, "missing_events", "view", "2020-01-02", 0, None)
    assert caveats.of_funnel(reading(tables)) == (
        "1 of 1,001 sessions is a suspected bot session and is left out; "
        "1 day with tracking gaps (1 session) is included"
    )


@pytest.mark.parametrize(
    ("are_excluded", "words"),
    [(True, "4 of 1,004 sessions are suspected bot sessions and are left out"),
     (False, "4 of 1,000 sessions are suspected bot sessions and are included")],
)  # fmt: skip
def test_bot_sessions_add_up_whether_they_are_excluded_or_not(
    tables: duckdb.DuckDBPyConnection, are_excluded: bool, words: str
) -> None:
    tables.execute("update metrics_conversion_rates set bot_session_count = 4")
    assert caveats.of_funnel(reading(tables), are_excluded=are_excluded) == words


def test_the_funnel_names_the_days_that_mislead(tables: duckdb.DuckDBPyConnection) -> None:
    tables.execute(
        "insert into metrics_conversion_rates values ('day', '2020-01-01', 300, 1), "
        "('day', '2020-01-02', 400, 0), ('day', '2020-01-03', 300, 3)"
    )
    alert(tables, "missing_events", "view", "2020-01-02 to 2020-01-03", 0, None)
    alert(tables, "low_events", "cart", "2020-01-03", 9, None)
    alert(tables, "duplicate_burst", "view", "2020-01-01", 99, None)
    assert (
        caveats.of_funnel(reading(tables))
        == "2 days with tracking gaps (700 sessions) are included"
    )


def test_products_name_what_changed_category(tables: duckdb.DuckDBPyConnection) -> None:
    alert(tables, "taxonomy_break", "category", "2019-12-01 to 2019-12-02", 1358, 2196079)
    assert caveats.of_products(reading(tables)) == (
        "1,358 products changed category from 2019-12-01 on; reports keep the original category, "
        "otherwise $2,196,079 of revenue would move"
    )
