"""Publishing: versions, the pointer, retention, and no partial version is ever visible."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import Workshop

from estore import pipeline
from estore.build.builder import Transform
from estore.build.dbt_project import project_folder
from estore.console import Console
from estore.errors import EstoreError
from estore.queries.ask import ask as query
from estore.reading import status
from estore.snapshot import writer
from estore.snapshot.manifest import current_version, read_manifest
from estore.snapshot.reader import open_snapshot


def purchase(day: int) -> dict[str, str]:
    return {"event_time": f"2019-10-{day:02d} 12:00:00 UTC", "event_type": "purchase"}


def publish_day(workshop: Workshop, day: int) -> writer.Manifest:
    """Load one more day, build, publish."""
    workshop.write(f"{day}.csv", [purchase(day)])
    workshop.load()
    report, manifest = pipeline.build(workshop.settings, workshop.shop, Console(quiet=True))
    assert manifest is not None, report.problems
    return manifest


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop with a published first day. Tests copy it and never write to it."""
    folder = tmp_path_factory.mktemp("first-day")
    publish_day(Workshop(folder), 1)
    return folder


@pytest.fixture
def published(first_day: Path, tmp_path: Path) -> Workshop:
    """A separate shop with a published first day."""
    shutil.copytree(first_day, tmp_path / "shop")
    return Workshop(tmp_path / "shop")


def test_a_snapshot_has_the_metrics_and_describes_their_source(published: Workshop) -> None:
    manifest = read_manifest(published.settings.published / "v000001")

    folder = current_version(published.settings)
    assert folder == published.settings.published / "v000001"
    assert read_manifest(folder) == manifest
    assert manifest.as_of_date == "2019-10-01"
    assert manifest.tables["raw.events"] == 1
    daily = published.query("select value from build.state where name = 'daily_test_rows'")
    of_days = len(json.loads(daily[0][0]))
    assert manifest.tests == {"passed": manifest.tables["build_tests"] - of_days, "warnings": []}
    singular = {path.stem for path in (project_folder() / "tests").glob("*.sql")}
    with open_snapshot(published.settings) as (snapshot, _):
        names = snapshot.execute("select test_name from build_tests").fetchall()
    assert singular <= {name for (name,) in names}
    assert manifest.thresholds["cohort_window_days"] == 90
    assert set(manifest.versions) == {"estore-analytics", "dbt-core", "duckdb"}
    tables = {path.stem for path in folder.glob("*.parquet")}
    metrics = published.query(
        "select table_name from duckdb_tables() where schema_name = 'metrics'"
    )
    assert {name for (name,) in metrics} < tables
    for table in tables:
        rows = duckdb.sql(f"select count(*) from '{folder}/{table}.parquet'").fetchall()[0][0]
        assert rows == manifest.tables[table], table


def test_nothing_new_publishes_nothing_new(published: Workshop) -> None:
    first = read_manifest(published.settings.published / "v000001")
    _, again = pipeline.build(published.settings, published.shop, Console(quiet=True))

    assert again == first
    assert [path.name for path in published.settings.published.iterdir() if path.is_dir()] == [
        "v000001"
    ]


def test_the_last_versions_are_kept(workshop: Workshop) -> None:
    workshop.settings.keep_versions = 2
    for day in (1, 2, 3):
        publish_day(workshop, day)

    names = sorted(path.name for path in workshop.settings.published.iterdir())
    assert names == ["CURRENT", "v000002", "v000003"]


def test_a_crash_while_writing_leaves_the_last_version_current(
    published: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(writer, "_sync", die)
        with pytest.raises(KeyboardInterrupt):
            publish_day(published, 2)
    assert current_version(published.settings) == published.settings.published / "v000001"

    _, manifest = pipeline.build(published.settings, published.shop, Console(quiet=True))

    assert manifest and (manifest.version, manifest.as_of_date) == ("v000002", "2019-10-02")
    assert not list(published.settings.published.glob("*.tmp"))


@pytest.mark.parametrize("step", ["write_text", "rename", "replace"])
def test_a_crash_at_any_point_leaves_a_complete_version_current(
    published: Workshop, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, step, die)
        with pytest.raises(KeyboardInterrupt):
            writer.publish(published.settings, Transform(published.settings, published.shop))
    assert current_version(published.settings) == published.settings.published / "v000001"
    with open_snapshot(published.settings) as (_, manifest):
        assert manifest.version == "v000001"
    again = writer.publish(published.settings, Transform(published.settings, published.shop))
    assert current_version(published.settings) == published.settings.published / again.version


def test_a_failed_data_test_publishes_nothing_and_is_named(
    published: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    published.query("update raw.files set loaded = loaded + 5")  # the ledger no longer adds up
    published.write("2.csv", [purchase(2)])
    published.load()

    report, manifest = pipeline.build(published.settings, published.shop, Console())

    assert manifest is None and not report.holds
    said = capsys.readouterr().err
    assert "data test failed: every_line_of_a_file_is_loaded_or_rejected" in said
    assert " rows; see the query in " in said
    compiled = Path(report.problems[0].compiled)
    assert "raw" in compiled.read_text()
    assert current_version(published.settings) == published.settings.published / "v000001"


def test_a_row_lost_from_an_old_day_is_noticed_while_another_day_is_built(
    published: Workshop,
) -> None:
    published.query("delete from raw.events")
    published.write("2.csv", [purchase(2)])
    published.load()

    report, manifest = pipeline.build(published.settings, published.shop, Console(quiet=True))

    assert manifest is None
    assert "every_line_of_a_file_is_loaded_or_rejected" in {each.name for each in report.problems}


def test_a_row_moved_to_another_file_is_found_when_its_day_is_built(published: Workshop) -> None:
    published.write("2.csv", [purchase(2)])
    published.load()
    published.query("update raw.events set file_id = 1")  # the same counts in total and per day

    with pytest.raises(EstoreError, match="every_line_of_a_day_is_of_its_file: 2 failing rows"):
        published.build()


def test_customers_are_recorded_once_for_an_as_of_date(published: Workshop) -> None:
    versions = "select count(*) from snapshots.snap_user_status"
    assert published.query(versions) == [(1,)]

    published.write("more.csv", [{**purchase(1), "user_id": "9"}])
    published.load()
    pipeline.build(published.settings, published.shop, Console(quiet=True))
    assert published.query(versions) == [(1,)]

    publish_day(published, 2)
    assert published.query("select count(distinct user_id) from snapshots.snap_user_status") == [
        (2,)
    ]


def test_a_customer_version_begins_only_where_an_attribute_changes(
    published: Workshop,
) -> None:
    said = {
        "snap_user_rfm": "select user_id, rfm_score || rfm_segment from marts.dim_user_rfm",
        "snap_user_status": "select user_id, activity_status from marts.dim_users",
    }
    versions: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for day, buyers in [
        ("10-01", []), ("10-20", ["9"]), ("10-25", ["9"]), ("11-05", ["8", "9"]),
        ("11-20", ["9", "501"]),
    ]:  # fmt: skip
        if buyers:
            event = {"event_time": f"2019-{day} 12:00:00 UTC", "event_type": "purchase"}
            published.write(f"{day}.csv", [{**event, "user_id": buyer} for buyer in buyers])
            published.load()
            pipeline.build(published.settings, published.shop, Console(quiet=True))
        for snapshot, sql in said.items():
            for user, now in published.query(sql):
                entries = versions.setdefault((snapshot, user), [])
                if not entries or entries[-1][1] != now:
                    entries.append((f"2019-{day}", now))

    assert len(versions["snap_user_status", "9"]) == 1
    assert len(versions["snap_user_status", "501"]) == 3, "active, declining, active"
    kept = published.query(
        "select 'snap_user_rfm', user_id, as_of_date::varchar, rfm_score || rfm_segment, "
        "dbt_valid_to is null, dbt_valid_from from snapshots.snap_user_rfm union all "
        "select 'snap_user_status', user_id, as_of_date::varchar, activity_status, "
        "dbt_valid_to is null, dbt_valid_from from snapshots.snap_user_status "
        "order by dbt_valid_from, 1, 2"
    )
    assert [row[:5] for row in kept] == sorted(
        (
            (*whose, *version, version is entries[-1])
            for whose, entries in versions.items()
            for version in entries
        ),
        key=lambda row: (row[2], *row[:2]),
    )


def test_readers_fall_back_to_the_snapshot_while_the_warehouse_is_busy(
    published: Workshop,
) -> None:
    import subprocess
    import sys

    hold = (
        f"import duckdb, sys; c = duckdb.connect({str(published.settings.warehouse)!r}); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        answer = query(published.settings, "select revenue_amount from metrics_daily_sales")
        state = status(published.settings)
        with pytest.raises(EstoreError, match="in use by another process"):
            published.load()
        assert holder.stdin
        holder.stdin.close()

    assert (answer.source, [float(value) for (value,) in answer.rows]) == ("v000001", [100.0])
    assert (state["source"], state["loaded"]) == ("v000001", 1)
    assert query(published.settings, "select 1").source == "warehouse"


@pytest.mark.parametrize(
    "sql",
    ["delete from raw.events", "copy raw.events to 'stolen.csv'", "select * from '/etc/passwd'",
     "attach 'other.db'", "create table t as select 1"],
)  # fmt: skip
def test_a_query_can_neither_write_nor_reach_files(published: Workshop, sql: str) -> None:
    with pytest.raises(EstoreError):
        query(published.settings, sql)
    assert published.query("select count(*) from raw.events") == [(1,)]
    assert not Path("stolen.csv").exists()


def test_without_a_snapshot_the_error_says_what_to_do(workshop: Workshop) -> None:
    with pytest.raises(EstoreError, match="nothing published yet; run `estore run PATH`"):
        open_snapshot(workshop.settings).__enter__()


def test_the_manifest_is_plain_json(published: Workshop) -> None:
    folder = current_version(published.settings)
    assert folder
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["version"] == "v000001" and manifest["tables"]["metrics_daily_sales"] == 1


def test_only_a_build_that_passed_its_tests_can_be_republished(workshop: Workshop) -> None:
    from click.testing import CliRunner

    from estore.cli import main

    home = ["--home", str(workshop.settings.home)]
    workshop.write("1.csv", [purchase(1)])
    workshop.load()
    workshop.build(until="marts")
    refused = CliRunner().invoke(main, [*home, "publish"])
    assert (refused.exit_code, "estore build" in refused.stderr) == (3, True)

    publish_day(workshop, 1)
    again = CliRunner().invoke(main, [*home, "publish"])
    assert (again.exit_code, again.stdout.strip().endswith("v000002")) == (0, True)


@pytest.mark.parametrize(
    "command", [["status"], ["rejects"], ["findings"], ["query", "select 1"], ["build"], ["run"],
                ["snapshot"], ["publish"], ["withdraw", "a.csv"], ["load", "absent.csv"]],
)  # fmt: skip
def test_in_an_empty_home_every_command_names_the_first_step(
    tmp_path: Path, command: list[str]
) -> None:
    from click.testing import CliRunner

    from estore.cli import main

    result = CliRunner().invoke(main, ["--home", str(tmp_path / "none"), *command])
    assert result.exit_code == 3, result.output
    assert result.stderr.startswith("error: ") and len(result.stderr.splitlines()) == 1
