"""Files are loaded exactly once, whatever their format, name, order and repetition."""

import errno
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from landing_files import EVENT, HEADER, TABLES, Home, gz, line, lines, parquet, text, zst

from estore.errors import EstoreError
from estore.landing import find_files
from estore.load import loader
from estore.load.content import Text
from estore.load.intake import duckdb as intake
from estore.load.ledger import Ledger
from estore.shop import PLAIN_COLUMNS, ShopConfig

GOOD = lines(10)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


VARIED = [
    line(),
    line(event_type="cart", category_code="", brand="", price="0", product_id="2"),
    line(event_type="purchase", brand="na", price="2574.07", product_id="3"),
    line(event_time="2019-11-30 23:59:59 UTC", event_type="remove_from_cart", product_id="4"),
]


def typed_parquet(path: Path) -> None:
    parquet(
        path,
        f"""select event_time::timestamptz as event_time, event_type, product_id::bigint as
            product_id, category_id::bigint as category_id, category_code, brand,
            price::double as price, user_id::int as user_id, user_session
        from read_csv('{path.parent}/source.txt', all_varchar = true, nullstr = '')""",
    )


def text_parquet(path: Path) -> None:
    parquet(path, f"from read_csv('{path.parent}/source.txt', all_varchar = true, nullstr = '')")


REORDERED = tuple(reversed(PLAIN_COLUMNS))
FORMS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "csv": ("day.csv", lambda path: path.write_bytes(text(VARIED))),
    "crlf": ("day.csv", lambda path: path.write_bytes(text(VARIED, end="\r\n"))),
    "capital_suffix": ("DAY.CSV", lambda path: path.write_bytes(text(VARIED))),
    "gz": ("day.csv.gz", lambda path: path.write_bytes(gz(text(VARIED)))),
    "gz_of_two_parts": (
        "day.csv.gz",
        lambda path: path.write_bytes(gz(text(VARIED[:2])) + gz(text(VARIED[2:], None))),
    ),
    "zst": ("day.csv.zst", lambda path: path.write_bytes(zst(text(VARIED)))),
    "zst_of_two_parts": (
        "day.csv.zst",
        lambda path: path.write_bytes(zst(text(VARIED[:2])) + zst(text(VARIED[2:], None))),
    ),
    "no_header": ("day.csv", lambda path: path.write_bytes(text(VARIED, None))),
    "reordered": (
        "day.csv",
        lambda path: path.write_bytes(
            text([",".join(reversed(row.split(","))) for row in VARIED], ",".join(REORDERED))
        ),
    ),
    "parquet_typed": ("day.parquet", typed_parquet),
    "parquet_text": ("day.parquet", text_parquet),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_format_of_a_file_gives_the_same_rows(home: Home, form: str) -> None:
    (home.landing / "source.txt").write_bytes(text(VARIED))
    name, write = FORMS[form]
    write(home.landing / name)
    outcome = home.load_one(name)
    assert (outcome.status, outcome.lines, outcome.loaded) == ("loaded", 4, 4)
    one, most = Decimal("35.790"), Decimal("2574.070")
    session, category = "72d76fde-8bb3-4e00-8c23-a032dfed738c", "2103807459595387724"
    noon, last = datetime(2019, 10, 1, 12), datetime(2019, 11, 30, 23, 59, 59)
    phone, user = "electronics.smartphone", "541312140"
    assert home.events() == [
        (noon, "cart", "2", category, None, None, Decimal("0.000"), user, session, None, 1),
        (noon, "purchase", "3", category, phone, "na", most, user, session, None, 1),
        (noon, "view", "1001", category, phone, "samsung", one, user, session, None, 1),
        (last, "remove_from_cart", "4", category, phone, "samsung", one, user, session, None, 1),
    ]  # fmt: skip
    assert home.query("select first_date::text, last_date::text, bytes from raw.files") == [
        ("2019-10-01", "2019-11-30", (home.landing / name).stat().st_size)
    ]


def test_types_are_declared_and_not_guessed_per_file(home: Home) -> None:
    """Lesson 2: category_id becomes a float, and a month of empty brands a different type."""
    home.load_one("a.csv", text([line(category_id="", brand="", user_session="1")] * 2))
    home.load_one("b.csv", text([line(category_id="2103807459595387725", brand="7")]))
    home.load_one("c.csv", text([line(category_id="0012", brand="true", user_id="1e5")]))
    assert home.query(
        "select category_id, brand, user_id from raw.events order by category_id nulls last"
    ) == [
        ("0012", "true", "1e5"),
        ("2103807459595387725", "7", "541312140"),
        (None, None, "541312140"),
        (None, None, "541312140"),
    ]


def test_integer_ids_are_stored_as_integers_until_a_file_has_other_ids(home: Home) -> None:
    whole = [line(product_id=str(number), user_id="-7") for number in (0, 12, 2**63 - 1)]
    home.load_one("a.csv", text(whole))
    assert home.query("select typeof(product_id), typeof(user_id) from raw.events limit 1") == [
        ("BIGINT", "BIGINT")
    ]
    others = ["007", "1e2", "1_0", "+5", "-0", "12.5", "9223372036854775808", "SKU-1", "ä"]
    outcome = home.load_one("b.csv", text([line(product_id=name) for name in others]))
    assert (outcome.status, outcome.loaded, outcome.rejected) == ("loaded", len(others), 0)
    assert home.query("select typeof(product_id), typeof(user_id) from raw.events limit 1") == [
        ("VARCHAR", "BIGINT")
    ]
    assert home.products() == sorted(["0", "12", str(2**63 - 1), *others])
    home.load_one("c.csv", text([line(product_id=" 13 ", user_id="u")]))
    assert "13" in home.products()
    assert {row[0] for row in home.query("select user_id from raw.events")} == {
        "-7", EVENT["user_id"], "u"
    }  # fmt: skip
    home.check_accounts()


@pytest.mark.parametrize(
    ("whole", "count", "separators", "is_plain"),
    [
        (b"a\nb\n", 2, 0, True),
        (b"a\nb", 2, 0, True),
        (b"\n\n", 2, 0, True),
        (b"a,b\n,,\n", 2, 3, True),
        (b"a\0\nb", 2, 0, False),
        (b'"a,b",c\n"d""e",""\r\n', 2, 2, True),
        (b'"",",",""""\n', 1, 2, True),
        (b'\xef\xbb\xbf"a",b\n', 1, 1, True),
        (b'a,"b" ,c\n', 1, 2, False),
        (b'a, "b",c\n', 1, 2, False),
        (b'a,b"b,c\n', 1, 1, False),
        (b'a,"b"b,c\n', 1, 2, False),
        (b'"a"b"\n', 1, 0, False),
        (b"x" * 1_100_000 + b"\n", 1, 0, False),
    ],
)
def test_a_text_is_read_the_same_however_it_is_split_into_blocks(
    whole: bytes, count: int, separators: int, is_plain: bool
) -> None:
    first = 4 if whole[0] == 0xEF else 1  # no block is shorter than a byte order mark
    for cut in range(first, len(whole)) if len(whole) < 99 else [600_000, len(whole) - 1]:
        counted = Text()
        counted.add(whole[:cut])
        counted.add(whole[cut:])
        assert (counted.lines, counted.separators, counted.is_plain) == (
            count, separators, is_plain,
        ), cut  # fmt: skip


@pytest.mark.parametrize("name", ["007", "1e2", "1_0", "+5", "-0", "9223372036854775808", "ä"])
def test_an_id_that_an_integer_would_change_stays_as_it_is(home: Home, name: str) -> None:
    home.load_one("a.csv", text([line(product_id=name, user_id=name)]))
    assert home.query("select product_id, user_id from raw.events") == [(name, name)]


def test_uuid_sessions_are_stored_as_uuids_until_a_file_has_other_ids(home: Home) -> None:
    kind = "select distinct typeof(user_session) from raw.events"
    sessions = "select cast(user_session as varchar) from raw.events order by 1"
    home.load_one("a.csv", text([line(user_session=f" {EVENT['user_session']} "), line()]))
    assert home.query(kind) == [("UUID",)]
    assert home.query(sessions) == [(EVENT["user_session"],)] * 2
    home.load_one("b.csv", text([line(), line(user_session="s1")]))
    assert home.query(kind) == [("VARCHAR",)]
    assert home.query(sessions) == [*[(EVENT["user_session"],)] * 3, ("s1",)]
    home.check_accounts()


@pytest.mark.parametrize(
    "name",
    [
        "72D76FDE-8BB3-4E00-8C23-A032DFED738C", "72d76fde8bb34e008c23a032dfed738c",
        "{72d76fde-8bb3-4e00-8c23-a032dfed738c}", "72d76fde-8bb3-4e00-8c23a032-dfed738c",
        "72d76fde-8bb3-4e00-8c23-a032dfed738", "72d76fde-8bb3-4e00-8c23-a032dfed738g",
    ],
)  # fmt: skip
def test_a_session_id_that_a_uuid_would_change_stays_as_it_is(home: Home, name: str) -> None:
    home.load_one("a.csv", text([line(user_session=name)]))
    assert home.query("select user_session from raw.events") == [(name,)]


def test_an_id_becomes_text_although_an_interrupted_build_left_batch_tables(
    home: Home,
) -> None:
    home.connection.execute("attach ':memory:' as batch; create schema batch.intermediate")
    home.connection.execute("create table batch.intermediate.int_batch_keys (user_id bigint)")
    home.load_one("a.csv", text([line(user_id="ann")]))
    assert home.query("select user_id from raw.events") == [("ann",)]


@pytest.mark.parametrize("name", ["007", "SKU-1"])
def test_a_file_with_a_text_id_is_loaded_completely_or_not_at_all(home: Home, name: str) -> None:
    home.load_one("a.csv", text([line()]))
    bad = text([line(product_id=name), *[line(price="x")] * 9])
    assert home.load_one("b.csv", bad).status == "refused"
    assert home.products() == [EVENT["product_id"]]
    home.check_accounts()


def test_no_valid_row_is_dropped_by_the_handling_of_bad_ones(home: Home) -> None:
    """Lesson 3: ignore_errors drops valid rows. These 20,000 rows have every kind of fault."""
    faults = ['"', "x", line() + ",y", line(price="x"), '"a""', "\r", 'a"b,"c', line(user_id="")]
    rows = lines(20_000)
    for position, fault in enumerate(faults * 20, start=1):
        rows.insert(position * 120, fault)
    outcome = home.load_one("day.csv", text(rows))
    assert (outcome.lines, outcome.loaded) == (20_160 - 20, 20_000)  # a lone CR is a blank line
    assert len(set(home.products())) == 20_000


def test_a_bad_file_in_a_batch_is_retried_alone_and_never_appends_the_good_ones_again(
    home: Home,
) -> None:
    """Lesson 1: one bad file makes a sensor append the good ones again and again."""
    home.write("a.csv", text(GOOD))
    home.write("b.csv.gz", gz(text(lines(5000)))[:-100])
    home.write("c.csv", text(lines(3, first=1)))
    for expected in ("loaded", "unchanged", "unchanged"):
        report = home.load()
        assert [o.status for o in report.outcomes] == [expected, "refused", expected]
        assert len(home.products()) == 13
    assert home.statuses() == {"a.csv": "loaded", "b.csv.gz": "refused", "c.csv": "loaded"}
    home.write("b.csv.gz", gz(text(lines(7, first=50))))
    report = home.load()
    assert [o.status for o in report.outcomes] == ["unchanged", "loaded", "unchanged"]
    assert len(home.products()) == 20
    assert home.statuses() == {"a.csv": "loaded", "b.csv.gz": "loaded", "c.csv": "loaded"}
    assert home.query("select error from raw.files where error is not null") == []


def test_a_bad_replacement_leaves_the_good_rows_until_it_is_fixed(home: Home) -> None:
    home.load_one("day.csv", text(GOOD))
    assert home.load_one("day.csv", b"\x00\x01").status == "refused"
    assert len(home.products()) == 10
    assert home.load_one("day.csv", text(GOOD)).status == "unchanged"
    assert home.statuses() == {"day.csv": "loaded"}


def test_a_refused_file_is_loaded_once_its_mapping_is_right(home: Home) -> None:
    data = text(GOOD, HEADER.replace("price", "Preis"))
    assert home.load_one("day.csv", data).status == "refused"
    assert home.load_one("day.csv", shop=ShopConfig(columns={"Preis": "price"})).loaded == 10
    assert home.statuses() == {"day.csv": "loaded"}


COPIES: dict[str, tuple[str, bytes]] = {
    "copied": ("copy.csv", text(GOOD)),
    "compressed": ("day.csv.gz", gz(text(GOOD))),
    "zstd": ("day.csv.zst", zst(text(GOOD))),
    "crlf": ("dos.csv", text(GOOD, end="\r\n")),
    "no_header": ("bare.csv", text(GOOD, None)),
    "shuffled": ("shuffled.csv", text(reversed(GOOD))),
    "reordered": (
        "reordered.csv",
        text([",".join(reversed(row.split(","))) for row in GOOD], ",".join(REORDERED)),
    ),
    "other_times": ("iso.csv", text([row.replace(" UTC", "+00:00") for row in GOOD])),
}


@pytest.mark.parametrize("copy", COPIES)
def test_the_same_rows_under_another_name_change_nothing_and_are_reported(
    home: Home, copy: str
) -> None:
    home.load_one("day.csv", text(GOOD))
    home.connection.execute("delete from raw.touched_days")
    name, data = COPIES[copy]
    outcome = home.load_one(name, data)
    assert outcome.status == "duplicate"
    assert outcome.notes == (
        f"has the same rows as {home.landing}/day.csv; nothing was loaded twice",
    )
    assert len(home.products()) == 10
    assert home.query("select * from raw.touched_days") == []
    assert home.load_one(name).status == "unchanged"


def test_the_same_file_again_is_unchanged_also_under_a_new_date(home: Home) -> None:
    home.load_one("day.csv", text(GOOD))
    assert home.load_one("day.csv").status == "unchanged"
    (home.landing / "day.csv").touch()
    assert home.load_one("day.csv").status == "unchanged"
    assert len(home.products()) == 10


def test_files_with_the_same_rows_but_other_rejects_are_not_the_same(home: Home) -> None:
    rows = lines(20)
    home.load_one("a.csv", text([*rows, line(price="x")]))
    assert home.load_one("b.csv", text([*rows, line(price="y")])).status == "loaded"
    assert len(home.rejects()) == 2
    names = ",".join(REORDERED)
    turned = [",".join(reversed(row.split(","))) for row in [*rows, line(price="x")]]
    assert home.load_one("c.csv", text(turned, names)).status == "duplicate"


def test_the_same_file_converted_in_place_keeps_its_rows_once(home: Home) -> None:
    home.load_one("day.csv", text(GOOD))
    outcome = home.load_one("day.csv", text(GOOD, end="\r\n"))
    assert (outcome.status, outcome.notes) == (
        "duplicate", ("has the same rows as before; nothing was loaded twice",),
    )  # fmt: skip
    assert len(home.products()) == 10
    assert home.statuses() == {"day.csv": "loaded"}


def test_new_content_under_a_known_name_replaces_its_rows_and_touches_both_days(
    home: Home,
) -> None:
    home.load_one("day.csv", text(GOOD))
    home.load_one("other.csv", text(lines(2, first=1)))
    home.connection.execute("delete from raw.touched_days")
    november = line(event_time="2019-11-01 00:00:00 UTC", product_id="9")
    assert home.load_one("day.csv", text([november])).status == "loaded"
    assert home.products() == ["1", "2", "9"]
    assert home.query("select distinct event_date::text from raw.touched_days order by 1") == [
        ("2019-10-01",), ("2019-11-01",),
    ]  # fmt: skip
    assert home.load_one("day.csv", text(GOOD)).status == "loaded"
    assert len(home.products()) == 12
    assert home.statuses() == {"day.csv": "loaded", "other.csv": "loaded"}


def test_a_replacement_that_is_refused_leaves_the_rows_as_they_were(home: Home) -> None:
    home.load_one("day.csv", text(GOOD))
    assert home.load_one("day.csv", text([line(price="x")] * 5)).status == "refused"
    assert len(home.products()) == 10


def test_a_file_replaced_by_a_copy_of_another_loses_its_own_rows(home: Home) -> None:
    home.load_one("a.csv", text(GOOD))
    home.load_one("b.csv", text(lines(3, first=1)))
    assert home.load_one("b.csv", text(GOOD)).status == "duplicate"
    assert home.products() == sorted(row.split(",")[2] for row in GOOD)
    assert home.statuses() == {"a.csv": "loaded", "b.csv": "duplicate"}


def test_a_duplicate_takes_over_the_rows_when_the_original_is_withdrawn(home: Home) -> None:
    rows = [*lines(20), line(price="x")]
    home.load_one("a.csv", text(rows))
    home.load_one("b.csv", text(rows))
    home.load_one("c.csv", text(rows))
    entry, successor = home.withdraw("a.csv")
    assert Path(entry.uri).name == "a.csv"
    assert successor and Path(successor.uri).name == "b.csv"
    assert len(home.products()) == 20
    assert home.statuses() == {"a.csv": "withdrawn", "b.csv": "loaded", "c.csv": "duplicate"}
    assert home.query("select distinct uri from raw.rejects") == [(str(home.landing / "b.csv"),)]
    home.withdraw("b.csv")
    assert home.statuses() == {"a.csv": "withdrawn", "b.csv": "withdrawn", "c.csv": "loaded"}
    assert home.withdraw("c.csv")[1] is None
    assert home.events() == home.rejects() == []


def test_withdrawing_a_duplicate_leaves_the_rows_with_the_original(home: Home) -> None:
    home.load_one("a.csv", text(GOOD))
    home.load_one("b.csv", text(GOOD))
    _, keeper = home.withdraw("b.csv")
    assert keeper and Path(keeper.uri).name == "a.csv"
    assert len(home.products()) == 10


def test_withdrawn_rows_stay_out_under_any_name_until_they_are_restored(home: Home) -> None:
    home.load_one("a.csv", text(GOOD))
    home.connection.execute("delete from raw.touched_days")
    home.withdraw("a.csv")
    assert home.events() == []
    assert home.query("select event_date::text from raw.touched_days") == [("2019-10-01",)]
    assert home.load_one("a.csv").status == "withdrawn"
    assert home.load_one("b.csv", text(GOOD)).status == "withdrawn"
    home.load_one("c.csv", text(lines(2, first=1)))
    assert home.load_one("c.csv", text(GOOD)).status == "withdrawn"
    assert home.events() == []  # c.csv no longer has the rows that were loaded from it
    (outcome,) = home.load("a.csv", restore=True).outcomes
    assert (outcome.status, outcome.loaded) == ("loaded", 10)
    assert home.load("b.csv", restore=True).outcomes[0].status == "duplicate"
    assert len(home.products()) == 10


def test_a_file_without_rows_in_the_warehouse_cannot_be_withdrawn(home: Home) -> None:
    home.load_one("day.csv", b"")
    with pytest.raises(EstoreError, match="no rows of this file are loaded"):
        home.withdraw("day.csv")


def test_a_reject_has_the_number_of_its_line_in_a_large_file(home: Home) -> None:
    """Large enough for a parallel read, which must keep the order."""
    home.connection.execute("set threads = 4")
    rows = [line(product_id=str(number)) for number in range(150_000)]
    bad = range(999, 150_000, 1000)
    for number in bad:
        rows[number] = line(product_id=str(number), user_id="")
    home.load_one("day.csv", text(rows))
    expected = [(number + 2, str(number)) for number in bad]
    reported = [(number, kept.split(",")[2]) for number, kept, _ in home.rejects()]
    assert reported == expected
    carefully = home.load_one("careful.csv", text([*rows, "x"]))
    assert carefully.rejected == len(bad) + 1
    numbers = home.query(
        "select line_number from raw.rejects where uri like '%careful.csv' order by 1"
    )
    assert [number for (number,) in numbers] == [*(number for number, _ in expected), 150_002]


def test_a_reject_has_the_number_of_its_row_in_a_large_parquet_file(home: Home) -> None:
    home.connection.execute("set threads = 4")
    parquet(
        home.landing / "day.parquet",
        """select '2019-10-01 12:00:00' as event_time, 'view' as event_type, n as product_id,
            1.5 as price, if(n % 5000 = 0, null, 1) as user_id, 's' as user_session
        from range(1, 600_001) as numbers (n) order by n""",
    )
    assert home.load_one("day.parquet").rejected == 120
    assert [(number, kept.split(",")[2]) for number, kept, _ in home.rejects()] == [
        (number, str(number)) for number in range(5000, 600_001, 5000)
    ]


def test_the_text_of_a_reject_can_be_fixed_and_loaded(home: Home) -> None:
    bad = line(brand='black, "decker"', price="x")
    home.load_one("day.csv", text([*GOOD, bad]))
    ((_, kept, _),) = home.rejects()
    assert kept == bad
    assert home.load_one("fixed.csv", text([kept.replace(",x,", ",9.90,")])).loaded == 1


@pytest.mark.parametrize(
    ("zone", "local_time", "instant"),
    [
        ("UTC", "2019-10-01 12:00:00", datetime(2019, 10, 1, 12)),
        ("Europe/Berlin", "2019-10-01 12:00:00", datetime(2019, 10, 1, 10)),
        ("Europe/Berlin", "2019-12-01T12:00", datetime(2019, 12, 1, 11)),
        ("Europe/Berlin", "2019-10-01 12:00:00 UTC", datetime(2019, 10, 1, 12)),
        ("Europe/Berlin", "2019-10-01T12:00:00Z", datetime(2019, 10, 1, 12)),
        ("Europe/Berlin", "2019-10-01 12:00:00+05:30", datetime(2019, 10, 1, 6, 30)),
        ("America/New_York", "2019-10-01 22:00:00", datetime(2019, 10, 2, 2)),
    ],
)
def test_times_without_a_zone_are_in_the_time_zone_of_the_mapping(
    home: Home, zone: str, local_time: str, instant: datetime
) -> None:
    home.load_one("day.csv", text([line(event_time=local_time)]), shop=ShopConfig(time_zone=zone))
    assert home.query("select event_time from raw.events") == [(instant,)]


def test_a_mapping_names_columns_types_and_delimiter_of_another_shop(home: Home) -> None:
    shop = ShopConfig(
        columns={
            "Zeit": "event_time", "Aktion": "event_type", "Artikel": "product_id",
            "Preis": "price", "Kunde": "user_id", "Besuch": "user_session",
            "Bestellung": "order_id", "Menge": "quantity",
        },
        event_types={"Kauf": "purchase", "Ansicht": "view"},
        time_zone="Europe/Berlin",
        delimiter=";",
    )  # fmt: skip
    data = (
        "Zeit;Aktion;Artikel;Preis;Kunde;Besuch;Bestellung;Menge;Notiz\n"
        "2019-10-01 12:00:00;KAUF;a1;10.50;k1;b1;o1;3;\n"
        '2019-10-01 12:00:01;Ansicht;a1;;k1;b1;;;"eins; zwei"\n'
        "2019-10-01 12:00:02;Merken;a1;;k1;b1;;;\n"
    )
    outcome = home.load_one("day.csv", data.encode(), shop=shop)
    assert outcome.notes[:2] == (
        "ignored columns: Notiz",
        "missing columns, left empty: category_id, category_code, brand",
    )
    assert "1 of 3 rows have other event types: merken (1)" in outcome.notes[2]
    assert [(row[1], row[6], row[9], row[10]) for row in home.events()] == [
        ("purchase", Decimal("10.500"), "o1", 3), ("view", None, None, 1),
        ("merken", None, None, 1),
    ]  # fmt: skip


def test_a_mapped_column_has_precedence_over_one_with_our_name(home: Home) -> None:
    data = text([row + ",99.00" for row in GOOD], HEADER + ",net")
    outcome = home.load_one("day.csv", data, shop=ShopConfig(columns={"net": "price"}))
    assert outcome.notes == ("ignored columns: price",)
    assert home.query("select distinct price from raw.events") == [(Decimal("99.000"),)]


STEPS: list[tuple[type, str]] = [
    (intake.DuckDBIntake, "_insert_bad"),
    (intake.DuckDBIntake, "_insert_rejects"),
    (loader._Load, "_check_share"),
    (Ledger, "duplicate_of"),
    (Ledger, "record"),
    (Ledger, "retire"),
    (Ledger, "touch"),
    (loader._Load, "_check_still"),
]


@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_crash_during_a_load_leaves_nothing_behind_and_the_next_load_completes(
    home: Home, monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    rows = [*lines(20), line(price="x")]
    home.load_one("day.csv", text(GOOD))
    before = {table: contents(home, table) for table in TABLES}

    def crash(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, crash)
        with pytest.raises(KeyboardInterrupt):
            home.load_one("day.csv", text(rows))
    assert {table: contents(home, table) for table in TABLES} == before
    assert home.load_one("day.csv").loaded == 20
    assert len(home.products()) == 20


def contents(home: Home, table: str) -> list[tuple[Any, ...]]:
    return home.query(f"from {table} order by all")


def test_a_file_whose_counts_do_not_add_up_is_refused_and_leaves_nothing_behind(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = intake.DuckDBIntake.insert_csv

    def one_too_many(load: Any, file_id: int, header: Any, text: Any) -> tuple[int, int]:
        counted, loaded = insert(load, file_id, header, text)
        return counted + 1, loaded

    monkeypatch.setattr(intake.DuckDBIntake, "insert_csv", one_too_many)
    outcome = home.load_one("day.csv", text(GOOD))
    assert "does not add up: 11 rows, but 10 loaded, 0 rejected" in (outcome.error or "")
    assert home.events() == []


@pytest.mark.parametrize(
    "trouble",
    [
        duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block"),
        duckdb.IOException("IO Error: Could not write file x: No space left on device"),
        duckdb.InterruptException("INTERRUPT Error: Interrupted!"),
        MemoryError(),
    ],
    ids=["memory", "disk", "interrupt", "python_memory"],
)
@pytest.mark.parametrize("name", ["day.csv", "day.csv.gz", "day.parquet"])
def test_a_failing_machine_is_not_reported_as_a_damaged_file(
    home: Home, monkeypatch: pytest.MonkeyPatch, trouble: Exception, name: str
) -> None:
    (home.landing / "source.txt").write_bytes(text(GOOD))
    text_parquet(home.landing / "day.parquet")
    home.write("day.csv", text(GOOD))
    home.write("day.csv.gz", gz(text(GOOD)))

    def fail(*arguments: Any) -> None:
        raise trouble

    monkeypatch.setattr(intake, "execute_watched", fail)
    with pytest.raises(type(trouble)):
        home.load_one(name)
    assert contents(home, "raw.files") == []


def test_a_full_disk_during_the_repair_is_not_reported_as_a_damaged_file(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(intake, "repair", fill)
    with pytest.raises(OSError, match="No space left"):
        home.load_one("day.csv", text([*lines(20), "x"]))
    assert contents(home, "raw.files") == contents(home, "raw.events") == []


def test_an_error_in_a_background_task_of_the_load_is_not_lost(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(loader, "read_text", fail)
    with pytest.raises(MemoryError):
        home.load_one("day.csv.gz", gz(text(GOOD)))
    assert home.events() == []


def test_a_large_file_is_hashed_while_it_is_loaded_and_recognized_later(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "_READ_BESIDE", 0)
    assert home.load_one("a.csv", text([*lines(20), "x"])).rejected == 1
    assert home.load_one("b.csv", text([*lines(20), "x"])).status == "duplicate"
    assert home.load_one("a.csv", text(lines(30))).status == "loaded"
    assert "but is gzip" in (home.load_one("c.csv", gz(text(lines(30)))).error or "")
    assert home.load_one("d.csv", text([*lines(1), *["x"] * 9])).status == "refused"

    hashes = dict(home.query("select uri, content_hash from raw.files where status = 'loaded'"))
    files = find_files([str(home.landing)])
    read = {file.uri: loader.read_content(file).content_hash for file in files[:2]}
    assert hashes == read
    assert home.query("select count(*) from raw.files where content_hash = 'unread'") == [(1,)]
    home.check_accounts()


def test_a_folder_is_read_recursively_without_hidden_names(home: Home) -> None:
    for name in ("a.csv", "below/deep/b.csv.gz", ".hidden.csv", "_draft.csv", "note.txt",
                 ".estore/tmp/c.csv", "_old/d.csv"):  # fmt: skip
        data = text(lines(2, first=len(name)))
        home.write(name, gz(data) if name.endswith("gz") else data)
    assert [Path(o.uri).name for o in home.load().outcomes] == ["a.csv", "b.csv.gz"]
    report = home.load("*.csv", "a.csv", "below")
    assert [Path(o.uri).name for o in report.outcomes] == ["a.csv", "b.csv.gz"]


def test_progress_is_reported_up_to_the_last_byte_and_line(home: Home) -> None:
    from estore.landing import find_files
    from estore.load import load_files

    home.write("a.csv", text(GOOD))
    home.write("b.csv", b"")
    reported: list[tuple[int, int]] = []
    files = find_files([str(home.landing)])
    load_files(
        home.warehouse, files, ShopConfig(), home.settings,
        on_progress=lambda bytes_done, lines_done: reported.append((bytes_done, lines_done)),
    )  # fmt: skip
    assert reported == sorted(reported)
    assert reported[-1] == (sum(file.bytes for file in files), len(GOOD))
