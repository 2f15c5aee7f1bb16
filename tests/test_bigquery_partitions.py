"""Cost depends on the change: an increment reads partitions that its statements name by literals.

Few tables are read completely, each for a reason. None of them grows with every event.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from test_bigquery import BATCH, compile_project

#: Table or view → the date or timestamp of its partitions.
PARTITIONED = {
    "events": {"event_time"},
    "stg_lines": {"event_at", "event_date"},
    "stg_events": {"event_at", "event_date"},
    "fct_events": {"event_at", "event_date"},
    "stg_repeats": {"event_date"},
    "int_event_hours": {"event_date"},
    "int_day_sums": {"event_date"},
    "int_product_days": {"event_date"},
    "int_product_attribute_days": {"event_date"},
    "int_purchases": {"event_date"},
    "int_cart_events": {"event_date"},
    "int_sessions": {"session_start_date"},
    "int_conversion_days": {"session_start_date"},
    "int_multi_slot_sessions": {"session_start_date"},
    "fct_sessions": {"session_start_date"},
    "int_order_lines": {"order_date"},
    "int_orders": {"order_date"},
    "fct_orders": {"order_date"},
    "int_user_rfm_monthly": {"month_end_date"},
    "fct_user_rfm_monthly": {"month_end_date"},
    "int_session_cells": {"session_start_date"},
    "int_session_hours": {"session_start_date"},
    "int_session_days": {"session_start_date"},
}


def unbounded_scans(sql: str) -> Iterator[str]:
    """Partitioned tables that a statement reads without naming partitions by literals."""
    for select in sqlglot.parse_one(sql, dialect="bigquery").find_all(exp.Select):
        sources = [select.args.get("from_"), *(select.args.get("joins") or ())]
        for source in sources:
            table = source.this if source else None
            if isinstance(table, exp.Table) and table.db and table.name in PARTITIONED:
                conditions = [select.args.get("where"), source.args.get("on")]
                if not any(_bounds(found, table) for found in conditions if found):
                    yield table.name


def unbounded_changes(sql: str) -> Iterator[str]:
    """Partitioned tables that a statement changes without naming partitions by literals."""
    for statement in sqlglot.parse(sql, dialect="bigquery"):
        if isinstance(statement, exp.Delete | exp.Update | exp.Merge):
            table, condition = statement.this, statement.args.get("where")
            if table.name in PARTITIONED and not (condition and _bounds(condition, table)):
                yield table.name


def _bounds(condition: exp.Expression, table: exp.Table) -> bool:
    """Whether the condition implies this comparison of the partition with a literal."""
    if isinstance(condition, exp.Where | exp.Paren):
        return _bounds(condition.this, table)
    if isinstance(condition, exp.Or):
        return all(_bounds(part, table) for part in condition.flatten())
    if isinstance(condition, exp.And):
        return any(_bounds(part, table) for part in condition.flatten())
    return _is_literal_bound(condition, table)


def _is_literal_bound(part: exp.Expression, table: exp.Table) -> bool:
    if not isinstance(part, exp.Between | exp.GTE | exp.GT | exp.LTE | exp.LT | exp.EQ | exp.In):
        return False
    column = part.this
    return (
        isinstance(column, exp.Column)
        and column.name in PARTITIONED[table.name]
        and column.table in ("", table.alias_or_name)
        and not part.find(exp.Subquery, exp.Select)
        and len(list(part.find_all(exp.Column))) == 1
    )


#: One row per order, per hour or day, or per buyer and month: cheap to read completely.
SMALL = {
    "int_event_hours", "int_day_sums", "int_purchases", "int_order_lines", "int_orders",
    "fct_orders", "int_user_rfm_monthly", "fct_user_rfm_monthly", "int_session_cells",
    "int_session_hours",
    "int_session_days", "int_conversion_days",
}  # fmt: skip
#: Views pass on the conditions of their readers.
VIEWS = {
    "stg_lines", "stg_events", "fct_events", "fct_sessions", "int_multi_slot_sessions",
    "fct_orders",
    "fct_user_rfm_monthly", "int_session_days",
}  # fmt: skip
#: Statement → larger tables of which it reads a few columns for all days.
WHOLE = {
    "int_duplicate_bursts": {"stg_repeats"},
    "int_bots": {"int_sessions"},
    "int_last_day_activity": {"int_sessions"},
    "int_user_activity": {"int_sessions"},
    "every_line_is_an_event_or_a_duplicate": {"int_sessions", "int_product_attribute_days"},
    "revenue_is_the_same_everywhere": {"int_product_days"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the compiled project."""
    return tmp_path_factory.mktemp("increment")


@pytest.fixture(scope="module")
def increment(folder: Path) -> dict[str, str]:
    """The statements of an increment of two days, by name."""
    return compile_project(folder, {**BATCH, "assume_built": True})


def test_an_increment_names_the_partitions_of_every_large_table(increment: dict[str, str]) -> None:
    found = {
        name: set(unbounded_scans(sql)) for name, sql in increment.items() if name not in VIEWS
    }
    assert {name: tables - SMALL for name, tables in found.items() if tables - SMALL} == WHOLE
    assert set().union(*found.values()) & SMALL == SMALL


@pytest.mark.usefixtures("increment")
def test_every_partitioned_table_is_checked(folder: Path) -> None:
    nodes = json.loads((folder / "manifest.json").read_text())["nodes"].values()
    partitioned = {node["name"] for node in nodes if node["config"].get("partition_by")}
    assert partitioned | VIEWS | {"events"} == set(PARTITIONED)


def test_a_scan_without_a_literal_is_noticed() -> None:
    day = "event_date between date '2019-11-03' and date '2019-11-04'"
    read = "select price from `p`.`d_staging`.`stg_events` as events where {}"
    assert not list(unbounded_scans(read.format(day)))
    assert not list(unbounded_scans(read.format(f"price > 1 and {day}")))
    for condition in (
        "price > 1", f"price > 1 or {day}", "event_date = other_day",
        "cast(event_date as string) > '2'",
        "event_date in (select event_date from `p`.`d_marts`.`days`)",
    ):  # fmt: skip
        assert list(unbounded_scans(read.format(condition))) == ["stg_events"], condition


def test_a_change_without_a_literal_is_noticed() -> None:
    bounded = "event_time >= timestamp '2019-11-03 00:00:00+00'"
    script = "begin transaction; delete from `p.d_raw.events` where {}; commit transaction;"
    assert not list(unbounded_changes(script.format(f"file_id = 1 and {bounded}")))
    assert not list(unbounded_changes(script.format(f"{bounded} or ({bounded} and file_id = 1)")))
    for condition in ("file_id = 1", f"{bounded} or file_id = 1", "event_time >= other_time"):
        assert list(unbounded_changes(script.format(condition))) == ["events"], condition
    assert list(unbounded_changes("update `p.d_raw.events` set file_id = 2 where true"))
