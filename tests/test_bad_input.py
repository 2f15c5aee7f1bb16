"""Bad input is reported, not guessed. No other file or row is lost."""

import os
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from landing_files import HEADER, Home, gz, line, lines, parquet, text, zst

from estore.cli import main
from estore.errors import EstoreError
from estore.landing import SUFFIXES, find_files
from estore.load import load_files
from estore.shop import ShopConfig, read_shop

GOOD = lines(19)
PRODUCTS = sorted(str(1001 + number) for number in range(19))


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S UTC")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# Rows: one bad row among 19 good ones. (name, row, reason)
BAD_ROWS: list[tuple[str, str | bytes, str]] = [
    ("no_time", line(event_time=""), "event_time is empty"),
    ("no_type", line(event_type=""), "event_type is empty"),
    ("no_product", line(product_id=""), "product_id is empty"),
    ("no_user", line(user_id=""), "user_id is empty"),
    ("no_session", line(user_session=""), "user_session is empty"),
    ("blank_user", line(user_id="   "), "user_id is empty"),
    ("tab_user", line(user_id="\t"), "user_id is empty"),
    ("zero_width_user", line(user_id="\u200b\ufeff"), "user_id is empty"),
    ("control_user", line(user_id="\x01501"), "user_id starts with an invisible character"),
    ("date_only", line(event_time="2019-10-01"), "event_time not understood: 2019-10-01"),
    ("epoch_seconds", line(event_time="1569931200"), "event_time not understood: 1569931200"),
    ("epoch_float", line(event_time="1.5699312e9"), "event_time not understood: 1.5699312e9"),
    ("month_name", line(event_time="1 Oct 2019 12:00"), "event_time not understood: 1 Oct"),
    ("day_first", line(event_time="01/10/2019 12:00:00"), "event_time not understood: 01/10"),
    ("hour_25", line(event_time="2019-10-01 25:00:00 UTC"), "event_time not understood"),
    ("february_30", line(event_time="2019-02-30 12:00:00 UTC"), "event_time not understood"),
    ("month_13", line(event_time="2019-13-01T12:00:00Z"), "event_time not understood"),
    ("pm", line(event_time="2019-10-01 02:00:00 PM"), "event_time not understood"),
    ("zone_word", line(event_time="2019-10-01 12:00:00 CET"), "event_time not understood"),
    ("zeros", line(event_time="0000-00-00 00:00:00 UTC"), "event_time not understood"),
    ("in_two_days", line(event_time=in_hours(48)), "event_time is more than a day in the future"),
    ("year_2099", line(event_time="2099-01-01 00:00:00"), "event_time is more than a day in"),
    ("negative_price", line(price="-5.00"), "price is negative: -5.00"),
    ("price_word", line(price="free"), "price not understood: free"),
    ("price_comma", line(price="35,79"), "price not understood: 35,79"),
    ("price_thousands", line(price="1,035.79"), "price not understood: 1,035.79"),
    ("price_nan", line(price="NaN"), "price not understood: NaN"),
    ("price_inf", line(price="inf"), "price not understood: inf"),
    ("price_hex", line(price="0x1F"), "price not understood: 0x1F"),
    ("price_underscore", line(price="1_000"), "price not understood: 1_000"),
    ("price_dollar", line(price="$35.79"), "price not understood: $35.79"),
    ("price_huge", line(price="9" * 18), "price not understood: 999"),
    ("free_purchase", line(event_type="purchase", price=""), "price of a purchase is empty"),
    ("rounded_category", line(category_id="2.1038074595953876e+18"), "category_id was rounded"),
    ("rounded_capital", line(category_id="2.10381E+18"), "category_id was rounded"),
    ("rounded_whole", line(category_id="2E+18"), "category_id was rounded"),
    ("rounded_by_java", line(category_id="1.515915625353465E18"), "category_id was rounded"),
    ("rounded_small", line(product_id="4.804056E6"), "product_id was rounded"),
    ("rounded_ten_millions", line(user_id="1.0E7"), "user_id was rounded"),
    (
        "rounded_comma",
        line(user_id="1,51592E+18"),
        "user_id was rounded by the program that wrote it",
    ),
    ("rounded_by_a_locale", line(user_id="1,515915625×10^18"), "user_id was rounded"),
    ("rounded_no_digit", line(user_id=".5E10"), "user_id was rounded"),
    ("rounded_point_only", line(user_id="541312140."), "user_id was rounded"),
    ("rounded_comma_lower", line(category_id="2,10381e18"), "category_id was rounded"),
    ("rounded_no_fraction", line(category_id="2e18"), "category_id was rounded"),
    ("rounded_minus", line(user_id="-1.5E-5"), "user_id was rounded"),
    ("rounded_session", line(user_session="1.5699312E9"), "user_session was rounded"),
    ("float_comma", line(user_id="541312140,0"), "user_id was rounded"),
    ("offset_of_99_hours", line(event_time="2019-10-01 12:00:00+99:00"), "event_time not underst"),
    ("float_user", line(user_id="541312140.0"), "user_id was rounded"),
    ("header_again", HEADER, "event_time not understood: event_time"),
    ("hostile_time", line(event_time="'); drop table raw.events; --"), "event_time not understood"),
    ("formula_time", line(event_time="=cmd|'/C calc'!A0"), "event_time not understood: =cmd"),
    ("long_price", line(price="9" * 5000), "price not understood: 999"),
    # From here on the fast reader fails.
    ("few_columns", "2019-10-01 12:00:00 UTC,view,1", "too few columns: 3 instead of 9"),
    ("two_separators_at_the_end", line() + ",,", "too many columns: 11 instead of 9"),
    ("an_empty_field_more", line() + ',"",', "too many columns: 11 instead of 9"),
    ("many_columns", line() + ",x", "too many columns: 10 instead of 9"),
    ("unquoted_comma", line().replace("samsung", "a,b"), "too many columns: 10 instead of 9"),
    ("one_word", "oops", "too few columns: 1 instead of 9"),
    ("unclosed_quote", line().replace("samsung", '"samsung'), "not CSV: a quote is opened but not"),
    ("after_quote", line().replace("samsung", '"samsung"x'), "not CSV: "),
    ("not_utf8", line(brand="caf\xe9").encode("latin-1"), "not UTF-8 text"),
    ("zero_byte", line(brand="sam\0sung"), "contains a zero byte"),
    ("zeros_only", "\0" * 40, "contains a zero byte"),
    ("stray_cr", line().replace("samsung", "sam\rsung"), "not CSV: "),
    ("endless_line", line(brand="x" * 2_100_000), "longer than 2,000,000 characters"),
    ("escape_codes", "\x1b[31mred\x1b[0m", "too few columns"),
]


def as_bytes(row: str | bytes) -> bytes:
    return (row if isinstance(row, bytes) else row.encode()) + b"\n"


def check_reject(reject: tuple[int, str, str], number: int, bad: bytes, reason: str) -> None:
    assert reject[0] == number
    assert reject[2].startswith(reason)
    assert len(reject[2]) <= 200
    shown = bad.decode("utf-8", "backslashreplace").replace("\0", "\\x00").strip()
    assert reject[1].strip()[:50] == shown[:50]


@pytest.mark.parametrize(
    ("bad", "reason"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS]
)
def test_a_bad_row_is_rejected_alone_with_its_line_and_reason(
    home: Home, bad: str | bytes, reason: str
) -> None:
    data = text(GOOD[:10]) + as_bytes(bad) + text(GOOD[10:], header=None)
    outcome = home.load_one("day.csv", data)
    assert (outcome.status, outcome.lines, outcome.loaded, outcome.rejected) == (
        "loaded",
        20,
        19,
        1,
    )
    assert home.products() == PRODUCTS
    (reject,) = home.rejects()
    check_reject(reject, 12, as_bytes(bad), reason)
    assert outcome.reasons == {reject[2].split(":")[0]: 1}


def test_bad_rows_in_one_file_are_treated_as_each_of_them_alone(home: Home) -> None:
    """Here the careful reader types the rows that the fast one would read alone."""
    good = lines(10 * len(BAD_ROWS))
    parts = [text([])]
    for number, (_, bad, _reason) in enumerate(BAD_ROWS):
        parts += [text(good[10 * number : 10 * number + 10], None), as_bytes(bad)]
    outcome = home.load_one("day.csv", b"".join(parts))
    assert (outcome.loaded, outcome.rejected) == (len(good), len(BAD_ROWS))
    assert len(set(home.products())) == len(good)
    for number, reject in enumerate(home.rejects()):
        _, bad, reason = BAD_ROWS[number]
        check_reject(reject, 12 + 11 * number, as_bytes(bad), reason)


#: Quantities, in files with that column.
@pytest.mark.parametrize("quantity", ["0", "-1", "2.5", "two", "1e2", "99999999999"])
def test_a_quantity_that_is_not_a_count_is_refused(home: Home, quantity: str) -> None:
    rows = [row + ",2" for row in GOOD]
    data = text([*rows, f"{line()},{quantity}"], header=HEADER + ",quantity")
    outcome = home.load_one("day.csv", data)
    assert (outcome.lines, outcome.loaded, outcome.rejected) == (20, 19, 1)
    assert home.rejects()[0][0::2] == (21, f"quantity not understood: {quantity}")
    assert home.query("select sum(quantity) from raw.events") == [(38,)]


# Rows that look odd and are valid: nothing is rejected. (name, row, column, its value)
ODD_ROWS: list[tuple[str, str, str, object]] = [
    ("within_the_hour", line(event_time=in_hours(1)), "event_type", "view"),
    ("iso", line(event_time="2019-10-01T12:00:00Z"), "event_time", datetime(2019, 10, 1, 12)),
    ("pandas", line(event_time="2019-10-01 12:00:00+00:00"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("offset", line(event_time="2019-10-01T14:00:00.25+02:00"), "event_time",
     datetime(2019, 10, 1, 12, 0, 0, 250_000)),
    ("offset_after_space", line(event_time="2019-10-01 14:00:00 +0200"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("offset_with_colon", line(event_time="2019-10-01 14:00:00 +02:00"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("offset_of_hours", line(event_time="2019-10-01T14:00:00 +02"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("offset_of_half_hours", line(event_time="2019-10-01 08:30:00.5 -0330"), "event_time",
     datetime(2019, 10, 1, 12, 0, 0, 500_000)),
    ("offset_joined", line(event_time="2019-10-01T17:45:00+0545"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("z_after_space", line(event_time="2019-10-01 12:00:00.250 Z"), "event_time",
     datetime(2019, 10, 1, 12, 0, 0, 250_000)),
    ("utc_without_space", line(event_time="2019-10-01T12:00:00UTC"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("gmt", line(event_time="2019-10-01T12:00 GMT"), "event_time", datetime(2019, 10, 1, 12)),
    ("offset_after_spaces", line(event_time="2019-10-01 14:00:00  +0200"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("offset_named_by_go", line(event_time="2019-10-01 14:00:00 +0200 CEST"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("utc_named_by_go", line(event_time="2019-10-01 12:00:00.25 +0000 UTC"), "event_time",
     datetime(2019, 10, 1, 12, 0, 0, 250_000)),
    ("lower_case_utc", line(event_time="2019-10-01 12:00:00 utc"), "event_time",
     datetime(2019, 10, 1, 12)),
    ("id_before_a_tab", line(user_id="777\t"), "user_id", "777"),
    ("id_before_a_line_break", line(user_id="anna\n"), "user_id", "anna"),
    ("id_between_invisible_marks", line(user_id="\ufeffanna\u200b"), "user_id", "anna"),
    ("type_before_a_tab", line(event_type="cart\t"), "event_type", "cart"),
    ("price_before_a_wide_space", line(price="12.5\u3000"), "price", Decimal("12.5")),
    ("brand_of_blanks", line(brand="\u2028\x85\t"), "brand", None),
    ("blanks_inside", line(brand="a\u3000b"), "brand", "a\u3000b"),
    ("id_like_an_exponent", line(category_id="7E5"), "category_id", "7E5"),
    ("id_like_hexadecimal", line(category_id="12e34567"), "category_id", "12e34567"),
    ("no_seconds", line(event_time="2019-10-01 12:00"), "event_time", datetime(2019, 10, 1, 12)),
    ("free_view", line(price=""), "price", None),
    ("free_cart", line(event_type="cart", price="0"), "price", 0),
    ("other_type", line(event_type="remove_from_cart"), "event_type", "remove_from_cart"),
    ("capital_type", line(event_type=" View "), "event_type", "view"),
    ("brand_na", line(brand="na"), "brand", "na"),
    ("brand_nan", line(brand="nan"), "brand", "nan"),
    ("brand_null", line(brand="null"), "brand", "null"),
    ("brand_upper_null", line(brand="NULL"), "brand", "NULL"),
    ("no_brand", line(brand=""), "brand", None),
    ("quoted_empty", line().replace("samsung", '""'), "brand", None),
    ("quoted_comma", line(brand="black, decker"), "brand", "black, decker"),
    ("doubled_quote", line(brand='19" rack'), "brand", '19" rack'),
    ("bare_quote", line().replace("samsung", '19" rack'), "brand", '19" rack'),
    ("line_break", line(brand="black\ndecker"), "brand", "black\ndecker"),
    ("space_before_quote", line().replace("samsung", ' "sam"'), "brand", "sam"),
    ("sql", line(brand="'); drop table raw.events; --"), "brand", "'); drop table raw.events; --"),
    ("formula", line(brand="=cmd|'/C calc'!A0"), "brand", "=cmd|'/C calc'!A0"),
    ("emoji", line(brand="☕ кофе"), "brand", "☕ кофе"),
    ("text_ids", line(product_id="SKU-12.5", user_id="anna+1@shop.example"), "user_id",
     "anna+1@shop.example"),
    ("dotted_category", line(category_id="shoes.men"), "category_id", "shoes.men"),
    ("exact_category", line(category_id="9223372036854775807"), "category_id",
     "9223372036854775807"),
    ("trailing_comma", line() + ",", "brand", "samsung"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("odd", "column", "value"), [row[1:] for row in ODD_ROWS], ids=[row[0] for row in ODD_ROWS]
)
def test_an_odd_row_that_can_be_read_exactly_is_loaded(
    home: Home, odd: str, column: str, value: object
) -> None:
    outcome = home.load_one("day.csv", text([*GOOD, odd]))
    assert (outcome.lines, outcome.loaded, outcome.rejected) == (20, 20, 0)
    text_of = {"product_id": "product_id::varchar", "user_id": "user_id::varchar"}
    asked = text_of.get(column, column)
    assert value in [row[0] for row in home.query(f"select {asked} from raw.events")]


def test_the_careful_reader_reads_odd_rows_as_the_fast_one_does(home: Home) -> None:
    for number, (_, odd, *_rest) in enumerate(ODD_ROWS):
        home.load_one(f"{number}.csv", text([odd]))
    fast = home.events()
    home.connection.execute("delete from raw.events; delete from raw.files")
    home.connection.execute("delete from raw.file_days")
    outcome = home.load_one("all.csv", text([*(row[1] for row in ODD_ROWS), "two,columns"]))
    assert (outcome.loaded, outcome.rejected) == (len(ODD_ROWS), 1)
    carefully = home.events()
    assert set(carefully) == set(fast)


def flipped_bit(data: bytes) -> bytes:
    """A gzip file with one changed letter, so that its checksum is wrong."""
    plain = zlib.compressobj(0, zlib.DEFLATED, 31)
    stored = plain.compress(data) + plain.flush()
    return stored.replace(b"samsung", b"samsunf", 1)


BIG = text(lines(3000))
UTF16 = text(GOOD).decode().encode("utf-16")

# Refused files. (name, file name, bytes, part of the message)
BAD_FILES: list[tuple[str, str, bytes, str]] = [
    ("empty", "day.csv", b"", "is empty; export it again"),
    ("blank", "day.csv", b"\n \n\n", "is empty"),
    ("empty_gz", "day.csv.gz", gz(b""), "is empty"),
    ("nothing_gz", "day.csv.gz", b"", "is empty"),
    ("nothing_parquet", "day.parquet", b"", "is not a Parquet file"),
    ("truncated_gz", "day.csv.gz", gz(BIG)[:-200], "is damaged.*copy it again"),
    ("cut_checksum_gz", "day.csv.gz", gz(BIG)[:-4], "is damaged.*copy it again"),
    ("flipped_bit_gz", "day.csv.gz", flipped_bit(BIG), "is damaged: CRC check failed"),
    ("garbage_after_gz", "day.csv.gz", gz(BIG) + b"garbage", "is damaged.*copy it again"),
    ("not_gz", "day.csv.gz", text(GOOD), "is damaged: Not a gzipped file"),
    ("truncated_zst", "day.csv.zst", zst(BIG)[:-20], "is damaged.*copy it again"),
    ("garbage_zst", "day.csv.zst", zst(BIG)[:40] + b"x" * 99_000, "is damaged.*copy it again"),
    ("gz_as_csv", "day.csv", gz(BIG), r"is gzip; name it \.csv\.gz"),
    ("zst_as_gz", "day.csv.gz", zst(BIG), r"is zstd; name it \.csv\.zst"),
    ("xlsx_as_csv", "day.csv", b"PK\x03\x04" + b"\0" * 99, "is zip; .*save the workbook as CSV"),
    ("binary", "day.csv", bytes(range(256)) * 9, "is not text but binary"),
    ("utf16", "day.csv", UTF16, r'is UTF-16; save .* or set encoding = "utf-16" in'),
    ("utf16_no_mark", "day.csv", UTF16[2:], r'without a byte order mark; .*= "utf-16-le" in'),
    ("utf32", "day.csv", text(GOOD).decode().encode("utf-32"), r'set encoding = "utf-32" in'),
    ("utf16_gz", "day.csv.gz", gz(UTF16), 'set encoding = "utf-16" in shop.toml'),
    ("cr_ends", "day.csv", text(GOOD, end="\r"), "has CR line ends; save it with LF"),
    ("semicolons", "day.csv", text(GOOD).replace(b",", b";"), r'by \';\', .*set delimiter = ";"'),
    ("tabs", "day.csv", text(GOOD).replace(b",", b"\t"), r'set delimiter = "\\t" in shop.toml'),
    ("no_price", "day.csv", text(GOOD, HEADER.replace("price", "cost")),
     r"has no column price; its columns are .*cost.*\[columns\] \"their name\" = \"price\""),
    ("no_ids", "day.csv", text(GOOD, HEADER.replace("_id", "_no")), "no column product_id"),
    ("price_twice", "day.csv", text(GOOD, HEADER.replace("brand", "price")), "two columns"),
    ("price_twice_case", "day.csv", text(GOOD, HEADER.replace("brand", "PRICE")),
     "two columns for price; keep one"),
    ("other_header", "day.csv", b"a,b,c\n1,2,3\n", "has none of the columns "),
    ("no_header_8", "day.csv", text([row.rsplit(",", 1)[0] for row in GOOD], None),
     "has no header and 8 columns instead of 9 .*add a header line"),
    ("no_header_10", "day.csv", text([row + ",x" for row in GOOD], None),
     "has no header and 10 columns instead of 9"),
    ("no_header_index", "day.csv", text([f"{n},{row}" for n, row in enumerate(GOOD)], None),
     "has none of the columns"),
    ("unclosed_header", "day.csv", text(GOOD, '"' + HEADER), "has none of the columns"),
    ("header_endless", "day.csv", b'"' + b"x" * 200_000, "has none of the columns"),
    ("all_bad", "day.csv", text([line(price="free")] * 30),
     r'was not loaded: 30 of its 30 rows are invalid \(price not understood: 30\)\. First example: '
     r'"free"\. A price must be a number, e\.g\. 1035\.79; see decimal in shop\.toml'),
    ("half_bad", "day.csv", text([line(price="free")] * 3 + lines(3)),
     "3 of its 6 rows .* To load the other rows, raise ESTORE_MAX_REJECT_SHARE above 0.1"),
    ("times_unknown", "day.csv", text([line(event_time="1.10.2019 12:00")] * 3),
     r"was not loaded: 3 of its 3 rows are invalid \(event_time not understood: 3\)"),
    *[(f"times_{name}", "day.csv", text([line(event_time=time)] * 3), said)
      for name, time, said in [
        ("day_first", "31.10.2019 12:00", r'"31\.10\.2019 12:00"\. .*"%d\.%m\.%Y %H:%M" in shop'),
        ("slashes", "10/31/2019 12:00", r'the month comes first: .*"%d/%m/%Y .* or "%m/%d/%Y'),
        ("day_only", "2019-10-31", r'days without a time: set time_format = "%Y-%m-%d" in shop'),
        ("seconds", "1569931200", r'seconds since 1970: set time_format = "epoch_seconds" in shop'),
        ("milliseconds", "1569931200123", 'set time_format = "epoch_milliseconds" in shop.toml'),
        ("microseconds", "1569931200123456", 'set time_format = "epoch_microseconds" in shop'),
        ("zone", "2019-10-01 12:00:00 CET", r'under \[zone_names\], .* CET = "\+01:00" in shop'),
        ("month_name", "1 Oct 2019", r'"1 Oct 2019"\. Set the format of the times, e\.g\.'),
        ("long", "x" * 500, 'First example: "x{58} …"'),
        ("escapes", "\x1b]52;c;aGk=\x07", r'First example: "\\x1b]52;c;aGk=\\x07"'),
    ]],
    *[(f"prices_{name}", "day.csv", text([line(price=price)] * 3), said)
      for name, price, said in [
        ("comma", "1.035,79", r'"1\.035,79"\. The decimal sign is a comma: set decimal = "," in'),
        ("thousands", "1,035.79", r'Thousands are grouped: set decimal = "\."'),
        ("dollar", "$35.79", r'"\$35\.79"\. Export the number without a currency$'),
        ("refunds", "-35.79", r'First example: "-35\.79"\. Refunds are not supported: remove'),
    ]],
    ("windows_1252", "day.csv", text([line(brand="café")] * 3).decode().encode("cp1252"),
     r'not UTF-8 text: 3\)\. First example: ".*caf.*"\. .*encoding = "windows-1252", or save'),
    ("rounded_ids", "day.csv", text([line(user_id="1.5E18")] * 3),
     r'First example: "1.5E18"\. Export ids as text or whole numbers: rounding lost digits$'),
    ("no_users", "day.csv", text([line(user_id="")] * 3), r"column with user_id under \[columns\]"),
    ("two_delimiters", "day.csv", text([row.replace(",", ";", 3) for row in GOOD[:3]]),
     r"too few columns: 3\)\. First example: \"2019-.*check delimiter in shop"),
    ("all_misshapen", "day.csv", text(["a,b"] * 30), "30 of its 30 .*too few columns"),
    ("parquet_is_text", "day.parquet", text(GOOD), "is not a Parquet file"),
    ("parquet_cut", "day.parquet", b"PAR1" + b"x" * 500, "is not a Parquet file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "said"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES]
)
def test_a_bad_file_is_refused_by_name_and_the_rest_is_loaded(
    home: Home, name: str, data: bytes, said: str
) -> None:
    home.write("a_good.csv", text(lines(5, first=1)))
    home.write("z_good.csv", text(lines(7, first=100)))
    home.write(name, data)
    report = home.load()
    (refused,) = report.refused
    error = refused.error or ""
    assert error.startswith(name + " ") and re.search(said, error), refused
    assert "\n" not in error
    assert (report.count("loaded"), report.total("loaded")) == (2, 12)
    assert home.query("select count(*) from raw.events") == [(12,)]
    assert home.query("select count(*) from raw.rejects") == [(0,)]
    assert home.query(
        "select uri, lines, loaded, rejected, error from raw.files where status = 'refused'"
    ) == [(str(home.landing / name), None, 0, 0, error.removeprefix(name + " "))]
    assert not (home.settings.temp / "repair").exists()


# Files in unusual formats, read to the last row. (name, bytes, lines, loaded, rejected, note)
ODD_FILES: list[tuple[str, bytes, int, int, int, str]] = [
    ("header_only", text([]), 0, 0, 0, "has a header but no rows"),
    ("header_without_end", HEADER.encode(), 0, 0, 0, "has a header but no rows"),
    ("byte_order_mark", b"\xef\xbb\xbf" + text(GOOD), 19, 19, 0, ""),
    ("byte_order_mark_only", b"\xef\xbb\xbf" + text(GOOD, None), 19, 19, 0, ""),
    ("byte_order_mark_careful", b"\xef\xbb\xbf" + text([*GOOD, "x"], None), 20, 19, 1, "too few"),
    ("crlf", text(GOOD, end="\r\n"), 19, 19, 0, ""),
    ("mixed_ends", text(GOOD[:9]) + text(GOOD[9:], None, "\r\n"), 19, 19, 0, ""),
    ("mixed_ends_back", text(GOOD[:9], end="\r\n") + text(GOOD[9:], None), 19, 19, 0, ""),
    ("blank_lines", text([*GOOD[:9], "", " ", *GOOD[9:], "", ""]), 19, 19, 0, ""),
    ("rows_of_separators",
     text([*GOOD[:9], "," * 8, '"", ,' + "," * 6, *GOOD[9:], *["," * 8] * 30]),
     19, 19, 0, "blank rows (separators only), not counted: 32"),
    ("other_rows_of_separators", text([*GOOD[:9], "," * 3, ", ", *GOOD[9:], "," * 20, '"",,']),
     19, 19, 0, "blank rows (separators only), not counted: 4"),
    ("rows_of_other_blanks",
     text([*GOOD, *[",".join([blank] * 9) for blank in "\t\x0b\x85\u200b\u2028\u3000\ufeff"],
           "\u200b", "\ufeff"]),
     19, 19, 0, "blank rows (separators only), not counted: 7"),
    ("separators_and_a_bad_row", text([*GOOD, "," * 8, "," * 11, "x"]), 20, 19, 1, "too few"),
    ("blank_first_lines", b"\n \r\n,,\n" + text(GOOD), 19, 19, 0, ""),
    ("two_byte_order_marks", b"\xef\xbb\xbf" * 2 + text(GOOD), 19, 19, 0, ""),
    ("two_byte_order_marks_only", b"\xef\xbb\xbf" * 2 + text(GOOD, None), 19, 19, 0, ""),
    ("separator_line", b"sep=;\r\n" + text(GOOD).replace(b",", b";"), 19, 19, 0, ""),
    ("separator_line_after_a_mark", b'\xef\xbb\xbf"sep=\t"\n' + text(GOOD).replace(b",", b"\t"),
     19, 19, 0, ""),
    ("separator_at_the_end", text([row + "," for row in GOOD]), 19, 19, 0, ""),
    ("blanks_around_quotes", text([row.replace("samsung", ' "samsung"  ') for row in GOOD]),
     19, 19, 0, ""),
    ("many_blank_lines", text([*GOOD, *[""] * 100_000, "x"]), 20, 19, 1, "too few columns"),
    ("no_last_end", text(GOOD)[:-1], 19, 19, 0, ""),
    ("cut_off", text([*GOOD, line()])[:-45], 20, 19, 1, "too few columns: 8 instead of 9"),
    ("no_header", text(GOOD, None), 19, 19, 0, ""),
    ("index_column", text([f"{n},{row}" for n, row in enumerate(GOOD)], "," + HEADER), 19, 19, 0,
     "ignored columns: (unnamed)"),
    ("capitals", text(GOOD, HEADER.upper()), 19, 19, 0, ""),
    ("spaced_header", text(GOOD, HEADER.replace(",", " , ")), 19, 19, 0, ""),
    ("quoted_header", text(GOOD, '"' + HEADER.replace(",", '", "') + '"'), 19, 19, 0, ""),
    ("extra_twice", text([row + ",1,2" for row in GOOD], HEADER + ",x,x"), 19, 19, 0,
     "ignored columns: x, x"),
    ("no_brand", text([",".join(row.split(",")[:5] + row.split(",")[6:]) for row in GOOD],
     HEADER.replace("brand,", "")), 19, 19, 0, "missing columns, left empty: brand"),
    ("two_unclosed", text([*GOOD[:5], '"', *GOOD[5:], line().replace("sam", '"sam')]), 21, 19, 2,
     "a quote is opened but not closed"),
    ("unclosed_to_the_end", text([*GOOD, '"' + line()]), 20, 19, 1, "a quote is opened but not"),
    ("quotes_pair_over_rows",
     text([GOOD[0].replace("sam", '"sam'), *GOOD[1:], line().replace("sung", 'sung"')]),
     20, 19, 1, "a quote is opened but not closed"),
    ("late_zeros", text(GOOD) + b"\0" * 5000, 20, 19, 1, "contains a zero byte"),
    ("one_of_ten", text([*lines(9), "x"]), 10, 9, 1, "too few columns"),
]  # fmt: skip


@pytest.mark.parametrize("pack", [None, gz], ids=["csv", "gz"])
@pytest.mark.parametrize(
    ("data", "line_count", "loaded", "rejected", "said"),
    [row[1:] for row in ODD_FILES],
    ids=[row[0] for row in ODD_FILES],
)
def test_a_file_in_an_unusual_format_is_read_to_its_last_row(
    home: Home, data: bytes, line_count: int, loaded: int, rejected: int, said: str,
    pack: Callable[[bytes], bytes] | None,
) -> None:  # fmt: skip
    name = "day.csv.gz" if pack else "day.csv"
    outcome = home.load_one(name, pack(data) if pack else data)
    assert outcome.error is None
    assert (outcome.lines, outcome.loaded, outcome.rejected) == (line_count, loaded, rejected)
    reasons = [reason for *_, reason in home.rejects()]
    assert said in " ".join([*outcome.notes, *reasons])
    if said == "":
        assert outcome.notes == ()


def test_every_line_that_an_unclosed_quote_would_swallow_is_loaded(home: Home) -> None:
    opened = line(product_id="7").replace("samsung", '"samsung')
    rows = lines(3000)
    outcome = home.load_one("day.csv", text([*rows[:1000], opened, *rows[1000:]]))
    assert (outcome.lines, outcome.loaded, outcome.rejected) == (3001, 3000, 1)
    assert home.rejects() == [(1002, opened, "not CSV: a quote is opened but not closed")]


@pytest.mark.parametrize(("bad", "status"), [(10, "loaded"), (11, "refused")])
def test_the_largest_share_of_rejects_is_accepted_and_one_more_is_not(
    home: Home, bad: int, status: str
) -> None:
    outcome = home.load_one("day.csv", text([*lines(100 - bad), *[line(price="x")] * bad]))
    assert (outcome.status, outcome.rejected) == (status, bad if status == "loaded" else 0)


@pytest.mark.parametrize(("share", "bad", "lines_in_all"), [(0.29, 29, 100), (0.07, 7, 100)])
def test_the_share_is_compared_without_a_rounding_error(
    tmp_path: Path, share: float, bad: int, lines_in_all: int
) -> None:
    home = Home(tmp_path, max_reject_share=share)
    rows = [*lines(lines_in_all - bad), *[line(price="x")] * bad]
    assert home.load_one("day.csv", text(rows)).status == "loaded"


TYPED = """
    select timestamp '2019-10-01 12:00:00' as event_time, 'view' as event_type,
        1000 + n as product_id, 2103807459595387724 as category_id, null as category_code,
        'samsung' as brand, 35.79::double as price, 541312140 as user_id, 's' as user_session
    from range(1, 20) as numbers (n)
"""


@pytest.mark.parametrize(
    ("select", "said"),
    [
        (f"select * exclude (price) from ({TYPED})", "has no column price"),
        (f"select * replace (category_id::double as category_id) from ({TYPED})",
         r"stores category_id as a rounded number \(DOUBLE\): ids above 2\^53 lose digits"),
        (f"select * replace (user_id::float as user_id) from ({TYPED})", "stores user_id as a ro"),
        (f"select * replace (event_time::date as event_time) from ({TYPED})",
         r"19 of its 19 rows are invalid \(event_time not understood: 19\)"),
        (f"select * replace (epoch(event_time) as event_time) from ({TYPED})",
         "event_time not understood: 19"),
        (f"select * replace ('nan'::double as price) from ({TYPED})", "price not understood: 19"),
        (f"select * replace ([brand] as brand) from ({TYPED})",
         r"stores brand as VARCHAR\[\], not as text\. Export it as text"),
        (f"select * replace ({{'a': brand}} as brand) from ({TYPED})", "stores brand as STRUCT"),
        (f"select * replace (map {{'a': 1}} as category_id) from ({TYPED})", "category_id as MAP"),
        (f"select * replace (true as event_type) from ({TYPED})", "stores event_type as BOOLEAN"),
        (f"select * replace (true as price) from ({TYPED})", "BOOLEAN, not as a number"),
        (f"select * replace ([price] as price) from ({TYPED})", "not as a number"),
        (f"select *, true as quantity from ({TYPED})", "not as a whole number"),
        (f"select * replace (event_time::time as event_time) from ({TYPED})", "not as a time"),
        (f"select * replace ([event_time] as event_time) from ({TYPED})", "not as a time"),
        (f"select * replace (['a'::enum('a')] as user_session) from ({TYPED})", "not as text"),
        (f"select * replace ('\\xE9'::blob as brand) from ({TYPED})",
         "stores brand as bytes that are not UTF-8 text"),
        (f"select * replace (1.5e9::double as user_session) from ({TYPED})",
         "stores user_session as a rounded number"),
    ],
)  # fmt: skip
def test_a_bad_parquet_file_is_refused_completely(home: Home, select: str, said: str) -> None:
    parquet(home.landing / "day.parquet", select)
    outcome = home.load_one("day.parquet")
    assert re.search(said, outcome.error or ""), outcome
    assert home.events() == []


def test_bytes_of_a_parquet_file_that_are_text_are_read_as_text(home: Home) -> None:
    columns = "event_type, brand, user_session"
    blobs = ", ".join(f"encode({name}) as {name}" for name in columns.split(", "))
    select = (
        f"select * replace ({blobs}) from (select * replace ('Käthe''s' as brand) from ({TYPED}))"
    )
    parquet(home.landing / "day.parquet", select)
    assert home.load_one("day.parquet").loaded == 19
    assert home.query(f"select distinct {columns} from raw.events") == [("view", "Käthe's", "s")]


def test_a_parquet_file_with_a_damaged_page_is_refused_and_the_rest_is_loaded(home: Home) -> None:
    path = home.landing / "day.parquet"
    parquet(path, TYPED)
    data = bytearray(path.read_bytes())
    data[4:80] = b"\xff" * 76
    path.write_bytes(data)
    home.write("good.csv", text(GOOD))
    report = home.load()
    assert [outcome.status for outcome in report.outcomes] == ["refused", "loaded"]
    assert (report.refused[0].error or "").startswith("day.parquet is damaged: ")


def test_a_bad_row_of_a_parquet_file_is_rejected_with_its_number(home: Home) -> None:
    parquet(
        home.landing / "day.parquet",
        f"{TYPED} union all select * replace (null as user_id) from ({TYPED}) limit 20",
    )
    outcome = home.load_one("day.parquet")
    assert (outcome.lines, outcome.loaded, outcome.rejected) == (20, 19, 1)
    ((number, kept, reason),) = home.rejects()
    assert (number, reason) == (20, "user_id is empty")
    assert kept == "2019-10-01 12:00:00,view,1001,2103807459595387724,,samsung,35.79,,s"


NAMES = [
    "it's.csv", 'a "quoted" name.csv', "with space.csv", "кофе ☕.csv", "a[1].csv", "a*.csv",
    "what?.csv", "; drop table raw.events; --.csv", "100%.csv", "{a,b}.csv", "$latest.csv",
    "back\\slash.csv", "line\nbreak.csv", "~.csv", "-rf.csv",
]  # fmt: skip


@pytest.mark.parametrize("folder", ["", "brand=nike/[2019]/"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_of_any_name_is_read_as_itself_and_no_other(
    home: Home, folder: str, form: str
) -> None:
    for number, name in enumerate(NAMES, start=1):
        path = home.write(f"{folder}{name}", text(lines(number, first=100 * number)))
        if form == "parquet":
            header, *rows = [row.split(",") for row in path.read_text().splitlines()]
            path.unlink()
            values = ", ".join(f"({', '.join(map(repr, row))})" for row in rows)
            plain = home.landing / "plain.parquet"
            parquet(plain, f"select * from (values {values}) as t ({', '.join(header)})")
            plain.rename(path.with_suffix(".parquet"))
    home.write(f"{folder}a1.csv", text(lines(1, first=1)))  # a[1] as a pattern would match this
    report = home.load()
    refused = [name for name in NAMES if form == "parquet" and "\\" in name and "[" in folder]
    assert [Path(o.uri).stem for o in report.refused] == [Path(name).stem for name in refused]
    assert report.total("loaded") == sum(range(1, len(NAMES) + 1)) + 1 - (
        NAMES.index(refused[0]) + 1 if refused else 0
    )
    assert home.query("select distinct brand from raw.events") == [("samsung",)]


def test_a_name_that_is_not_utf8_is_refused_and_the_rest_is_loaded(home: Home) -> None:
    home.write("good.csv", text(GOOD))
    home.write(os.fsdecode(b"caf\xe9.csv"), text(lines(3, first=1)))
    report = home.load()
    assert sorted(outcome.status for outcome in report.outcomes) == ["loaded", "refused"]
    assert "has a name that is not UTF-8; rename it" in (report.refused[0].error or "")


def test_a_folder_named_like_an_event_file_has_no_events(home: Home) -> None:
    (home.landing / "day.csv").mkdir()
    with pytest.raises(EstoreError, match="contains no event files"):
        find_files([str(home.landing / "day.csv")])
    home.write("day.csv/inner.csv", text(GOOD))
    assert home.load().total("loaded") == 19


def test_a_file_that_vanishes_is_refused_and_the_rest_is_loaded(home: Home) -> None:
    home.write("a.csv", text(GOOD))
    home.write("b.csv", text(lines(3, first=1)))
    files = find_files([str(home.landing)])
    (home.landing / "a.csv").unlink()
    report = load_files(home.warehouse, files, ShopConfig(), home.settings)
    assert [outcome.status for outcome in report.outcomes] == ["refused", "loaded"]
    assert "a.csv cannot be read: No such file" in (report.refused[0].error or "")


def test_a_file_that_grows_while_it_is_read_is_refused_and_loaded_when_complete(home: Home) -> None:
    path = home.write("a.csv", text(GOOD))
    files = find_files([str(path)])
    path.write_bytes(text([*GOOD, line(product_id="7")]))
    (outcome,) = load_files(home.warehouse, files, ShopConfig(), home.settings).outcomes
    assert "changed while it was being read; run again" in (outcome.error or "")
    assert home.events() == []
    assert home.load_one("a.csv").loaded == 20


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_read_permission_is_reported(home: Home) -> None:
    home.write("good.csv", text(GOOD))
    path = home.write("secret.csv", text(lines(3, first=1)))
    path.chmod(0)
    report = home.load()
    assert "secret.csv cannot be read: Permission denied" in (report.refused[0].error or "")
    assert report.total("loaded") == 19
    home.write("below/day.csv", text(GOOD))
    (home.landing / "below").chmod(0)
    with pytest.raises(EstoreError, match="below: cannot be read: Permission denied"):
        find_files([str(home.landing)])
    (home.landing / "below").chmod(0o700)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("absent.csv", "absent.csv: does not exist"),
        ("*.csv", "contains no event files"),
        ("zero\0byte.csv", "does not exist"),
        ("~no-such-user/day.csv", "does not exist"),
        ("x" * 5000, "cannot be read: File name too long"),
    ],
)
def test_a_path_without_event_files_is_reported(home: Home, place: str, said: str) -> None:
    home.write("note.txt", b"hello")
    with pytest.raises(EstoreError, match=said):
        find_files([place if place[0] == "~" else str(home.landing / place)])


def test_a_file_of_another_kind_among_those_named_is_refused_alone(home: Home) -> None:
    """A shell's `data/*` also names the README."""
    home.write("note.txt", b"hello")
    home.write("day.csv", text(GOOD))
    report = home.load("note.txt", "day.csv")
    assert [outcome.error for outcome in report.refused] == [
        f"note.txt has no event file suffix; use one of {SUFFIXES}"
    ]
    assert report.total("loaded") == len(GOOD)


# Mappings. (name, shop.toml, part of the message)
BAD_MAPPINGS: list[tuple[str, str | bytes, str]] = [
    ("bad_toml", "time_zone = Europe/Berlin", "not valid TOML: .*line 1"),
    ("not_utf8", b'[columns]\n"caf\xe9" = "brand"', "not valid TOML"),
    ("key_twice", '[columns]\nA = "brand"\nA = "price"', "not valid TOML"),
    ("unknown_entry", 'colums = "x"', "unknown entry colums; known are columns, constants, dec"),
    ("unknown_column", '[columns]\nZeit = "time"', "'Zeit' is mapped to 'time', which is none of"),
    ("doubled", '[columns]\nA = "price"\nB = "price"', "two columns are mapped to price; keep one"),
    ("column_number", "[columns]\nA = 3", "'A' must be set to a name in quotes"),
    ("dotted_column", '[columns]\na.b = "price"', "'a' must be set to a name in quotes"),
    ("columns_text", 'columns = "price"', r"\[columns\] must be a table"),
    ("types_list", 'event_types = ["view"]', r"\[event_types\] must be a table"),
    ("type_empty", '[event_types]\nKauf = ""', "'Kauf' must be set to a name in quotes"),
    ("type_twice", '[event_types]\nKauf = "purchase"\nKAUF = "view"', "two entries .* kauf; keep"),
    ("zone", 'time_zone = "Mars/Base"', "time_zone 'Mars/Base' is not known; use a name such as"),
    ("zone_local", 'time_zone = "localtime"', "time_zone 'localtime' is not known"),
    ("zone_path", 'time_zone = "../../etc/passwd"', "is not known"),
    ("zone_number", "time_zone = 2", "time_zone must be text in quotes"),
    ("delimiter_long", 'delimiter = "||"', r"delimiter '\|\|' must be one character such as ;"),
    ("delimiter_letter", 'delimiter = "e"', "delimiter 'e' must be one character such as ;"),
    ("delimiter_quote", "delimiter = '\"'", "must be one character"),
]


@pytest.mark.parametrize(
    ("toml", "said"), [row[1:] for row in BAD_MAPPINGS], ids=[row[0] for row in BAD_MAPPINGS]
)
def test_the_error_of_a_bad_mapping_names_file_and_entry(
    tmp_path: Path, toml: str | bytes, said: str
) -> None:
    path = tmp_path / "shop.toml"
    path.write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    with pytest.raises(EstoreError, match=said) as raised:
        read_shop(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_a_missing_mapped_column_is_reported_by_its_own_name(home: Home) -> None:
    shop = ShopConfig(columns={"Preis": "price", "Marke": "brand"})
    outcome = home.load_one("day.csv", text(GOOD, HEADER.replace("price", "cost")), shop=shop)
    assert "has no column Preis; its columns are event_time" in (outcome.error or "")
    outcome = home.load_one(
        "day.csv", text(GOOD, HEADER.replace("price", "Preis").replace("brand", "B")), shop=shop
    )
    assert outcome.notes == (
        "ignored columns: B", "missing columns, left empty: Marke",
    )  # fmt: skip


def run(home: Home, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["--home", str(home.settings.home), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("case", BAD_FILES[::4], ids=[case[0] for case in BAD_FILES[::4]])
def test_the_command_prints_the_error_on_stderr_and_ends_with_1(
    home: Home, case: tuple[str, str, bytes, str]
) -> None:
    _, name, data, said = case
    home.write("good.csv", text(lines(3, first=1)))
    home.write(name, data)
    code, out, err = run(home, "load", str(home.landing))
    assert (code, out) == (1, "")
    assert re.search(said.rstrip("$"), err)
    assert "good.csv: loaded, 3 rows" in err


def test_the_command_reports_rejected_rows_as_a_warning(home: Home) -> None:
    home.write("day.csv", text([*GOOD, line(price="free")]))
    code, out, err = run(home, "load", str(home.landing))
    assert (code, out) == (0, "")
    assert "day.csv: loaded, 20 rows, 1 rejected" in err
    assert "price not understood" in err


@pytest.mark.parametrize("case", BAD_MAPPINGS[::4], ids=[case[0] for case in BAD_MAPPINGS[::4]])
def test_the_command_ends_with_3_for_a_bad_mapping_and_loads_nothing(
    home: Home, case: tuple[str, str | bytes, str]
) -> None:
    toml = case[1] if isinstance(case[1], bytes) else case[1].encode()
    mapping = home.write("shop.toml", toml)
    home.write("day.csv", text(GOOD))
    code, out, err = run(home, "load", "--mapping", str(mapping), str(home.landing))
    assert (code, out) == (3, "")
    assert err.startswith("error: ")
    assert not home.settings.warehouse.exists()


def test_the_command_ends_with_2_without_a_path_and_with_3_for_a_missing_path(
    home: Home,
) -> None:
    assert run(home, "load")[0] == 2
    code, out, err = run(home, "load", str(home.landing / "absent.csv"))
    assert (code, out) == (3, "")
    assert "absent.csv: does not exist" in err
