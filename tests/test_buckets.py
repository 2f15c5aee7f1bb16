"""Loading from buckets, on real servers: the same as from a folder, exactly once."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from emulators import Buckets, CloudStorage
from faulty_network import Fault, faulty_network
from landing_files import EVENT, Home, gz, line, lines, parquet, text, zst

from estore.buckets import stores
from estore.cli import main
from estore.landing import LandedFile, find_files
from estore.load import LoadReport, load_files, withdraw
from estore.shop import ShopConfig
from estore.synth import SyntheticShop, write_shop

#: Files of every kind, good, with bad lines, to be repaired, and to be refused.
FILES = {
    "2019-Oct.csv": text([*lines(20), line(price="cheap", product_id="7")]),
    "2019-Nov.csv.gz": gz(text(lines(30, first=2001))),
    "deep/2019-Dec.csv.zst": zst(text(lines(30, first=3001))),
    "deep/2020-Jan.csv": text([*lines(25, first=4001), 'a,"b', "x", *lines(3, first=4101)]),
    "copy of 2019-Oct.csv": text([*lines(20), line(price="cheap", product_id="7")]),
    "broken.csv.gz": gz(text(lines(30, first=5001)))[:-9],
    "no columns.csv": b"a,b\n1,2\n",
    "empty.csv": b"",
    "zip.csv": b"PK\x03\x04 and so on",
}


class BucketHome(Home):
    """A home that loads from a bucket."""

    def __init__(self, folder: Path, buckets: Buckets, **settings: Any) -> None:
        super().__init__(folder, **settings)
        self.buckets, self.bucket = buckets, buckets.new_bucket()

    def put(self, name: str, data: bytes, **headers: str) -> str:
        """Put an object into the bucket; its uri."""
        self.buckets.put(uri := f"{self.bucket}/{name}", data, **headers)
        return uri

    def load_bucket(self, *names: str, restore: bool = False) -> LoadReport:
        """Load these objects; without names, the complete bucket."""
        places = [f"{self.bucket}/{name}" for name in names] or [self.bucket]
        return self.load_found(find_files(places), restore=restore)

    def load_found(self, files: list[LandedFile], *, restore: bool = False) -> LoadReport:
        """Load an earlier listing."""
        report = load_files(self.warehouse, files, ShopConfig(), self.settings, restore=restore)
        self.check_accounts()
        assert not list(self.settings.temp.glob("objects/*"))
        return report


@pytest.fixture
def home(tmp_path: Path, buckets: Buckets) -> BucketHome:
    """An empty home and an empty bucket."""
    return BucketHome(tmp_path, buckets)


def results(report: LoadReport, place: str) -> list[Any]:
    """The result of each file, without its location."""
    fields = "status", "lines", "loaded", "rejected", "reasons"
    return [
        (
            outcome.uri.removeprefix(place),
            *(getattr(outcome, name) for name in fields),
            [note.replace(place, "") for note in outcome.notes],
            (outcome.error or "").replace(place, ""),
        )
        for outcome in report.outcomes
    ]


LEDGER = (
    "select replace(uri, $1, ''), content_hash, bytes, lines, loaded, rejected, first_date, "
    "last_date, status, replace(error, $1, '') from raw.files order by all"
)


def test_a_bucket_is_loaded_like_a_folder(home: BucketHome, tmp_path: Path) -> None:
    parquet(tmp_path / "rows", "select " + ", ".join(f"'{v}' as {k}" for k, v in EVENT.items()))
    contents = {**FILES, "rows.parquet": (tmp_path / "rows").read_bytes()}
    for name, data in contents.items():
        home.put(name, data)
    from_bucket = results(home.load_bucket(), home.bucket)
    in_bucket = home.events(), home.rejects(), home.query(LEDGER, home.bucket)

    folder = Home(tmp_path / "folder")
    for name, data in contents.items():
        folder.write(name, data)
    place = str(folder.landing)
    assert results(folder.load(), place) == from_bucket
    assert (folder.events(), folder.rejects(), folder.query(LEDGER, place)) == in_bucket
    assert {status for _, status, *_ in from_bucket} == {"loaded", "duplicate", "refused"}
    assert len(in_bucket[0]) > 100 and len(in_bucket[1]) == 3


def test_a_known_generation_is_not_downloaded_again(home: BucketHome) -> None:
    uris = [home.put(f"{name}.csv", text(lines(5, first=n))) for n, name in enumerate("abc")]
    assert home.load_bucket().count("loaded") == 3
    assert home.load_bucket().count("unchanged") == 3
    assert [home.buckets.downloads(uri) for uri in uris] == [1, 1, 1]
    home.put("b.csv", text(lines(6, first=100)))
    home.put("d.csv", text(lines(7, first=200)))
    assert home.load_bucket().count("loaded") == 2
    assert [home.buckets.downloads(uri) for uri in uris] == [1, 2, 1]


def test_the_same_content_again_changes_nothing(home: BucketHome) -> None:
    content = text(lines(5))
    home.put("a.csv", content)
    home.load_bucket()
    events = home.events()
    again, other = home.put("a.csv", content), home.put("b.csv", content)
    assert [outcome.status for outcome in home.load_bucket().outcomes] == ["unchanged", "duplicate"]
    assert home.events() == events
    asked = [home.buckets.downloads(uri) for uri in (again, other)]
    home.load_bucket()
    assert [home.buckets.downloads(uri) for uri in (again, other)] == asked


def test_a_replaced_object_replaces_its_rows(home: BucketHome) -> None:
    home.put("a.csv", text(lines(5)))
    home.put("b.csv", text(lines(5, first=2001)))
    home.load_bucket()
    home.put("a.csv", text(lines(2, first=3001)))
    assert [outcome.status for outcome in home.load_bucket().outcomes] == ["loaded", "unchanged"]
    assert home.products() == ["2001", "2002", "2003", "2004", "2005", "3001", "3002"]


def test_an_object_withdrawn_stays_out_until_it_is_restored(home: BucketHome) -> None:
    uri, other = home.put("a.csv", text(lines(5))), home.put("b.csv", text(lines(6)))
    home.load_bucket()
    withdraw(home.warehouse, uri)
    assert [outcome.status for outcome in home.load_bucket().outcomes] == ["withdrawn", "unchanged"]
    assert len(home.products()) == 6
    report = home.load_bucket(restore=True)
    assert [outcome.status for outcome in report.outcomes] == ["loaded", "unchanged"]
    assert len(home.products()) == 11
    assert (home.buckets.downloads(uri), home.buckets.downloads(other)) == (2, 1)


def test_a_folder_and_a_bucket_hold_the_same_rows_once(home: BucketHome) -> None:
    home.put("a.csv", text(lines(5)))
    home.write("elsewhere.csv", text(lines(5)))
    home.load()
    assert home.load_bucket().count("duplicate") == 1
    assert len(home.products()) == 5


def test_an_object_is_read_in_blocks_of_bounded_size(
    home: BucketHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "BLOCK", 1000)
    uri = home.put("a.csv.gz", gz(text(lines(400))))
    (file,) = find_files([uri])
    home.load_bucket()
    assert len(home.products()) == 400
    assert home.buckets.downloads(uri) == -(-file.bytes // 1000)


def test_bytes_arrive_as_they_are_stored(
    cloud_storage: CloudStorage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An upload may set `Content-Encoding: gzip`, which many clients decompress."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud_storage.endpoint)
    home = BucketHome(tmp_path, cloud_storage)
    home.put("a.csv.gz", gz(text(lines(5))), contentEncoding="gzip")
    assert home.load_bucket().count("loaded") == 1
    assert len(home.products()) == 5


@pytest.mark.long
def test_the_command_gives_the_same_numbers_for_a_bucket_and_a_folder(
    cloud_storage: CloudStorage, monkeypatch: pytest.MonkeyPatch, open_workshop: Any
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud_storage.endpoint)
    folder, bucket = open_workshop(), open_workshop()
    uri = cloud_storage.new_bucket()
    for path in write_shop(
        folder.landing, SyntheticShop(events=3_000, months=2, seed=3, faults=())
    ):
        cloud_storage.put(f"{uri}/in/{path.name}", path.read_bytes())
    for workshop, place in (folder, str(folder.landing)), (bucket, f"{uri}/in/"):
        home = ["--home", str(workshop.settings.home)]
        run = CliRunner().invoke(main, [*home, "run", place])
        assert run.exit_code == 0, run.output
    assert bucket.everything() == folder.everything()
    assert len(folder.query("select * from metrics.metrics_daily_sales")) > 30


def test_a_load_killed_in_a_download_leaves_nothing_that_the_next_does_not_remove(
    cloud_storage: CloudStorage, monkeypatch: pytest.MonkeyPatch, workshop: Any
) -> None:
    uri = cloud_storage.new_bucket()
    for path in write_shop(
        workshop.landing, SyntheticShop(events=3_000, months=2, seed=3, faults=())
    ):
        cloud_storage.put(f"{uri}/{path.name}", path.read_bytes())
    home = ["--home", str(workshop.settings.home)]
    with faulty_network(cloud_storage.endpoint) as (network, endpoint):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", endpoint)
        last, killed = threading.Event(), threading.Event()
        network.faults = [Fault("download.*2019-Oct", before=lambda: (last.set(), killed.wait(30)))]
        load = subprocess.Popen(
            [sys.executable, "-m", "estore.cli", *home, "load", uri], stderr=subprocess.PIPE
        )
        assert load.stderr and load.stderr.readline().startswith(b"2019-Nov.csv: loaded")
        assert last.wait(60)
        load.kill()
        load.stderr.close()
        load.wait()
        killed.set()
        assert list(workshop.settings.temp.glob("objects/*"))
        network.faults.clear()
        load_again = CliRunner().invoke(main, [*home, "load", uri])
    assert load_again.exit_code == 0, load_again.output
    assert not list(workshop.settings.temp.glob("objects/*"))
    assert workshop.query("select count(*) from raw.events") == [(3_000,)]
    assert cloud_storage.downloads(f"{uri}/2019-Nov.csv") == 1
