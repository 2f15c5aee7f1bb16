"""The benchmark at a tiny size: it completes, and the plain pipeline has the same rows as ours."""

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks.agreement import BEYOND_PLAIN, disagreements, fingerprints
from benchmarks.bench import bench
from benchmarks.landing import read_csv, write_late_file, write_next_day
from benchmarks.plan import Plan
from benchmarks.report import write_report
from benchmarks.stages import stages
from estore.synth import SyntheticShop, write_shop

MODELS = Path(__file__).resolve().parents[1] / "transform" / "models"
LOG = """
10:00:00.1 [info] [Thread-1]: 2 of 10 OK created sql incremental model staging.a ... [OK in 1.50s]
10:00:00.2 [info] [Thread-1]: 2 of 10 OK created sql incremental model staging.a ... [OK in 0.25s]
10:00:00.3 [info] [Thread-1]: 3 of 10 PASS unique_key_a_of_a_very_long_name  [PASS in 0.25s]
10:00:00.4 [info] [Thread-5]: 5 of 18 OK loaded seed file marts.b ... [INSERT 9 in 0.50s]
10:00:00.5 [info] [Thread-5]: 1 of 2 OK snapshotted snapshots.c ... [OK in 0.25s]
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a benchmark of 20,000 events."""
    home = tmp_path_factory.mktemp("bench")
    words = ["run", "0.02", "--dir", str(home / "work"), "--results", str(home / "results")]
    result = CliRunner().invoke(command.main, [*words, "--times", "1"])
    assert result.exit_code == 0, result.output
    assert not list((home / "work").iterdir()), "files are left in the work folder"
    assert "0.02 M" in result.stdout
    return home / "results"


def test_the_plain_pipeline_has_the_same_rows_in_every_mart_and_metric(measured: Path) -> None:
    (result,) = (json.loads(path.read_text()) for path in measured.iterdir())
    tables = {
        path.stem for folder in ("marts", "metrics") for path in (MODELS / folder).rglob("*.sql")
    }
    assert result["plain"]["compared"] == sorted(tables - set(BEYOND_PLAIN))
    assert result["plain"]["disagree"] == []


def test_every_promise_is_measured_and_reported(measured: Path, tmp_path: Path) -> None:
    (result,) = (json.loads(path.read_text()) for path in measured.iterdir())
    assert result["lines"] == 20_000
    for part in ("run", "next_day", "late_file", "nothing_new", "plain"):
        assert result[part]["seconds"] > 0.1
        assert result[part]["peak_memory"] > 50_000_000
        assert result[part]["peak_disk"] > 1_000_000
    run = result["run"]
    assert sum(run["stages"].values()) == pytest.approx(run["seconds"], abs=0.5)
    assert run["stages"]["fct_sessions"] > 0
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- results: begin -->\nof yore\n<!-- results: end -->\nafter\n")
    for _ in range(2):
        write_report([result, {**result, "events": 40_000}], tmp_path)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "of yore" not in text
    assert text.count("| 0.02 M |") == text.count("| 0.04 M |") == 2
    dearest = list(run["stages"])[1]
    assert "estore run" in text and f"`{dearest}`" in text
    day = result["next_day"]
    assert sum(day["stages"].values()) == pytest.approx(day["seconds"], abs=0.5)
    assert text.count(f"**{day['seconds']:.1f}** |") >= 2
    assert (tmp_path / "scaling.svg").read_text().startswith("<?xml")


@pytest.mark.long
def test_a_month_at_a_time_measures_the_same_shop(tmp_path: Path) -> None:
    result = bench(Plan(events=20_000, folder=tmp_path / "work", month_by_month=True))
    assert result["lines"] == 20_000
    assert result["plain"]["disagree"] == []
    run = result["run"]
    assert sum(run["stages"].values()) == pytest.approx(run["seconds"], abs=0.5)


def test_seconds_are_split_over_models_tests_and_the_time_between() -> None:
    console = ["a.csv: loaded, 5 rows", "load: 2.0 s", "build: 3.0 s", "publish: 0.5 s"]
    assert stages(console, LOG, 6.0) == {
        "load": 2.0, "a": 1.75, "b": 0.5, "data tests": 0.25, "dbt": 0.5, "snapshots": 0.25,
        "publish": 0.25, "the rest": 0.5,
    }  # fmt: skip


def test_later_files_follow_the_history_in_sessions_of_their_own(tmp_path: Path) -> None:
    (month,) = write_shop(tmp_path, SyntheticShop(events=30_000, months=1, faults=()))
    day, late = tmp_path / "day.csv", tmp_path / "late.csv"
    written = write_next_day(month, day, 4_000)
    assert written == pytest.approx(4_000, rel=0.2)
    assert write_late_file(month, late, 300) == pytest.approx(900, rel=0.3)
    days = "select distinct event_time::date::varchar from {} order by 1"
    assert duckdb.sql(days.format(read_csv([day], event_time="TIMESTAMP"))).fetchall() == [
        ("2019-11-01",)
    ]
    assert duckdb.sql(days.format(read_csv([late], event_time="TIMESTAMP"))).fetchall() == [
        ("2019-09-01",), ("2019-09-02",), ("2019-09-03",),
    ]  # fmt: skip
    shared = "select count(*) from {} a where a.{} in (select {} from {})"
    for column, file, is_shared in (
        ("user_session", day, False), ("user_session", late, False),
        ("user_id", day, True), ("user_id", late, False),
    ):  # fmt: skip
        sql = shared.format(read_csv([file]), column, column, read_csv([month]))
        assert (duckdb.sql(sql).fetchall()[0][0] > 0) == is_shared


def test_one_different_value_is_a_disagreement(tmp_path: Path) -> None:
    digests = []
    for name, value in (("a", "1.5"), ("b", "1.5"), ("c", "null")):
        path = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            connection.execute(f"create table marts.t as select 1 as x, {value}::double as y")
        digests.append(fingerprints(path))
    assert disagreements(digests[0], digests[1]) == []
    assert disagreements(digests[0], digests[2]) == disagreements({}, digests[0]) == ["t"]
