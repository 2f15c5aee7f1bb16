"""shop.toml: one shop's settings for its files. test_bad_input has the errors."""

from pathlib import Path

import pytest
from landing_files import Home

from estore.errors import EstoreError
from estore.shop import COLUMNS, PLAIN_COLUMNS, ShopConfig, read_shop
from estore.warehouse.raw_events import RAW_COLUMNS

WHOLE = """
time_zone = "Europe/Berlin"
delimiter = "\\t"

[columns]
"Zeit punkt" = "event_time"
"kunde.nr" = "user_id"

[event_types]
Kauf = "purchase"

[thresholds]
session_timeout_minutes = 30
"""


def test_a_shop_file_sets_columns_types_zone_delimiter_and_thresholds(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(WHOLE)
    assert read_shop(path) == ShopConfig(
        columns={"Zeit punkt": "event_time", "kunde.nr": "user_id"},
        event_types={"Kauf": "purchase"},
        time_zone="Europe/Berlin",
        delimiter="\t",
        thresholds={"session_timeout_minutes": 30},
    )


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["empty", "byte_order_mark"])
def test_an_empty_shop_file_means_all_defaults(tmp_path: Path, start: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(start, encoding="utf-8")
    assert read_shop(path) == ShopConfig()


def test_a_shop_file_may_be_absent_unless_it_was_named(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    assert read_shop(path) == ShopConfig()
    with pytest.raises(EstoreError, match=r"shop.toml: file not found; --mapping and ESTORE_SHOP"):
        read_shop(path, must_exist=True)


def test_a_column_is_called_by_its_name_in_the_source() -> None:
    shop = ShopConfig(columns={"Preis": "price"})
    assert (shop.source_of("price"), shop.source_of("brand")) == ("Preis", "brand")


def test_a_file_without_a_header_has_the_nine_columns_of_the_real_data(tmp_path: Path) -> None:
    home = Home(tmp_path)
    outcome = home.load_one(
        "plain.csv", b"2019-10-01 12:00:00 UTC,purchase,1001,2053,a.b,samsung,1.50,501,s1\n"
    )
    assert (outcome.lines, outcome.rejected) == (1, 0)
    assert [tuple(map(str, row)) for row in home.events()] == [
        ("2019-10-01 12:00:00", "purchase", "1001", "2053", "a.b", "samsung", "1.500", "501", "s1",
         "None", "1")
    ]  # fmt: skip


def test_the_columns_of_a_file_are_those_of_raw_events() -> None:
    assert tuple(COLUMNS) == RAW_COLUMNS


@pytest.mark.parametrize("delimiter", [",", ";", "\\t", "|", "^"])
def test_every_delimiter_that_is_accepted_loads(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(f'delimiter = "{delimiter}"')
    shop = read_shop(path)
    home = Home(tmp_path)
    rows = [
        PLAIN_COLUMNS,
        ("2019-10-01 12:00:00 UTC", "view", "1", "2", "a.b", "c", "1.5", "6", "s"),
    ]
    data = "".join(shop.delimiter.join(row) + "\n" for row in rows)
    bad = shop.delimiter.join(("2019-10-01", *rows[1][1:])) + "\n"
    outcome = home.load_one("day.csv", (data + data.split("\n")[1] + "\n").encode(), shop=shop)
    assert (outcome.lines, outcome.loaded) == (2, 2)
    good = "".join(data.split("\n")[1] + "\n" for _ in range(19))
    outcome = home.load_one(
        "bad.csv", (data.split("\n")[0] + "\n" + good + bad).encode(), shop=shop
    )
    assert (outcome.loaded, outcome.rejected) == (19, 1)
    assert home.rejects()[0][1] == bad.rstrip("\n")


def test_a_shop_file_that_cannot_be_read_is_an_error_and_not_the_defaults(tmp_path: Path) -> None:
    link, folder = tmp_path / "link.toml", tmp_path / "folder.toml"
    link.symlink_to(tmp_path / "absent.toml")
    folder.mkdir()
    for path in (link, folder):
        with pytest.raises(EstoreError, match=f"{path}: cannot be read: "):
            read_shop(path)
