"""Sources: settings in shop.toml say how to read other file formats; nothing is guessed."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from landing_files import EVENT, HEADER, Home, gz, line, lines, text

from estore.clock_changes import changes, gap_hours
from estore.errors import EstoreError
from estore.shop import ShopConfig, read_shop
from estore.sources import is_named

NOON = datetime(2019, 10, 1, 12)


def shop_of(folder: Path, toml: str) -> ShopConfig:
    path = folder / "shop.toml"
    path.write_text(toml, encoding="utf-8")
    return read_shop(path)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# (name, shop.toml, time in the file, UTC timestamp; None: rejected)
TIMES: list[tuple[str, str, str, datetime | None]] = [
    ("day_first", 'time_format = "%d.%m.%Y %H:%M"', "01.10.2019 12:00", NOON),
    ("day_first_unpadded", 'time_format = "%d/%m/%Y %H:%M:%S"', "1/10/2019 12:00:00", NOON),
    ("month_first", 'time_format = "%m/%d/%y %I:%M %p"', "10/1/19 12:00 PM", NOON),
    ("month_name", 'time_format = "%d %b %Y %H:%M"', "1 Oct 2019 12:00", NOON),
    ("fraction", 'time_format = "%Y/%m/%d %H:%M:%S.%f"', "2019/10/01 12:00:00.25",
     NOON + timedelta(milliseconds=250)),
    ("date_only", 'time_format = "%Y-%m-%d"', "2019-10-01", datetime(2019, 10, 1)),
    ("date_only_of_a_zone", 'time_format = "%d.%m.%Y"\ntime_zone = "Europe/Berlin"', "01.10.2019",
     datetime(2019, 9, 30, 22)),
    ("offset", 'time_format = "%d.%m.%Y %H:%M %z"', "01.10.2019 14:00 +0200", NOON),
    ("no_such_day", 'time_format = "%d.%m.%Y"', "31.02.2019", None),
    ("other_form", 'time_format = "%d.%m.%Y"', "2019-10-01 12:00:00", None),
    ("seconds", 'time_format = "epoch_seconds"', "1569931200", NOON),
    ("seconds_with_fraction", 'time_format = "epoch_seconds"', "1569931200.5",
     NOON + timedelta(milliseconds=500)),
    ("milliseconds", 'time_format = "epoch_milliseconds"', "1569931200250",
     NOON + timedelta(milliseconds=250)),
    ("microseconds", 'time_format = "epoch_microseconds"', "1569931200000001",
     NOON + timedelta(microseconds=1)),
    ("rounded_seconds", 'time_format = "epoch_seconds"', "1.5699312E9", None),
    ("endless_seconds", 'time_format = "epoch_seconds"', "999999999999999999", None),
    ("named_offset", '[zone_names]\nCET = "+01:00"\nCEST = "+02:00"',
     "2019-10-01 14:00:00 CEST", NOON),
    ("named_zone", '[zone_names]\n"[Europe/Berlin]" = "Europe/Berlin"',
     "2019-10-01T14:00:00[Europe/Berlin]", NOON),
    ("named_with_format", 'time_format = "%d.%m.%Y %H:%M"\n[zone_names]\nEDT = "-04:00"',
     "01.10.2019 08:00 EDT", NOON),
    ("unknown_name", '[zone_names]\nEST = "-05:00"', "2019-10-01 14:00:00 CEST", None),
    ("name_within_another", '[zone_names]\nEST = "-05:00"', "2019-10-01 14:00:00 XEST", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("toml", "written", "instant"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES]
)
def test_a_time_is_read_according_to_the_setting(
    home: Home, tmp_path: Path, toml: str, written: str, instant: datetime | None
) -> None:
    shop = shop_of(tmp_path, "earliest_date = 1970-01-01\n" + toml)
    home.settings.max_reject_share = 1
    home.load_one("day.csv", text([line(event_time=written)]), shop=shop)
    assert home.query("select event_time from raw.events") == ([(instant,)] if instant else [])


# (shop.toml, price in the file, value; None: rejected)
@pytest.mark.parametrize(
    ("decimal", "written", "value"),
    [
        (",", "35,79", "35.79"),
        (",", "1.035,79", "1035.79"),
        (",", "1 035,79", "1035.79"),
        (",", "1\u00a0234\u00a0035,79", "1234035.79"),
        (",", "1'035,5", "1035.5"),
        (",", "1.035", "1035"),
        (",", "12", "12"),
        (",", ",5", "0.5"),
        (",", "35.79", None),
        (",", "1.03,79", None),
        (",", "1,035,79", None),
        (".", "1,035.79", "1035.79"),
        (".", "1035.79", "1035.79"),
        (".", "1,03", None),
        (".", "1.035,79", None),
    ],
)
def test_a_number_is_read_by_its_decimal_sign(
    home: Home, tmp_path: Path, decimal: str, written: str, value: str | None
) -> None:
    shop = shop_of(tmp_path, f'decimal = "{decimal}"\ndelimiter = ";"')
    home.settings.max_reject_share = 1
    row = ";".join(
        {**EVENT, "price": written, "quantity": "1.000" if decimal == "," else "1,000"}.values()
    )
    home.load_one("day.csv", text([row], HEADER.replace(",", ";") + ";quantity"), shop=shop)
    held = home.query("select price, quantity from raw.events")
    assert held == ([(Decimal(value), 1000)] if value else [])


@pytest.mark.parametrize("pack", [bytes, gz], ids=["csv", "gz"])
@pytest.mark.parametrize(
    ("encoding", "python"),
    [("windows-1252", "cp1252"), ("latin-1", "latin-1"), ("utf-16", "utf-16"), ("utf-8", "utf-8")],
)
def test_text_of_another_encoding_is_read_in_it(
    home: Home, tmp_path: Path, encoding: str, python: str, pack: type[bytes]
) -> None:
    shop = shop_of(tmp_path, f'encoding = "{encoding}"')
    name = "day.csv.gz" if pack is gz else "day.csv"
    rows = [line(brand="Käthe, «1»"), *lines(40)]
    outcome = home.load_one(name, pack(text(rows).decode().encode(python)), shop=shop)
    assert (outcome.loaded, outcome.rejected) == (41, 0)
    assert home.query("select brand from raw.events order by 1") == [
        ("Käthe, «1»",), *[("samsung",)] * 40,
    ]  # fmt: skip
    with_bad = text([*rows, "x"]).decode().encode(python)
    outcome = home.load_one("bad" + name, pack(with_bad), shop=shop)
    assert (outcome.loaded, outcome.rejected) == (41, 1)


@pytest.mark.parametrize(
    ("encoding", "brand"),
    [
        ("windows-1251", "кофе"), ("KOI8-R", "кофе"), ("iso-8859-2", "Łódź"),
        ("ISO_8859-15", "1 €"),
        ("shift_jis", "日本"), ("gbk", "中文"), ("big5", "中文"), ("euc-kr", "한국"),
        ("utf-16-le", "кофе"), ("utf-16-be", "кофе"), ("utf-32", "кофе"), ("utf-8-sig", "кофе"),
    ],
)  # fmt: skip
def test_any_text_encoding_can_be_named(
    home: Home, tmp_path: Path, encoding: str, brand: str
) -> None:
    data = text([line(brand=brand)]).decode().encode(encoding)
    outcome = home.load_one("day.csv", data, shop=shop_of(tmp_path, f'encoding = "{encoding}"'))
    assert (outcome.loaded, outcome.rejected) == (1, 0)
    assert home.query("select brand from raw.events") == [(brand,)]


def test_half_a_character_of_utf16_is_rejected_by_row(home: Home, tmp_path: Path) -> None:
    data = text([*lines(20), line(brand="?")]).decode().encode("utf-16")
    data = data.replace("?".encode("utf-16-le"), b"\x00\xd8")
    outcome = home.load_one("day.csv", data, shop=shop_of(tmp_path, 'encoding = "utf-16"'))
    assert (outcome.loaded, outcome.rejected) == (20, 1)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_without_the_mark_of_its_encoding_is_refused(
    home: Home, tmp_path: Path, encoding: str
) -> None:
    shop = shop_of(tmp_path, f'encoding = "{encoding}"')
    error = home.load_one("day.csv", text([line()]), shop=shop).error or ""
    assert f"has no byte order mark of {encoding}; remove encoding from shop.toml" in error


def test_bytes_outside_the_encoding_are_rejected_by_row(home: Home, tmp_path: Path) -> None:
    shop = shop_of(tmp_path, 'encoding = "windows-1252"')
    data = text(lines(20)) + line(brand="x").encode().replace(b"x", b"x\x81") + b"\n"
    outcome = home.load_one("day.csv", data, shop=shop)
    assert (outcome.loaded, outcome.rejected) == (20, 1)


def test_a_file_may_lack_a_column_whose_value_the_shop_sets(home: Home, tmp_path: Path) -> None:
    shop = shop_of(
        tmp_path,
        """
        [columns]
        Datum = "event_time"
        Artikel = "product_id"
        Preis = "price"
        Kunde = "user_id"
        Bestellung = ["order_id", "user_session"]
        [constants]
        event_type = "purchase"
        brand = "it's ours"
        quantity = 2
        """,
    )
    data = (
        b"Datum,Artikel,Preis,Kunde,Bestellung\n"
        b"2019-10-01 12:00:00,a1,10.50,k1,o1\n2019-10-01 12:00:00,a2,1,k1,o1\n"
    )
    outcome = home.load_one("day.csv", data, shop=shop)
    assert outcome.notes == ("missing columns, left empty: category_id, category_code",)
    assert home.query(
        "select event_type, product_id, brand, user_session, order_id, quantity from raw.events "
        "order by 2"
    ) == [
        ("purchase", "a1", "it's ours", "o1", "o1", 2),
        ("purchase", "a2", "it's ours", "o1", "o1", 2),
    ]
    both = data.replace(b"Datum", b"event_type,Datum").replace(b"\n2019", b"\nview,2019")
    home.load_one("other.csv", both, shop=shop)
    types = home.query("select distinct event_type from raw.events order by 1")
    assert types == [("purchase",), ("view",)]


SOURCES = """
time_zone = "Europe/Berlin"

[event_types]
Kauf = "purchase"

[[source]]
files = "orders-*.csv"
delimiter = ";"
decimal = ","
time_format = "%d.%m.%Y %H:%M"

[source.columns]
Zeit = "event_time"
Sitzung = "user_session"

[source.constants]
event_type = "Kauf"

[[source]]
files = ["web/*.csv", "web/*.csv.gz"]
time_zone = "UTC"
event_types = { seen = "view" }
"""


def test_one_landing_folder_mixes_sources_with_their_own_settings(
    home: Home, tmp_path: Path
) -> None:
    shop = shop_of(tmp_path, SOURCES)
    header = "Zeit;product_id;price;user_id;Sitzung"
    home.write("orders-1.csv", text(["01.10.2019 14:00;1;1.035,79;7;s1"], header))
    home.write("web/a.csv", text([line(event_type="seen", event_time="2019-10-01 12:00:00")]))
    home.write("b.csv", text([line(event_type="Kauf", event_time="2019-10-01 14:00:00")]))
    report = home.load(shop=shop)
    assert [outcome.error for outcome in report.outcomes] == [None] * 3
    assert sorted(home.query("select event_time, event_type, price::varchar from raw.events")) == [
        (NOON, "purchase", "1035.790"), (NOON, "purchase", "35.790"), (NOON, "view", "35.790"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("uri", "pattern", "fits"),
    [
        ("/data/orders-1.csv", "orders-*.csv", True),
        ("gs://bucket/2019/orders-1.csv", "2019/orders-*.csv", True),
        ("/data/2020/orders-1.csv", "2019/*.csv", False),
        ("/data/my-orders-1.csv", "orders-*.csv", False),
        ("/data/Orders-1.csv", "orders-*.csv", False),
    ],
)
def test_a_source_names_its_files_by_name_or_by_the_end_of_their_path(
    uri: str, pattern: str, fits: bool
) -> None:
    assert is_named(uri, [pattern]) is fits


# (name, shop.toml, part of the message)
BAD: list[tuple[str, str, str]] = [
    ("format_unknown", 'time_format = "%Q"', "has %Q, which is not known; known are %Y"),
    ("format_open", 'time_format = "%Y-%m-%d %"', "which is not known"),
    ("format_no_day", 'time_format = "%H:%M"', "must contain a year, a month and a day"),
    ("format_word", 'time_format = "epoch"', "or be one of epoch_seconds"),
    ("format_number", "time_format = 3", "time_format must be text in quotes"),
    ("format_quote", "time_format = \"%Y'%m'%d\"", "must not contain quotes"),
    ("decimal", 'decimal = ";"', r'decimal \';\' must be "\." or ","'),
    ("encoding", 'encoding = "ebcdic"', "use a name such as windows-1252"),
    ("encoding_no_text", 'encoding = "rot13"', "encoding 'rot13' is not known"),
    ("encoding_zero", 'encoding = "a\\u0000b"', "is not known"),
    ("zone_name", '[zone_names]\nCET = "Mitte"', r"\[zone_names\] 'CET' must be set to"),
    ("zone_offset", '[zone_names]\nCET = "+99:00"', "must be set to an offset"),
    ("constant_user", '[constants]\nuser_id = "1"', "'user_id' cannot be the same in all rows"),
    ("constant_list", '[constants]\nbrand = ["a"]', "must be set to text in quotes or a number"),
    ("mapped_twice", '[columns]\nA = ["brand", "price"]\nB = "price"', "two columns are mapped"),
    ("mapped_none", "[columns]\nA = []", "'A' must be set to a name in quotes, or to a list"),
    ("source_text", 'source = "x"', r"must be blocks that each begin with \[\[source\]\]"),
    ("source_table", '[source]\nfiles = "x"', "must be blocks that each begin with"),
    ("source_no_files", '[[source]]\ndelimiter = ";"', r'\[\[source\]\] 1: files must name'),
    ("source_files_number", "[[source]]\nfiles = 1", r"\[\[source\]\] 1: files must name"),
    ("source_files_table", "[[source]]\nfiles = { a = 1 }", "files must name"),
    ("source_unknown", '[[source]]\nfiles = "a"\ncolour = 1', r"\[\[source\]\] 1: unknown entry"),
    ("source_bad", '[[source]]\nfiles = "a"\n[[source]]\nfiles = "b"\ndecimal = "x"',
     r"\[\[source\]\] 2: decimal 'x' must be"),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "said"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_the_error_of_a_bad_setting_names_file_and_entry(
    tmp_path: Path, toml: str, said: str
) -> None:
    with pytest.raises(EstoreError, match=said) as raised:
        shop_of(tmp_path, toml)
    assert str(raised.value).startswith(f"{tmp_path / 'shop.toml'}: ")


def test_nonexistent_local_times_are_rejected_and_ambiguous_ones_are_counted(
    home: Home, tmp_path: Path
) -> None:
    shop = shop_of(tmp_path, 'time_zone = "Europe/Berlin"')
    home.settings.max_reject_share = 1
    written = {
        "2020-03-29 01:59:59": datetime(2020, 3, 29, 0, 59, 59),
        "2020-03-29 02:00:00": None,
        "2020-03-29 02:59:59": None,
        "2020-03-29 03:00:00": datetime(2020, 3, 29, 1),
        "2019-10-27 01:59:59": datetime(2019, 10, 26, 23, 59, 59),
        "2019-10-27 02:00:00": datetime(2019, 10, 27, 1),
        "2019-10-27 02:59:59": datetime(2019, 10, 27, 1, 59, 59),
        "2019-10-27 03:00:00": datetime(2019, 10, 27, 2),
        "2019-10-27 02:30:00 UTC": datetime(2019, 10, 27, 2, 30),
    }
    for name, more in (("a.csv", []), ("b.csv", ["x"])):
        outcome = home.load_one(
            name, text([*(line(event_time=t) for t in written), *more]), shop=shop
        )
        assert outcome.rejected == 2 + len(more)
        assert outcome.notes[-1] == (
            "rows in the hour that occurs twice in Europe/Berlin when clocks go back: 2; they "
            "count as the later hour"
        )
    held = home.query(
        "select event_time from raw.events "
        "where file_id = (select min(file_id) from raw.events) order by 1"
    )
    assert [instant for (instant,) in held] == sorted(filter(None, written.values()))
    assert {reason for _, _, reason in home.rejects() if "did not exist" in reason} == {
        f"event_time did not exist in Europe/Berlin, because clocks went forward: {time}"
        for time, instant in written.items()
        if instant is None
    }


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
             "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca", "UTC"],
)  # fmt: skip
def test_the_clock_changes_of_a_zone_follow_its_rules(zone: str) -> None:
    place = ZoneInfo(zone)
    for change in changes(zone):
        for moment in (change.start, change.end - timedelta(seconds=1)):
            first = moment.replace(tzinfo=place)
            second = first.replace(fold=1)
            is_gap = (
                first.astimezone(ZoneInfo("UTC")).astimezone(place).replace(tzinfo=None) != moment
            )
            assert is_gap == change.is_gap, change
            assert first.utcoffset() != second.utcoffset(), change
    assert gap_hours("UTC") == gap_hours("Asia/Kolkata") == []
    assert gap_hours("Europe/Berlin") == [2]
    assert gap_hours("Pacific/Apia") == list(range(24))
