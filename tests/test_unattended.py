"""Unattended: files appear, a real daemon does the rest, and it survives being killed."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from bigquery_emulator import BigQuery
from conftest import Workshop
from emulators import CloudStorage
from unattended import Receiver, Unattended

from estore import pipeline, reading
from estore.console import Console
from estore.landing import find_files
from estore.shop import ShopConfig
from estore.snapshot.reader import open_snapshot

MEMORY = Path("/dev/shm")
#: Bytes that an unattended shop may need.
ROOM = 256 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, if possible: Dagster's database syncs to disk a thousand times a
    run, and this test is not about disks."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        yield tmp_path / "shop"
        return
    with tempfile.TemporaryDirectory(prefix="estore-", dir=MEMORY) as made:
        yield Path(made) / "shop"


@pytest.fixture
def alerts() -> Iterator[Receiver]:
    """The receiver of alerts."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def places(cloud_storage: CloudStorage, tmp_path: Path) -> dict[str, str]:
    """The landing places: a folder and a bucket."""
    (tmp_path / "landing").mkdir()
    return {
        "folder": str(tmp_path / "landing"),
        "bucket": f"{cloud_storage.new_bucket()}/in/",
    }


@pytest.fixture
def files(tmp_path: Path) -> Workshop:
    """Three good days, a copy of the first, and two unusable files."""
    workshop = Workshop(tmp_path / "written")
    for number in (1, 2, 3):
        workshop.write(f"{number}.csv", day(number))
    shutil.copy(workshop.landing / "1.csv", workshop.landing / "copy.csv")
    for name in ("bad.csv", "worse.csv"):
        (workshop.landing / name).write_text(f"this,is\nno,event in {name}\n")
    return workshop


def day(number: int) -> list[dict[str, str]]:
    """Sixty events of as many sessions and fifty customers; a third of them buy for 100.00."""
    start = datetime(2019, 10, number, 12)
    return [
        {
            "event_time": f"{start + timedelta(seconds=n)} UTC", "user_id": str(n % 50),
            "user_session": f"{number}-{n}", "event_type": "purchase" if n % 3 == 0 else "view",
        }
        for n in range(60)
    ]  # fmt: skip


def sales(shop: Unattended) -> list[tuple[date, Decimal, int]]:
    """Day, revenue and orders of the newest snapshot."""
    with open_snapshot(shop.settings) as (snapshot, _):
        return snapshot.execute(
            "select order_date, revenue_amount, order_count from metrics_daily_sales order by 1"
        ).fetchall()


def known(shop: Unattended) -> Counter[tuple[str, str]]:
    """Name and status of every content in the ledger."""
    return Counter((Path(file.uri).name, file.status) for file in reading.ledger(shop.settings))


def alert_counts(alerts: Receiver) -> Counter[str]:
    """Alert → the number of times it was sent."""
    return Counter(alert["key"] for message in alerts.received for alert in message["alerts"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("folder", "bucket"),
        pytest.param("folder", "folder", marks=pytest.mark.long),
        pytest.param("bucket", "bucket", marks=pytest.mark.long),
    ],
)
def test_new_files_are_loaded_built_published_and_reported_despite_power_failures(
    folder: Path, alerts: Receiver, places: dict[str, str], files: Workshop,
    cloud_storage: CloudStorage, tmp_path: Path, before: str, after: str,
) -> None:  # fmt: skip
    def drop(where: str, *names: str) -> None:
        """Files appear at once, as finished uploads do."""
        for name in names:
            written = files.landing / name
            if where == "bucket":
                cloud_storage.put(places[where] + name, written.read_bytes())
            else:
                shutil.move(shutil.copy(written, tmp_path), Path(places[where]) / name)

    with Unattended(folder, alerts.url, cloud_storage.environment, landing=places[before]) as shop:
        shop.start("code", "daemon", "web")

        # Good files and a bad one; the power fails during the transforms.
        drop(before, "1.csv", "bad.csv", "2.csv")
        shop.wait(shop.is_building, "the transforms")
        (running,) = shop.runs("transform", "STARTED")
        shop.kill("daemon", "code")
        assert shop.published() == "", "the run was killed before its end"

        # After the restart there are a new file, a known one and another bad one.
        shop.use(landing=places[after])
        drop(after, "3.csv", "copy.csv", "worse.csv")
        shop.start("code", "daemon")
        shop.wait(lambda: shop.events() == 180, "a snapshot with everything, each file once")
        shop.wait(lambda: shop.runs("transform", "SUCCESS"), "the end of the transforms")
        for name in ("bad.csv", "worse.csv", "its process is gone"):
            shop.wait(lambda name=name: name in alerts.text(), f"the alert: {name}")
        assert [run["runId"] for run in shop.runs("transform", "FAILURE")] == [running["runId"]]

    assert {ran.status for ran in shop.history() if ran.job == "load_files"} == {"SUCCESS"}
    for one, after_it in pairwise(shop.history()):
        assert one.ended_at and one.ended_at <= after_it.launched_at, "one at a time"
    assert known(shop) == {
        ("1.csv", "loaded"): 1, ("2.csv", "loaded"): 1, ("3.csv", "loaded"): 1,
        ("copy.csv", "duplicate"): 1, ("bad.csv", "refused"): 1, ("worse.csv", "refused"): 1,
    }  # fmt: skip
    assert sales(shop) == [(date(2019, 10, n), Decimal(2000), 20) for n in (1, 2, 3)]
    assert (shop.home / "report.html").is_file()
    assert set(alert_counts(alerts).values()) == {1}, "each alert is sent once"
    if before == after:  # the slow way
        _assert_as_by_hand(shop, files, tmp_path)


def _assert_as_by_hand(shop: Unattended, files: Workshop, tmp_path: Path) -> None:
    """Every built table equals those of one run of all good files at the command line."""
    alone, by_hand = Workshop(tmp_path / "alone"), Workshop(tmp_path / "by-hand", threads=2)
    alone.settings = shop.settings
    good = find_files([str(files.landing / f"{number}.csv") for number in (1, 2, 3)])
    pipeline.run(by_hand.settings, ShopConfig(), good, Console(quiet=True))
    found, wanted = alone.everything(), by_hand.everything()
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if found[name] != wanted[name]] == []


def test_on_bigquery_new_objects_are_loaded_built_published_and_reported(
    folder: Path, alerts: Receiver, files: Workshop, bigquery: BigQuery
) -> None:
    landing = f"{bigquery.storage.new_bucket()}/in/"
    for name in ("1.csv", "bad.csv", "2.csv", "copy.csv"):
        bigquery.storage.put(landing + name, (files.landing / name).read_bytes())
    with Unattended(
        folder, alerts.url, bigquery.environment,
        poll=10, landing=landing, target="bigquery", bigquery=bigquery.new_name(),
    ) as shop:  # fmt: skip
        shop.start("code", "daemon")
        shop.wait(lambda: shop.events() == 120, "a snapshot with the good files")
        shop.wait(lambda: "bad.csv" in alerts.text(), "the alert about the bad file")
        shop.wait(lambda: all(ran.ended_at for ran in shop.history()), "the end of all runs")

    assert [(ran.job, ran.status) for ran in shop.history()] == [
        ("load_files", "SUCCESS"), ("transform", "SUCCESS"),
    ]  # fmt: skip
    assert known(shop) == {
        ("1.csv", "loaded"): 1, ("2.csv", "loaded"): 1, ("copy.csv", "duplicate"): 1,
        ("bad.csv", "refused"): 1,
    }  # fmt: skip
    assert sales(shop) == [(date(2019, 10, n), Decimal(2000), 20) for n in (1, 2)]
    assert (shop.home / "report.html").is_file()
    assert set(alert_counts(alerts).values()) == {1}, "each alert is sent once"
