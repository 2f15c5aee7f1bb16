"""Unattended: files appear, a real daemon does the rest, and it survives being killed."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import Workshop
from emulators import CloudStorage
from unattended import Receiver, Unattended

from estore import pipeline, reading
from estore.console import Console
from estore.landing import find_files
from estore.settings import Settings
from estore.shop import ShopConfig


@pytest.fixture
def alerts() -> Iterator[Receiver]:
    """Where alerts go."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def left_alone(tmp_path: Path, alerts: Receiver) -> Iterator[Unattended]:
    """A shop whose daemon and web server run."""
    (tmp_path / "shop").mkdir()
    shop = Unattended(tmp_path / "shop", alerts.url)
    try:
        shop.start("code", "daemon", "web")
        yield shop
    finally:
        shop.close()


def day(number: int, count: int) -> list[dict[str, str]]:
    start = datetime(2019, 10, number, 12)
    return [
        {
            "event_time": f"{start + timedelta(seconds=n)} UTC", "user_id": str(n % 50),
            "user_session": f"{number}-{n}", "event_type": "purchase" if n % 3 == 0 else "view",
        }
        for n in range(count)
    ]  # fmt: skip


def test_files_that_appear_are_loaded_built_and_published_whatever_happens(
    left_alone: Unattended, alerts: Receiver, cloud_storage: CloudStorage, tmp_path: Path
) -> None:
    shop, files = left_alone, Workshop(tmp_path / "written")

    def drop(*names: str) -> None:
        """Files appear at once, as finished uploads do."""
        for name in names:
            files.landing.joinpath(name).rename(shop.landing / name)

    for number in (1, 2, 3, 4):
        files.write(f"{number}.csv", day(number, 60))

    # Good files, and a bad one among them.
    (files.landing / "bad.csv").write_text("this,is\nno,event\n")
    drop("1.csv", "2.csv", "bad.csv")
    shop.wait(lambda: shop.events() == 120, "a snapshot with the first two days")
    shop.wait(lambda: shop.runs("transform", "SUCCESS"), "a transform that ended well")
    shop.wait(lambda: "bad.csv" in alerts.text(), "the alert about the bad file")
    assert (shop.home / "report.html").is_file()

    # The power fails in the middle of a transform.
    drop("3.csv")
    shop.wait(shop.is_building, "a second transform")
    (running,) = shop.runs("transform", "STARTED")
    shop.kill("daemon", "code")
    assert shop.published() == "v000001", "it was killed before it was done"

    # When it is back the landing is a bucket: with a new file, and two that are known.
    bucket = cloud_storage.new_bucket()
    for path in (files.landing / "4.csv", shop.landing / "1.csv", shop.landing / "bad.csv"):
        cloud_storage.put(f"{bucket}/in/{path.name}", path.read_bytes())
    shop.environment |= {**cloud_storage.environment, "ESTORE_LANDING": f"{bucket}/in/"}
    shop.start("code", "daemon")
    shop.wait(lambda: shop.events() == 240, "a snapshot with everything, each file once")
    shop.wait(lambda: "its process is gone" in alerts.text(), "the alert about the killed run")
    assert running["runId"] in {run["runId"] for run in shop.runs("transform", "FAILURE")}
    shop.wait(shop.is_idle, "the end of all runs")
    shop.close()

    known = Counter((Path(file.uri).name, file.status) for file in reading.ledger(shop.settings))
    assert known == {
        ("1.csv", "loaded"): 1, ("1.csv", "duplicate"): 1, ("2.csv", "loaded"): 1,
        ("3.csv", "loaded"): 1, ("4.csv", "loaded"): 1, ("bad.csv", "refused"): 2,
    }  # fmt: skip
    told = [alert["key"] for message in alerts.received for alert in message["alerts"]]
    assert max(Counter(told).values()) == 1, "one alert a matter"
    good = [*(shop.landing / f"{number}.csv" for number in (1, 2, 3)), files.landing / "4.csv"]
    _assert_as_by_hand(shop, good, tmp_path)


def _assert_as_by_hand(shop: Unattended, good: list[Path], tmp_path: Path) -> None:
    """Every built table equals those of one run of everything at the command line."""
    alone, by_hand = Workshop(tmp_path / "a"), Workshop(tmp_path / "b")
    alone.settings = shop.settings
    by_hand.settings = Settings(home=tmp_path / "by-hand", threads=2)
    landed = find_files(map(str, good))
    pipeline.run(by_hand.settings, ShopConfig(), landed, Console(quiet=True))
    found, wanted = alone.everything(), by_hand.everything()
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if found[name] != wanted[name]] == []
