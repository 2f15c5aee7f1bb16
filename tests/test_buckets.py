"""Loading from buckets, on real servers: the same as from a folder, exactly once."""

from pathlib import Path
from typing import Any

import pytest
from emulators import Buckets
from landing_files import Home, gz, line, lines, parquet, text

from estore.landing import find_files
from estore.load import LoadReport, load_files
from estore.shop import ShopConfig

#: Files of every kind, good, with bad lines, to be repaired, and to be refused.
FILES = {
    "2019-Oct.csv": text([*lines(20), line(price="cheap", product_id="7")]),
    "2019-Nov.csv.gz": gz(text(lines(30, first=2001))),
    "deep/2019-Dec.csv.zst": None,
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
        """Load these objects; none named: the whole bucket."""
        files = find_files([f"{self.bucket}/{name}" for name in names] or [self.bucket])
        report = load_files(self.connection, files, ShopConfig(), self.settings, restore=restore)
        self.check_accounts()
        assert not list(self.settings.temp.glob("objects/*"))
        return report


@pytest.fixture
def home(tmp_path: Path, buckets: Buckets) -> BucketHome:
    """An empty home and an empty bucket."""
    return BucketHome(tmp_path, buckets)


def told(report: LoadReport, place: str) -> list[Any]:
    """What became of each file, without the place that it lies in."""
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


def test_a_bucket_is_loaded_as_a_folder_is(home: BucketHome, tmp_path: Path) -> None:
    import landing_files

    path = tmp_path / "rows.parquet"
    parquet(path, "select " + ", ".join(f"'{v}' as {k}" for k, v in landing_files.EVENT.items()))
    contents = {**FILES, "rows.parquet": path.read_bytes()}
    contents["deep/2019-Dec.csv.zst"] = landing_files.zst(text(lines(30, first=3001)))
    for name, data in contents.items():
        home.put(name, data or b"")
    from_bucket = told(home.load_bucket(), home.bucket)
    in_bucket = home.events(), home.rejects(), home.query(LEDGER, home.bucket)

    folder = Home(tmp_path / "folder")
    for name, data in contents.items():
        folder.write(name, data or b"")
    place = str(folder.landing)
    assert told(folder.load(), place) == from_bucket
    assert (folder.events(), folder.rejects(), folder.query(LEDGER, place)) == in_bucket
    assert {status for _, status, *_ in from_bucket} == {"loaded", "duplicate", "refused"}
    assert len(in_bucket[0]) > 100 and len(in_bucket[1]) == 3
