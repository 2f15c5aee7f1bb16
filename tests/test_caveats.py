"""Caveats: what is left out or marked is said with its amount, and nothing where nothing is."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from estore.findings import caveats


@pytest.fixture
def tables() -> duckdb.DuckDBPyConnection:
    """The published tables that caveats read, without a row."""
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
            robot_session_count bigint
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


def test_sales_say_what_was_missed_repeated_free_and_odd(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    # An anomaly that missing sales explain is not told twice.
    tables.execute(
        "insert into metrics_daily_sales values "
        "(true, 1200.4, true), (true, null, false), (false, null, true), (false, null, false)"
    )
    alert(tables, "duplicate_burst", "purchase", "2019-12-08 to 2019-12-13", 508, 153410)
    alert(tables, "duplicate_burst", "cart", "2019-12-20", 282, None)
    alert(tables, "unpriced_purchases", "purchase", "2019-11-01", 7, 0)
    assert caveats.of_sales(reading(tables)) == (
        "on 2 days sales were not all recorded, about $1,200 less than usual; "
        "508 repeated purchases of 2019-12-08 to 2019-12-13 are left out ($153,410); "
        "7 purchases have no price and count as $0; "
        "1 day is unlike the same weekday before"
    )


def test_sales_missed_by_an_unknown_sum_name_none(tables: duckdb.DuckDBPyConnection) -> None:
    tables.execute("insert into metrics_daily_sales values (true, null, false)")
    assert caveats.of_sales(reading(tables)) == "on 1 day sales were not all recorded"


def test_the_funnel_says_who_is_left_out_and_which_days_mislead(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    tables.execute(
        "update metrics_conversion_rates set robot_session_count = 4;"
        "insert into metrics_conversion_rates values ('day', '2020-01-01', 300, 1), "
        "('day', '2020-01-02', 400, 0), ('day', '2020-01-03', 300, 3)"
    )
    alert(tables, "missing_events", "view", "2020-01-02 to 2020-01-03", 0, None)
    alert(tables, "low_events", "cart", "2020-01-03", 9, None)
    alert(tables, "duplicate_burst", "view", "2020-01-01", 99, None)
    assert caveats.of_funnel(reading(tables)) == (
        "4 sessions suspected to be robots' are left out of 1,004; "
        "700 sessions are of 2 days on which events are missing"
    )


def test_products_say_what_would_move(tables: duckdb.DuckDBPyConnection) -> None:
    alert(tables, "taxonomy_break", "category", "2019-12-01 to 2019-12-02", 1358, 2196079)
    assert caveats.of_products(reading(tables)) == (
        "from 2019-12-01 on 1,358 products are called otherwise; they stay where they began, or "
        "$2,196,079 of revenue would move"
    )
