"""The same files through DuckDB and BigQuery give the same tables: rows, columns, values."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from bigquery_emulator import BigQuery, CloudShop, assert_equal
from conftest import SAMPLE, needs_sample

from estore.synth import Shop, write_shop


class Pair:
    """One bucket, and both engines that load it."""

    def __init__(self, bigquery: BigQuery, folder: Path) -> None:
        self.storage = bigquery.storage
        self.bucket = self.storage.new_bucket()
        self.cloud = CloudShop(
            folder / "cloud", f"{self.bucket}/", target="bigquery", bigquery=bigquery.new_name()
        )
        self.local = CloudShop(folder / "local", f"{self.bucket}/")

    def put(self, name: str, data: bytes) -> None:
        self.storage.put(f"{self.bucket}/{name}", data)

    def run(self) -> tuple[int, int, int]:
        """Both engines run; returns what was compared: tables, rows, columns."""
        ours, theirs = self.cloud.run(), self.local.run()
        assert [
            (outcome.status, outcome.lines, outcome.loaded, outcome.rejected, outcome.reasons)
            for outcome in ours.loaded.outcomes
        ] == [
            (outcome.status, outcome.lines, outcome.loaded, outcome.rejected, outcome.reasons)
            for outcome in theirs.loaded.outcomes
        ]
        return assert_equal(self.cloud, self.local)


@pytest.fixture(scope="module")
def pair(bigquery: BigQuery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A synthetic shop of two months, of which the tests land one part after another."""
    yield Pair(bigquery, tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """Lines of a synthetic shop by day; the header under the empty name."""
    folder = tmp_path_factory.mktemp("shop")
    found: dict[str, list[list[str]]] = {}
    for path in write_shop(folder, Shop(events=6_000, months=2, seed=4)):
        with path.open(newline="") as file:
            found[""], *lines = list(csv.reader(file))
        for line in lines:
            found.setdefault(line[0][:10], []).append(line)
    return found


def text(days: dict[str, list[list[str]]], first: str, last: str, skip: str = "") -> bytes:
    """The days from a first to a last one as a file."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(days[""])
    for day in sorted(days):
        if first <= day <= last and day != skip:
            writer.writerows(days[day])
    return output.getvalue().encode()


def test_first_build_increment_late_and_replaced_file(
    pair: Pair, days: dict[str, list[list[str]]]
) -> None:
    pair.put("old.csv", text(days, "2019-10-01", "2019-11-25", skip="2019-10-17"))
    tables, rows, columns = pair.run()
    print("first build", tables, rows, columns)
    assert tables > 50 and rows > 15_000

    pair.put("new.csv", text(days, "2019-11-26", "2019-11-28"))
    print("increment", pair.run())

    pair.put("late.csv", text(days, "2019-10-17", "2019-10-17"))
    lines = text(days, "2019-11-26", "2019-11-28").splitlines(keepends=True)
    pair.put("new.csv", b"".join(lines[:1] + lines[5:]))
    print("late and replaced", pair.run())


@pytest.mark.long  # a minute and a half of processor time
@needs_sample
def test_real_sample(bigquery: BigQuery, tmp_path: Path) -> None:
    pair = Pair(bigquery, tmp_path)
    pair.put("2019-Oct-head.csv.gz", SAMPLE.read_bytes())
    print("real sample", pair.run())
