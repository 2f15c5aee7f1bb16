"""A published snapshot with a missing or cut file is reported, and a run publishes it again."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from conftest import Workshop
from damaged import estore_briefly as estore
from orchestrating import Watched, watched

from estore import reading
from estore.build.builder import Transform
from estore.dashboard.snapshots import Snapshots
from estore.orchestration.notifications import notification_sensors
from estore.snapshot.manifest import check_snapshot, current_version
from estore.snapshot.reader import open_snapshot
from estore.snapshot.writer import publish


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


#: Damage → the file, and its name in the message.
DAMAGES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "no folder": ("v000001", shutil.rmtree, "v000001 is missing"),
    "no pointer": ("CURRENT", Path.unlink, "CURRENT is missing"),
    "empty pointer": ("CURRENT", lambda path: path.write_bytes(b""), "CURRENT is empty or damaged"),
    "zeros": ("CURRENT", lambda path: path.write_bytes(bytes(8)), "CURRENT is empty or damaged"),
    "no UTF-8": ("CURRENT", lambda path: path.write_bytes(b"\xff\xfe"), "CURRENT is empty or"),
    "upwards": ("CURRENT", lambda path: path.write_text("../.."), "CURRENT is empty or damaged"),
    "no manifest": ("v000001/manifest.json", Path.unlink, "manifest.json is missing"),
    "half a manifest": ("v000001/manifest.json", _cut, "manifest.json is empty or damaged"),
    "other JSON": ("v000001/manifest.json", lambda path: path.write_text("[]"), "empty or damaged"),
    "half a table": ("v000001/metrics_churn.parquet", _cut, "metrics_churn.parquet is cut"),
    "one bit": ("v000001/metrics_churn.parquet", _flip, "metrics_churn.parquet is cut or damaged"),
    "no table": ("v000001/cube_sales.parquet", Path.unlink, "cube_sales.parquet is missing"),
}


@pytest.fixture
def home(published_home: Workshop) -> Workshop:
    """A published home for one test to damage."""
    return published_home


@pytest.fixture
def landing(home: Workshop) -> Iterator[Watched]:
    """The home under Dagster's watch."""
    yield from watched(home)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_snapshot_is_reported_with_the_command_that_repairs_it(
    home: Workshop, damage: str
) -> None:
    where, how, named = DAMAGES[damage]
    how(home.settings.published / where)
    for command in (["status"], ["findings"], ["report", str(home.landing / "out.html")]):
        code, said = estore(home, *command)
        assert (code, named in said) == (3, True), said
        assert said.endswith("`estore publish` writes a new snapshot"), said
    assert estore(home, "query", "select count(*) from raw.events", "--format", "csv") == (0, "3")
    assert estore(home, "publish")[0] == 0
    for command in (["status"], ["findings"], ["run"]):
        assert estore(home, *command)[0] == 0


@pytest.mark.parametrize("damage", ["no folder", "zeros", "half a manifest", "one bit"])
def test_a_run_with_nothing_new_publishes_a_damaged_snapshot_again(
    home: Workshop, damage: str
) -> None:
    where, how, _ = DAMAGES[damage]
    how(home.settings.published / where)
    code, said = estore(home, "run")
    assert (code, said) == (0, f"Snapshot: {home.settings.published}/v000002")
    folder = current_version(home.settings)
    assert folder
    assert check_snapshot(folder).version == "v000002"
    code, said = estore(home, "run")
    assert said.endswith("/v000002"), "it was published only once"


def test_an_older_snapshot_that_was_restored_is_replaced_by_that_of_the_last_build(
    home: Workshop,
) -> None:
    older = home.settings.home / "older"
    shutil.copytree(home.settings.published, older)
    publish_again(home)
    shutil.rmtree(home.settings.published)
    older.rename(home.settings.published)
    assert estore(home, "run")[1].endswith("/v000002")


def test_a_dashboard_shows_what_it_has_while_the_newest_snapshot_is_damaged(
    home: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    snapshots = Snapshots(home.settings)
    snapshots.refresh()
    publish_again(home)
    (home.settings.published / "v000002" / "cube_sales.parquet").unlink()
    snapshots.refresh()
    (home.settings.published / "CURRENT").write_text("")
    snapshots.refresh()
    assert snapshots.shown
    assert snapshots.shown.version == "v000001"
    assert "cube_sales.parquet is missing" in caplog.text
    assert "CURRENT is empty or damaged" in caplog.text


def test_no_version_is_deleted_while_a_reader_uses_it(home: Workshop) -> None:
    home.settings.keep_versions = 1
    with open_snapshot(home.settings) as (snapshot, manifest):
        assert publish_again(home) == "v000002"
        assert manifest.version == "v000001"
        for table in manifest.tables:
            if "." not in table:
                snapshot.execute(f"select count(*) from {table}").fetchall()
    publish_again(home)
    assert versions(home) == ["v000003"], "the next publish deletes versions without readers"


def test_readers_get_answers_while_each_publish_deletes_the_previous_version(
    home: Workshop,
) -> None:
    home.settings.keep_versions = 1
    has_ended, read, failures = threading.Event(), set[str](), list[BaseException]()

    def read_again_and_again() -> None:
        while not has_ended.is_set():
            try:
                with open_snapshot(home.settings) as (snapshot, manifest):
                    snapshot.execute("select count(*) from metrics_churn").fetchall()
                read.add(manifest.version)
            except BaseException as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read_again_and_again) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(8):
        publish_again(home)
    has_ended.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(read) > 2


def test_other_files_among_the_versions_are_ignored(home: Workshop) -> None:
    for name in ("vfoobar", "v000009", "v00000x"):
        (home.settings.published / name).write_text("no snapshot")
    (home.settings.published / "v000000x").mkdir()
    assert publish_again(home) == "v000002"


def test_status_reports_no_damage_before_the_first_publish(workshop: Workshop) -> None:
    workshop.write("a.csv", [{}])
    workshop.load()
    assert reading.status(workshop.settings)["snapshot_error"] is None
    assert estore(workshop, "status") == (0, "snapshot none yet")


def test_one_damaged_part_does_not_hide_the_alerts_of_the_other(landing: Watched) -> None:
    _cut(landing.workshop.settings.published / "v000001" / "metrics_data_alerts.parquet")
    landing.workshop.query("update raw.files set loaded_at = loaded_at - interval 90 hours")
    tell = next(
        one
        for one in notification_sensors(landing.shop, landing.outbox)
        if one.name == "data_sensor"
    )
    with dg.build_sensor_context(landing.instance) as context:
        answer: Any = tell(context)
    assert isinstance(answer, dg.SkipReason)
    pending = {alert.subject: alert for alert in landing.outbox.waiting()}
    assert set(pending) == {"landing", "published snapshot"}
    assert "metrics_data_alerts.parquet is cut or damaged" in pending["published snapshot"].words


def publish_again(home: Workshop) -> str:
    """Publish the last build; the new version."""
    transform = Transform(home.settings, home.shop)
    manifest = publish(home.settings, transform)
    transform.note_published(manifest.version)
    return manifest.version


def versions(home: Workshop) -> list[str]:
    return sorted(path.name for path in home.settings.published.glob("v*"))
