"""The same files through DuckDB and BigQuery give the same tables: rows, columns, values.

The commands also print the same. If the strict analyzer is built, it must accept all statements
that were sent to BigQuery.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from analyzer import ANALYZER, accepted
from bigquery_emulator import BigQuery, CloudShop, assert_equal, same_value, tables_in
from conftest import SAMPLE, needs_sample
from recording import recording
from test_bigquery_partitions import unbounded_changes

from estore.shop import read_shop
from estore.snapshot.reader import open_snapshot
from estore.synth import SyntheticShop, write_shop
from estore.warehouse import open_warehouse

#: So that a small shop has predictions and a month end to compare them with.
PREDICTS_EARLY = """
[thresholds]
prediction_min_days = 20
prediction_min_buyers = 5
prediction_min_repeat_buyers = 1
"""


class Pair:
    """One bucket that both engines load."""

    def __init__(self, bigquery: BigQuery, folder: Path) -> None:
        self.storage = bigquery.storage
        self.bucket = self.storage.new_bucket()
        self.cloud = CloudShop(
            folder / "cloud", f"{self.bucket}/", target="bigquery", bigquery=bigquery.new_name()
        )
        self.local = CloudShop(folder / "local", f"{self.bucket}/")
        for shop in (self.cloud, self.local):
            shop.settings.home.mkdir(parents=True)
            shop.settings.shop_file.write_text(PREDICTS_EARLY)
            shop.shop = read_shop(shop.settings.shop_file)

    def put(self, name: str, data: bytes) -> None:
        self.storage.put(f"{self.bucket}/{name}", data)

    def estore(self, *arguments: str) -> str:
        """The output of a command, which must be the same on both engines."""
        ours, theirs = self.cloud.estore(*arguments), self.local.estore(*arguments)
        assert _comparable_output(ours) == _comparable_output(theirs), arguments
        return ours

    def published(self, table: str) -> list[tuple[object, ...]]:
        """The rows of a published table, the same from either engine."""
        ours, theirs = (_published(shop, table) for shop in (self.cloud, self.local))
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert all(map(same_value, one, other)), f"{table}: {one} instead of {other}"
        return ours

    def run(self) -> tuple[int, int, int]:
        """Run both engines. Returns the compared numbers of tables, rows and columns."""
        ours, theirs = self.cloud.run(), self.local.run()
        assert [
            (outcome.status, outcome.lines, outcome.loaded, outcome.rejected, outcome.reasons)
            for outcome in ours.loaded.outcomes
        ] == [
            (outcome.status, outcome.lines, outcome.loaded, outcome.rejected, outcome.reasons)
            for outcome in theirs.loaded.outcomes
        ]
        with open_warehouse(self.cloud.settings) as warehouse:
            names = tables_in(warehouse, "intermediate")
        assert "int_sessions" in names
        assert not {name for name in names if name.startswith("int_batch_")}, "left over"
        return assert_equal(self.cloud, self.local)


#: Keys whose values differ between homes or points in time.
_OWN = {"home", "loaded_at", "built_at", "published_at", "content_hash", "line_number"}


def _comparable_output(printed: str) -> object:
    """A command's output without values specific to the home; JSON without its order."""
    try:
        return _comparable(json.loads(printed))
    except json.JSONDecodeError:
        return printed.replace("/cloud/", "/local/")


def _comparable(printed: object) -> object:
    if isinstance(printed, dict):
        return {key: _comparable(value) for key, value in printed.items() if key not in _OWN}
    if isinstance(printed, list):
        return sorted(map(_comparable, printed), key=repr)
    return printed


def _published(shop: CloudShop, table: str) -> list[tuple[object, ...]]:
    with open_snapshot(shop.settings) as (snapshot, _):
        return snapshot.execute(
            f"select {'*' if table != 'raw_rejects' else '* exclude (line_number)'} "
            f"from {table} order by all"
        ).fetchall()


@pytest.fixture(scope="module")
def pair(bigquery: BigQuery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A synthetic shop of two months, which the tests load part by part."""
    yield Pair(bigquery, tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """Rows of a synthetic shop by day; the header has an empty key."""
    folder = tmp_path_factory.mktemp("shop")
    found: dict[str, list[list[str]]] = {}
    for path in write_shop(folder, SyntheticShop(events=6_000, months=2, seed=4)):
        with path.open(newline="") as file:
            found[""], *lines = list(csv.reader(file))
        for line in lines:
            found.setdefault(line[0][:10], []).append(line)
    return found


def text(days: dict[str, list[list[str]]], first: str, last: str, skip: str = "") -> bytes:
    """A file with the days from the first to the last."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(days[""])
    for day in sorted(days):
        if first <= day <= last and day != skip:
            writer.writerows(days[day])
    return output.getvalue().encode()


def test_first_build_increment_late_and_replaced_file_and_every_command(
    pair: Pair, days: dict[str, list[list[str]]]
) -> None:
    """One long test, because a first build takes as long as everything else."""
    with recording() as jobs:
        _play(pair, days, jobs)
    if ANALYZER.is_file():
        _pass_the_analyzer(jobs)


def _play(pair: Pair, days: dict[str, list[list[str]]], jobs: list[dict[str, Any]]) -> None:
    pair.put("old.csv", text(days, "2019-10-01", "2019-11-25", skip="2019-10-17") + b"torn\n")
    tables, rows, columns = pair.run()
    print("first build", tables, rows, columns)
    assert tables > 50 and rows > 15_000

    first_build = len(jobs)
    new = text(days, "2019-11-26", "2019-11-30")
    head, *lines = new.splitlines(keepends=True)
    pair.put("new.csv", new)
    pair.put("twice.csv", b"".join([head, *reversed(lines)]))
    print("increment", pair.run())

    pair.put("late.csv", text(days, "2019-10-17", "2019-10-17"))
    pair.put("new.csv", b"".join([head, *lines[4:]]))
    pair.put("twice.csv", b"".join([head, *lines[4:]]))
    print("late and replaced", pair.run())
    _name_the_partitions_that_they_change(jobs[first_build:])
    _compare_readers(pair)
    _withdraw_and_rebuild(pair)
    _snapshot_and_publish_again(pair)


def _pass_the_analyzer(jobs: list[dict[str, Any]]) -> None:
    kinds = accepted(jobs)
    print(f"{len(jobs)} jobs, {kinds.total()} statements: {dict(kinds.most_common())}")
    assert kinds.total() > 700
    assert {
        "QueryStmt", "CreateTableStmt", "CreateTableAsSelectStmt", "CreateViewStmt", "MergeStmt",
        "BeginStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "CommitStmt",
    } <= set(kinds)  # fmt: skip


def _name_the_partitions_that_they_change(jobs: list[dict[str, Any]]) -> None:
    sent = [job["sql"] for job in jobs if re.search("delete from|update|merge", job.get("sql", ""))]
    for table in ("raw.events", "intermediate`.`int_sessions", "intermediate`.`int_day_sums"):
        assert any(re.search(rf"delete from \S*_{table}`", sql) for sql in sent), table
    # Rows of buyers may be in any month.
    small = {"int_orders", "int_user_rfm_monthly"}
    assert {table for sql in sent for table in unbounded_changes(sql)} <= small


def _compare_readers(pair: Pair) -> None:
    status = json.loads(pair.estore("status", "--json"))
    statuses = [file["status"] for file in status["files"]]
    assert sorted(statuses) == [
        "duplicate", "loaded", "loaded", "loaded", "replaced", "replaced"
    ]  # fmt: skip
    assert json.loads(pair.estore("rejects", "--format", "json"))
    assert pair.estore("rejects", "new.csv", "--format", "csv").count("\n") < 3
    sales = "select order_date, order_count from metrics.metrics_daily_sales order by order_date"
    assert pair.estore("query", sales, "--format", "csv").count("\n") > 20
    assert json.loads(pair.estore("findings", "--format", "json"))["findings"]


def _withdraw_and_rebuild(pair: Pair) -> None:
    assert "rows withdrawn" in pair.estore("withdraw", f"{pair.bucket}/late.csv")
    assert json.loads(pair.estore("status", "--json"))["days_waiting"]
    assert json.loads(pair.estore("build", "--full-refresh", "--json"))["full_refresh"]
    print("withdrawn and rebuilt", assert_equal(pair.cloud, pair.local))
    day = "select count(*) as n from marts.fct_events where event_date = date '2019-10-17'"
    assert json.loads(pair.estore("query", day, "--format", "json")) == [{"n": 0}]


def _snapshot_and_publish_again(pair: Pair) -> None:
    pair.estore("snapshot")
    recorded = {"snap_user_rfm": "rfm_score, rfm_segment", "snap_user_status": "activity_status"}
    for name, columns in recorded.items():
        printed = (
            f"select user_id, as_of_date, dbt_valid_to is null, {columns} from snapshots.{name}"
        )
        assert _rows(pair.cloud, printed) == _rows(pair.local, printed)
    tables = ("metrics_churn", "cube_sales", "raw_rejects")
    before = [pair.published(table) for table in tables]
    version = pair.estore("publish").strip().rpartition("/")[2]
    assert version == (pair.cloud.settings.published / "CURRENT").read_text().strip()
    assert all(before) and [pair.published(table) for table in tables] == before


def _rows(shop: CloudShop, sql: str) -> list[str]:
    with open_warehouse(shop.settings) as warehouse:
        rows = sorted(map(repr, warehouse.select(sql)))
    assert rows
    return rows


@needs_sample
def test_real_sample(bigquery: BigQuery, tmp_path: Path) -> None:
    pair = Pair(bigquery, tmp_path)
    pair.put("2019-Oct-head.csv.gz", SAMPLE.read_bytes())
    print("real sample", pair.run())
