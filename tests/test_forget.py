"""Forget: tables equal those of files without the person, and no file of the home has the id."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Workshop

from estore import pipeline
from estore.console import Console
from estore.errors import EstoreError
from estore.forget import request
from estore.landing import find_files

PERSON, OTHER = "cust-7f3a91", "cust-7f3a9"  # one id is the start of the other
BAD_ROW = f"not a date,view,1001,,,,100.00,{PERSON},aaaa,,"


PEOPLE = ("ann", OTHER, PERSON, "bob")


def events(people: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Forty days of sessions that view, fill a cart and sometimes buy."""
    for day in range(40):
        for number, person in enumerate(people):
            if (day + number) % (number + 2):
                continue
            at = datetime(2019, 10, 1, 9) + timedelta(days=day, minutes=7 * number)
            kinds = ("view", "cart", "purchase") if day % 3 == 0 else ("view",)
            for step, kind in enumerate(kinds):
                yield {
                    "event_time": f"{at + timedelta(minutes=step)} UTC",
                    "event_type": kind,
                    "product_id": str(1000 + number),
                    "user_id": person,
                    "user_session": f"s{number}-{day}",
                    "price": f"{10 + day}.00",
                }


def filled(workshop: Workshop, people: tuple[str, ...]) -> Workshop:
    """Two files of events by these people, loaded and built."""
    rows = [row for row in events(PEOPLE) if row["user_id"] in people]
    workshop.write("a.csv", [row for row in rows if row["event_time"] < "2019-10-20"])
    workshop.write("b.csv", [row for row in rows if row["event_time"] >= "2019-10-20"])
    if PERSON in people:
        with (workshop.landing / "a.csv").open("a") as file:
            file.write(BAD_ROW + "\n")
    run(workshop)
    return workshop


def run(workshop: Workshop) -> None:
    files = find_files([str(workshop.landing)])
    pipeline.run(workshop.settings, workshop.shop, files, Console(quiet=True))


def forget(workshop: Workshop, *ids: str) -> pipeline.ForgetReport:
    return pipeline.forget(workshop.settings, workshop.shop, ids, Console(quiet=True))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return filled(Workshop(tmp_path_factory.mktemp("with")), PEOPLE)


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """All tables of a shop that the person never visited."""
    others = tuple(person for person in PEOPLE if person != PERSON)
    return filled(Workshop(tmp_path_factory.mktemp("without")), others).everything()


@pytest.fixture
def shop(original: Workshop, tmp_path: Path) -> Workshop:
    """A copy of the home, so that each test can change it."""
    for name in ("home", "landing"):
        shutil.copytree(original.landing.parent / name, tmp_path / name)
    return Workshop(tmp_path)


def traces(workshop: Workshop) -> list[str]:
    """Where the id still is: files by their bytes, tables by the text of their values."""
    found = []
    for path in sorted(workshop.settings.home.rglob("*")):
        if path.is_file() and PERSON.encode() in path.read_bytes():
            found.append(str(path))
        if path.suffix == ".parquet":
            ((count,),) = duckdb.sql(
                f"select count(*) from '{path}' as t where contains(cast(t as varchar), '{PERSON}')"
            ).fetchall()
            found += [f"{path}: {count} rows"] if count else []
    tables = workshop.query(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where database_name = 'warehouse'"
    )
    for (table,) in tables:
        ((count,),) = workshop.query(
            f"select count(*) from {table} as t where contains(cast(t as varchar), '{PERSON}')"
        )
        found += [f"{table}: {count} rows"] if count else []
    return found


def test_a_forgotten_person_leaves_no_trace_and_no_difference(
    shop: Workshop, without: dict[str, list[tuple[Any, ...]]]
) -> None:
    assert traces(shop)  # otherwise this test would find nothing anywhere
    rows = len([row for row in events(PEOPLE) if row["user_id"] == PERSON])
    (shop.settings.home / "logs").mkdir(exist_ok=True)
    (shop.settings.home / "logs" / "errors.log").write_text(f"seen: {PERSON}, {OTHER}\n")

    report = forget(shop, PERSON)

    assert (report.rows, report.other_files, report.open_snapshots) == (rows + 1, [], [])
    assert [place for place in traces(shop) if OTHER not in place] == []
    assert f"[forgotten], {OTHER}" in (shop.settings.home / "logs" / "errors.log").read_text()
    tables = shop.everything()
    assert tables.keys() == without.keys()
    assert [name for name, rows_ in tables.items() if rows_ != without[name]] == []
    files = shop.query(
        "select lines, loaded, rejected, forgotten from raw.files order by uri, file_id"
    )
    assert all(lines == sum(filter(None, rest)) for lines, *rest in files)
    assert sum(forgotten or 0 for *_, forgotten in files) == rows + 1
    assert request.pending(shop.settings) is None
    _load_again(shop, len(tables["marts.dim_users"]))


def _load_again(shop: Workshop, users: int) -> None:
    """A new file with the person's rows does not bring the person back."""
    rows = list(events(PEOPLE))
    shop.write("all.csv", rows[:-1])  # other content than any loaded file
    with (shop.landing / "all.csv").open("a") as file:
        file.write(BAD_ROW + "\n")

    run(shop)

    assert traces(shop) == []
    ((lines, loaded, rejected, forgotten),) = shop.query(
        "select lines, loaded, rejected, forgotten from raw.files where uri like '%/all.csv'"
    )
    theirs = len([row for row in rows[:-1] if row["user_id"] == PERSON]) + 1
    assert (lines, loaded, rejected, forgotten) == (len(rows), len(rows) - theirs, 0, theirs)
    assert len(shop.query("from marts.dim_users")) == users


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("remove_people", marks=pytest.mark.long),
        "rewrite_warehouse",
        pytest.param("clean_logs", marks=pytest.mark.long),
    ],
)
def test_killed_in_the_middle_the_next_run_completes_it(shop: Workshop, place: str) -> None:
    """The process dies without any cleanup, as by `kill -9`."""
    code = f"""
import os, sys
from estore import pipeline
from estore.console import Console
from estore.forget import sweep
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse.duckdb import DuckDBWarehouse
owner = DuckDBWarehouse if {place!r} == "remove_people" else sweep
before = getattr(owner, {place!r})
def dying(*given):
    if {place!r} == "remove_people":
        before(*given)
    os._exit(9)
setattr(owner, {place!r}, dying)
settings = Settings(home={str(shop.settings.home)!r})
pipeline.forget(settings, ShopConfig(), [{PERSON!r}], Console(quiet=True))
"""
    died = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True)
    assert died.returncode == 9, died.stderr.decode()
    assert traces(shop)

    pipeline.build(shop.settings, shop.shop, Console(quiet=True))

    assert traces(shop) == []
    assert request.pending(shop.settings) is None


def test_a_file_of_ids_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_bytes("\ufeff501\r\n\r\n 502 \n".encode())
    assert request.read_ids(path) == ["501", "502"]
    path.write_text("501\n502,ann@example.org\n")
    with pytest.raises(EstoreError, match=r"ids\.txt, line 2: .* is not one id; write one user id"):
        request.read_ids(path)


def test_a_request_needs_an_id() -> None:
    with pytest.raises(EstoreError, match="name at least one user id"):
        request.cleaned([" ", ""])
