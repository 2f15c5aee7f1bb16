"""One SQL, two engines: every statement compiles for BigQuery without an account, and parses."""

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS
from sqlglot import exp
from sqlglot.tokens import TokenType

from estore.build.dbt_project import DbtProject
from estore.settings import Settings
from estore.shop import ShopConfig

PROJECT = Path(__file__).resolve().parents[1] / "transform"
DUCKDB_ONLY = {
    "EPOCH_US", "TO_DAYS", "QUANTILE_CONT", "HASH", "TIMEZONE", "DATE_PART", "LIST",
    "MAKE_TIMESTAMP", "TO_HOURS", "GENERATE_SERIES",
}  # fmt: skip


#: A batch of two days, as `estore build` would name it.
BATCH = {
    "batch_from": "2019-11-03", "batch_to": "2019-11-04",
    "session_window_from": "2019-11-02 23:00:00",
    "session_window_to": "2019-11-05 01:00:00",
    "sessions_from": "2019-11-02", "sessions_to": "2019-11-05",
    "changed_from": "2019-11-02", "all_users": "false", "last_day": "2019-11-04",
}  # fmt: skip


@pytest.fixture(scope="module", params=["first build", "increment"])
def compiled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The compiled SQL of every model, test and snapshot, by name."""
    return compile_project(
        tmp_path_factory.mktemp("bigquery"),
        {"assume_built": True} if request.param == "increment" else {},
    )


def compile_project(folder: Path, variables: dict[str, Any]) -> dict[str, str]:
    """Name → SQL for BigQuery of every model, test and snapshot, without an account."""
    environment = {
        **os.environ, "ESTORE_TARGET": "bigquery", "ESTORE_BIGQUERY_METHOD": "oauth-secrets",
        "ESTORE_BIGQUERY_TOKEN": "none", "DO_NOT_TRACK": "1",
    }  # fmt: skip
    arguments = ["compile", "--no-introspect", "--no-populate-cache", "--target-path", str(folder),
                 "--log-path", str(folder), "--project-dir", str(PROJECT),
                 "--profiles-dir", str(PROJECT), "--exclude", "test_type:unit",
                 "--vars", json.dumps(variables)]  # fmt: skip
    dbt = [str(Path(sys.executable).parent / "dbt"), *arguments]
    result = subprocess.run(dbt, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    manifest = json.loads((folder / "manifest.json").read_text())
    return {
        node["name"]: node["compiled_code"]
        for node in manifest["nodes"].values()
        if node.get("compiled_code") and node["resource_type"] in ("model", "test", "snapshot")
    }


def test_every_statement_is_bigquery_sql(compiled: dict[str, str]) -> None:
    assert {"stg_events", "fct_sessions", "metrics_retention"} <= set(compiled)
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    assert models <= set(compiled)
    for name, sql in compiled.items():
        statements = sqlglot.parse(sql, dialect="bigquery", error_level=sqlglot.ErrorLevel.RAISE)
        assert len(statements) == 1, name


def functions_in(sql: str) -> set[str]:
    """Every name before a parenthesis; the parser renames the functions that it knows."""
    tokens = sqlglot.tokenize(sql, dialect="bigquery")
    return {
        token.text.upper()
        for token, following in itertools.pairwise(tokens)
        if following.token_type is TokenType.L_PAREN
    }


def test_no_function_that_only_duckdb_has_is_left(compiled: dict[str, str]) -> None:
    for name, sql in compiled.items():
        assert not (called := functions_in(sql) & DUCKDB_ONLY), f"{name}: {called}"
        assert "::" not in sql, name


@pytest.mark.parametrize("function", sorted(DUCKDB_ONLY))
def test_each_banned_function_would_be_noticed(function: str) -> None:
    said = f"select a + {function.lower()} (b), 'other(1)' from c -- another(2)"
    assert functions_in(said) == {function}


def test_what_the_macros_emit_only_for_duckdb_is_banned() -> None:
    called = set()
    for path in (PROJECT / "macros" / "cross_db").glob("*.sql"):
        macro = re.search(r"default__\w+\(.*?%\}(.*?)\{%-? endmacro", path.read_text(), re.DOTALL)
        if macro:
            called |= {name.upper() for name in re.findall(r"\b([a-z_]+)\(", macro[1])}
    both = {
        "CAST",
        "DATE_DIFF",
        "DATE_TRUNC",
        "EXTRACT",
        "FORMAT",
        "NUMBERS",
        "ROUND",
        "UNNEST",
        "VAR",
    }
    assert called - both <= DUCKDB_ONLY
    assert {"TO_DAYS", "EPOCH_US", "QUANTILE_CONT", "HASH"} <= called


def test_days_and_instants_are_literals(compiled: dict[str, str]) -> None:
    """A subquery or a cast on the partition column would scan the whole table."""
    for name in ("stg_repeats", "int_purchases", "int_product_days", "int_day_sums"):
        assert "event_date between date '1970-01-01' and date '2199-12-31'" in compiled[name], name


def test_the_order_of_rows_never_decides(compiled: dict[str, str]) -> None:
    """Law 6: no any_value, ntile, clock, or row_number without an order."""
    for name, sql in compiled.items():
        if not name.startswith(("stg_", "int_", "fct_", "dim_", "metrics_")):
            continue
        tree = sqlglot.parse_one(sql, dialect="bigquery")
        assert not list(tree.find_all(exp.AnyValue, exp.CurrentDate, exp.CurrentTimestamp)), name
        for window in tree.find_all(exp.Window):
            if isinstance(window.this, exp.RowNumber | exp.Lag | exp.Lead | exp.FirstValue):
                assert window.args.get("order"), name
        assert "ntile(" not in sql.lower(), name


def test_a_process_that_builds_often_does_not_slow_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each adapter adds its flags to dbt's only list, and each flag slows down the next build."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")  # parsing sends no request
    known = list(DEFAULT_BASE_BEHAVIOR_FLAGS)
    settings = Settings(home=tmp_path, target="bigquery", bigquery="shop-ci.parsed_alone")
    path = DbtProject(settings, ShopConfig()).manifest_file()
    assert "parsed_alone" in path.read_text()
    assert known == DEFAULT_BASE_BEHAVIOR_FLAGS
