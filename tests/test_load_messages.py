"""Messages of a load: other event types, rows that a replacement removed, wrong clocks."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from conftest import Workshop
from landing_files import Home, gz, line, lines, text

from estore import clock
from estore.cli import main
from estore.load.event_types import NAMED, sentences
from estore.shop import ShopConfig, read_shop

NOON = datetime(2019, 10, 1, 12)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    set_clock(monkeypatch, NOON)
    return monkeypatch


def set_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def typed(*types: str) -> list[str]:
    return [line(event_type=name, product_id=str(n)) for n, name in enumerate(types)]


# Event types


def test_event_types_that_are_not_ours_are_named_with_their_rows(home: Home) -> None:
    rows = typed("view", "View_Item", "view_item", "search", "purchase", "cart")
    outcome = home.load_one("a.csv", text(rows))
    assert outcome.loaded == 6
    assert outcome.warnings == ()
    (note,) = [note for note in outcome.notes if "event types" in note]
    assert note.startswith("3 of 6 rows have other event types: view_item (2), search (1); ")
    assert "[event_types] in shop.toml" in note
    assert home.query("select other_event_types from raw.files") == [
        ('{"view_item": 2, "search": 1}',)
    ]
    assert not [note for note in home.load_one("b.csv", text(lines(2))).notes if "types" in note]


def test_a_file_without_view_cart_or_purchase_is_a_warning(home: Home) -> None:
    outcome = home.load_one("a.csv", text(typed("Product Viewed", "Order Completed")))
    assert outcome.loaded == 2
    (warning,) = outcome.warnings
    assert warning.startswith("no row is a view, a cart or a purchase")
    assert "order completed (1), product viewed (1); map them under [event_types]" in warning
    shop = ShopConfig(event_types={"Product Viewed": "view", "Order Completed": "purchase"})
    assert home.load_one("b.csv", text(typed("Product Viewed")), shop=shop).warnings == ()


def test_only_the_most_frequent_of_many_event_types_are_named(home: Home) -> None:
    rows = typed(*(f"type{number}" for number in range(100)), "zz", "zz")
    outcome = home.load_one("a.csv", text(rows))
    ((kept,),) = home.query("select other_event_types from raw.files")
    counts = json.loads(kept)
    assert (len(counts), counts["zz"], sum(counts.values())) == (NAMED + 1, 2, 102)
    assert "zz (2), type0 (1)" in outcome.warnings[0]
    assert "and others (96)" in outcome.warnings[0]


def test_status_and_findings_sum_the_event_types_of_loaded_files(home: Home) -> None:
    home.load_one("a.csv", text(typed("view", "search")))
    home.load_one("b.csv", text(typed("search", "login")))
    home.load_one("c.csv", text(typed("wish")))
    home.withdraw("c.csv")
    names = [c for c, *_ in home.query("describe raw.files")]
    said = sentences([dict(zip(names, row, strict=True)) for row in home.query("from raw.files")])
    assert said[0].startswith(
        "3 rows in 2 files have event types other than view, cart and purchase: "
        "search (2), login (1)."
    )
    assert said[1:] == ["1 file without any view, cart or purchase: b.csv."]


def test_a_mapping_made_after_the_load_is_used_when_the_file_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text(typed("kauf", "view")))

    def estore(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    place = str(tmp_path / "a.csv")
    assert "kauf (1)" in estore("load", place)
    assert "kauf (1)" in estore("status")
    (tmp_path / "home" / "shop.toml").write_text('[event_types]\nKauf = "purchase"\n')
    assert "a.csv: unchanged" in estore("load", place)
    assert "kauf" not in estore("load", "--again", place)
    assert "kauf" not in estore("status")


# Replacement


def days(*counts: int, first: int = 1, mark: str = "a") -> bytes:
    return text(
        line(event_time=f"2019-10-{first + day:02} 10:00:00 UTC", product_id=str(n), brand=mark)
        for day, count in enumerate(counts)
        for n in range(count)
    )


def test_content_of_other_days_under_a_known_name_is_a_warning(home: Home) -> None:
    assert home.load_one("orders.csv", days(40)).notes == ()
    outcome = home.load_one("orders.csv", days(40, first=2))
    (warning,) = outcome.warnings
    assert warning.startswith("40 rows of 2019-10-01 were removed: the file's new content "
                              "covers 2019-10-02 instead.")  # fmt: skip
    assert home.load_one("orders.csv", days(1, first=4)).warnings[0].startswith("40 rows of")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ((3, 2), (3, 2, 4), "replaces the 5 rows of 2019-10-01 to 2019-10-02 loaded from this path "
         "before"),
        ((3, 2), (3, 1), "replaces the 5 rows of 2019-10-01 to 2019-10-02 loaded from this path "
         "before; 1 fewer on 2019-10-02"),
        ((3, 2, 4), (4,), "replaces the 9 rows of 2019-10-01 to 2019-10-03 loaded from this path "
         "before; 6 fewer on 2019-10-02 to 2019-10-03"),
    ],
)  # fmt: skip
def test_a_replacement_reports_what_it_removed(
    home: Home, old: tuple[int, ...], new: tuple[int, ...], said: str
) -> None:
    home.load_one("a.csv", days(*old))
    outcome = home.load_one("a.csv", days(*new, mark="b"))
    assert (outcome.notes, outcome.warnings) == ((said,), ())


def test_rows_that_another_file_has_are_not_removed(home: Home) -> None:
    home.load_one("a.csv", days(2))
    home.load_one("copy.csv", days(2))
    outcome = home.load_one("a.csv", days(2, first=5))
    assert outcome.warnings == ()
    assert "its 2 earlier rows stay, because" in outcome.notes[0]
    assert "copy.csv has the same rows" in outcome.notes[0]


def test_a_file_that_becomes_a_copy_of_another_reports_what_it_removed(home: Home) -> None:
    home.load_one("a.csv", days(2))
    home.load_one("b.csv", days(3, first=9))
    outcome = home.load_one("b.csv", days(2))
    assert outcome.status == "duplicate"
    assert outcome.warnings[0].startswith("3 rows of 2019-10-09 were removed")


# Clocks


def ahead(hours: int, product: str = "1") -> str:
    at = NOON + timedelta(hours=hours)
    return line(event_time=f"{at:%Y-%m-%d %H:%M:%S} UTC", product_id=product)


@pytest.mark.parametrize("form", ["plain", "gzip", "careful"])
def test_a_row_rejected_by_the_clock_is_read_again_once_its_time_has_come(
    home: Home, at_noon: pytest.MonkeyPatch, form: str
) -> None:
    rows = [*lines(40, first=100), ahead(25, "1"), ahead(40, "2")]
    if form == "careful":
        rows.append("too,few")
    name = "a.csv.gz" if form == "gzip" else "a.csv"
    home.write(name, gz(text(rows)) if form == "gzip" else text(rows))
    extra = form == "careful"

    outcome = home.load_one(name)
    assert (outcome.loaded, outcome.rejected) == (40, 2 + extra)
    set_clock(at_noon, NOON + timedelta(minutes=59))
    assert home.load_one(name).status == "unchanged"
    set_clock(at_noon, NOON + timedelta(hours=1))
    outcome = home.load_one(name)
    assert (outcome.status, outcome.loaded, outcome.rejected) == ("loaded", 41, 1 + extra)
    assert outcome.warnings == ()
    assert home.load_one(name).status == "unchanged"
    set_clock(at_noon, NOON + timedelta(days=3))
    assert home.load_one(name).rejected == extra
    assert home.load_one(name).status == "unchanged"
    assert home.statuses() == {name: "loaded"}


def test_a_copy_of_a_file_that_is_read_again_stays_a_copy(
    home: Home, at_noon: pytest.MonkeyPatch
) -> None:
    rows = [*lines(20, first=100), ahead(25)]
    home.write("a.csv", text(rows))
    home.write("b.csv", text(rows))
    home.load()
    set_clock(at_noon, NOON + timedelta(days=1))
    home.load()
    assert home.statuses() == {"a.csv": "loaded", "b.csv": "duplicate"}
    assert len(home.events()) == 21
    assert [outcome.status for outcome in home.load().outcomes] == ["unchanged", "unchanged"]


@pytest.mark.parametrize(
    "stamp", ["0001-01-01 00:00:00", "1970-01-01 00:00:00", "1994-12-31 23:59:59"]
)
def test_a_row_dated_before_the_earliest_date_is_rejected_with_its_reason(
    home: Home, stamp: str
) -> None:
    rows = [*lines(2), line(event_time=f"{stamp} UTC"), line(event_time="1995-01-01 00:00:00 UTC")]
    outcome = home.load_one("a.csv", text(rows))  # above the limit for other errors
    assert (outcome.loaded, outcome.rejected) == (3, 1)
    assert outcome.reasons == {"event_time is before 1995-01-01": 1}
    assert home.rejects()[0][2] == f"event_time is before 1995-01-01: {stamp} UTC"
    early = ShopConfig(earliest_date="0001-01-01")
    assert home.load_one("b.csv", text([*rows, line(brand="x")]), shop=early).rejected == 0


def test_a_file_is_refused_if_most_rows_are_before_the_earliest_date(home: Home) -> None:
    old = [line(event_time="1970-01-01 00:00:00 UTC", product_id=str(n)) for n in range(5)]
    outcome = home.load_one("a.csv", text([*lines(3), *old]))
    assert outcome.status == "refused"
    assert "(event_time is before 1995-01-01: 5)" in (outcome.error or "")


def test_the_earliest_date_is_a_setting_of_the_shop(tmp_path: Path) -> None:
    for said, kept in (('"2010-05-01"', "2010-05-01"), ("2010-05-01", "2010-05-01")):
        (tmp_path / "shop.toml").write_text(f"earliest_date = {said}\n")
        assert read_shop(tmp_path / "shop.toml").earliest_date == kept
    for wrong in ("5", '"yesterday"', '"2010-13-01"', "2010-05-01T10:00:00", "[]", "true"):
        (tmp_path / "shop.toml").write_text(f"earliest_date = {wrong}\n")
        with pytest.raises(Exception, match=r"earliest_date = .* must be a day, as in 1995-01-01"):
            read_shop(tmp_path / "shop.toml")


# Older homes


def test_a_home_made_before_these_columns_opens_and_builds(workshop: Workshop) -> None:
    rows = [{"event_type": "view"}, {"event_type": "search"}]
    workshop.write("a.csv", rows)
    workshop.write("ahead.csv", [*rows, {"event_time": "2199-01-01 00:00:00 UTC"}])
    workshop.load()
    with duckdb.connect(str(workshop.settings.warehouse)) as connection:
        connection.execute("alter table raw.files drop other_event_types")
        connection.execute("alter table raw.files drop recheck_at")
        connection.execute("update raw.rejects set reason = replace(reason, ' is ', ' lies ')")
    result = CliRunner().invoke(main, ["--home", str(workshop.settings.home), "status"])
    assert result.exit_code == 0, result.output
    workshop.write("b.csv", [{"event_type": "search", "product_id": "9"}])
    report = workshop.load()
    assert [outcome.status for outcome in report.outcomes] == ["unchanged", "loaded", "loaded"]
    assert workshop.query(
        "select parse_filename(uri), other_event_types, recheck_at::varchar from raw.files "
        "where status <> 'replaced' order by 1"
    ) == [
        ("a.csv", None, None),
        ("ahead.csv", '{"search": 1}', "2198-12-31 00:00:00"),
        ("b.csv", '{"search": 1}', None),
    ]
    assert workshop.load().count("unchanged") == 3
