"""Reloading: a known file is read again and replaces its old rows, or they stay."""

from dataclasses import replace
from pathlib import Path

from conftest import Workshop

from estore import pipeline
from estore.console import Console
from estore.landing import find_files
from estore.load import LoadReport


def reload(shop: Workshop, *names: str) -> LoadReport:
    files = find_files([str(shop.landing / name) for name in names])
    return pipeline.reload(shop.settings, shop.shop, files, Console(quiet=True))


def ledger(shop: Workshop) -> list[tuple[str, str]]:
    rows = shop.query("select uri, status from raw.files order by uri, file_id")
    return [(Path(uri).name, status) for uri, status in rows]


def names(shop: Workshop) -> list[str]:
    return [name for (name,) in shop.query("select brand from raw.events order by brand")]


def test_a_file_is_read_with_another_mapping(workshop: Workshop) -> None:
    workshop.write("a.csv", [{"brand": "acme", "category_code": "shoes"}])
    workshop.load()
    workshop.shop = replace(workshop.shop, columns={"category_code": "brand"})
    text = (workshop.landing / "a.csv").read_text()
    (workshop.landing / "a.csv").write_text(text.replace(",brand,", ",label,"))
    workshop.load()
    assert names(workshop) == ["shoes"]

    workshop.shop = replace(workshop.shop, columns={"label": "brand"})
    (outcome,) = reload(workshop, "a.csv").outcomes
    assert outcome.status == "loaded"
    assert names(workshop) == ["acme"]
    touched = workshop.query("select distinct event_date::varchar from raw.touched_days")
    assert touched == [("2019-10-01",)]


def test_the_old_rows_of_a_newly_refused_file_stay(workshop: Workshop) -> None:
    workshop.write("a.csv", [{"brand": "acme"}])
    workshop.load()
    before = ledger(workshop)
    workshop.shop = replace(workshop.shop, columns={"price": "brand"})
    (outcome,) = reload(workshop, "a.csv").outcomes
    assert outcome.status == "refused"
    assert (ledger(workshop), names(workshop)) == (before, ["acme"])


def test_a_reloaded_file_with_a_duplicate_stays_the_original(workshop: Workshop) -> None:
    path = workshop.write("a.csv", [{"brand": "acme"}])
    path.with_name("b.csv").write_bytes(path.read_bytes())
    workshop.load()
    before = workshop.query("select * from raw.files order by file_id")
    assert [outcome.status for outcome in reload(workshop, "a.csv").outcomes] == ["unchanged"]
    assert workshop.query("select * from raw.files order by file_id") == before
    assert names(workshop) == ["acme"]


def test_a_reload_accepts_withdrawn_and_refused_files(workshop: Workshop) -> None:
    workshop.write("a.csv", [{"brand": "acme"}])
    workshop.load()
    workshop.withdraw("a.csv")
    assert reload(workshop, "a.csv").count("loaded") == 1
    assert ledger(workshop)[-1] == ("a.csv", "loaded")
    assert names(workshop) == ["acme"]
