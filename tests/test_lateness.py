"""The ledger reports late files, and they change no number."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import Workshop

from estore import pipeline, reading
from estore.console import Console
from estore.findings import findings
from estore.findings.lateness import late_files
from estore.snapshot.reader import open_snapshot
from estore.warehouse.duckdb import open_warehouse


def day(number: int, user: str = "1") -> dict[str, Any]:
    return {"event_time": f"2019-10-{number:02d} 12:00:00 UTC", "user_id": user}


def arrive(workshop: Workshop, name: str, hours_ago: int, *rows: dict[str, Any]) -> None:
    """Load a file and backdate its arrival."""
    workshop.write(name, rows)
    workshop.load(name)
    workshop.query(
        "update raw.files set loaded_at = timezone('UTC', now()) - to_hours(?) "
        "where ends_with(uri, ?) and status = 'loaded'",
        hours_ago, f"/{name}",
    )  # fmt: skip


def late(workshop: Workshop) -> list[tuple[str, date, int, date, int]]:
    with open_warehouse(workshop.settings) as connection:
        return [
            (file.uri.rsplit("/", 1)[1], file.first_date, file.rows, file.known_until, file.hours)
            for file in late_files(connection, "raw.files")
        ]


def test_a_file_of_earlier_days_is_late_by_the_time_since_later_ones_loaded(
    workshop: Workshop,
) -> None:
    arrive(workshop, "1.csv", 72, day(1))
    arrive(workshop, "3.csv", 48, day(3))
    arrive(workshop, "4.csv", 24, day(4))
    assert late(workshop) == []
    arrive(workshop, "2.csv", 0, day(2), day(2, "9"))
    assert late(workshop) == [("2.csv", date(2019, 10, 2), 2, date(2019, 10, 4), 48)]


def test_files_of_one_delivery_are_not_late_in_whatever_order(workshop: Workshop) -> None:
    arrive(workshop, "nov.csv", 5, {"event_time": "2019-11-02 12:00:00 UTC"})
    arrive(workshop, "oct.csv", 0, day(2))
    assert late(workshop) == []


def test_a_file_that_grows_under_its_name_is_not_late_but_one_that_corrects_another_is(
    workshop: Workshop,
) -> None:
    arrive(workshop, "month.csv", 48, day(1), day(2))
    arrive(workshop, "month.csv", 24, day(1), day(2), day(3))
    assert late(workshop) == []
    arrive(workshop, "again.csv", 0, day(1, "8"))
    assert [file[0] for file in late(workshop)] == ["again.csv"]


def test_a_late_file_is_reported_by_status_and_findings_and_changes_no_table(
    workshop: Workshop, tmp_path: Path
) -> None:
    third = [day(3), {**day(3), "event_type": "purchase"}]
    arrive(workshop, "3.csv", 48, *third)
    arrive(workshop, "2.csv", 0, day(2))
    pipeline.build(workshop.settings, workshop.shop, Console(quiet=True))
    in_time = Workshop(tmp_path / "in_time")
    arrive(in_time, "2.csv", 0, day(2))
    arrive(in_time, "3.csv", 0, *third)
    in_time.build()
    assert workshop.everything() == in_time.everything(), "no table knows when a file arrived"
    sentence = (
        "2.csv arrived 48 hours after data up to 2019-10-03: 1 row of 2019-10-02 was missing from "
        "earlier reports."
    )
    (late_file,) = reading.status(workshop.settings)["late_files"]
    assert late_file["sentence"] == sentence and late_file["rows"] == 1
    with open_snapshot(workshop.settings) as (snapshot, manifest):
        made = findings.key_findings(snapshot, manifest)
        assert [each.period for each in made if each.sentence == sentence] == [
            "2019-10-02 to 2019-10-02"
        ]


@pytest.mark.parametrize("status", ["refused", "withdrawn"])
def test_only_rows_that_are_there_are_late(workshop: Workshop, status: str) -> None:
    arrive(workshop, "3.csv", 48, day(3))
    arrive(workshop, "2.csv", 0, day(2))
    workshop.query("update raw.files set status = ? where ends_with(uri, '/2.csv')", status)
    assert late(workshop) == []
