"""Inspection: what a file is, and the shop.toml that loads it; it proposes, and writes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from landing_files import HEADER, gz, line, lines, parquet, text, zst
from test_presets import EXPECTED, FILES

from estore.cli import main

ORDERS = ("Datum;Artikelnr;Preis;Kundennr;Bestellnr;Menge\n"
          "01.10.2019 12:00;A1;1.035,79;K1;B1;2\n13.10.2019 08:30;Ä2;12,50;K2;B2;1\n")  # fmt: skip


def inspect(folder: Path, *arguments: str | Path) -> Result:
    command = ["--home", str(folder / "home"), "inspect", *map(str, arguments)]
    return CliRunner().invoke(main, command, catch_exceptions=False)


def inspected(folder: Path, data: bytes | str, name: str = "a.csv") -> dict[str, Any]:
    """The JSON of one file's inspection."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    result = inspect(folder, "--json", path)
    assert result.exit_code in (0, 1), result.output
    return dict(json.loads(result.stdout)[0])


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_sample_is_recognized_and_counted_as_a_load_counts_it(tmp_path: Path, name: str) -> None:
    found = inspected(tmp_path, FILES[name].read_bytes(), FILES[name].name)
    rows, loaded, rejected, ignored = EXPECTED[name]
    assert found["preset"] == name and not found["error"]
    sample = found["sample"]
    assert (sample["rows"], sample["loaded"], sample["rejected"]) == (rows, loaded, rejected)
    assert sample["ignored"] == sum(ignored.values())
    assert len(found["events"]) == min(5, loaded)
    assert not (tmp_path / "home").exists(), "inspect writes nothing"
    assert all(each["line_number"] and each["reason"] for each in found["rejected"])


def test_the_text_names_all_and_the_next_command_loads_the_file(tmp_path: Path) -> None:
    result = inspect(tmp_path, FILES["shopify-orders"])
    for part in ("CSV, UTF-8, columns separated by commas", "recognized: Shopify",
                 'preset = "shopify-orders"', "6 of 9 rows of the sample would be loaded",
                 "2 ignored by type", "line 8: price not understood: nine",
                 "visits, views and carts", "Lineitem price",
                 "run --preset shopify-orders"):  # fmt: skip
        assert part in result.stdout, part
    command = result.stdout.rpartition("Next: `estore ")[2].strip("`\n").split()
    command[command.index("run")] = "load"  # without the build, for speed
    loaded = CliRunner().invoke(main, command, env={"ESTORE_MAX_REJECT_SHARE": "1"})
    assert loaded.exit_code == 0, loaded.output
    status = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "status"])
    assert "6 of 9 rows loaded from 1 file, 1 rejected, 2 ignored by type: refund (1), removed" in (
        status.stdout
    )


def test_formats_of_spreadsheets_are_proposed_not_guessed(tmp_path: Path) -> None:
    found = inspected(tmp_path, ORDERS.encode("cp1252"))
    assert (found["encoding"], found["delimiter"]) == ("windows-1252", ";")
    assert found["sample"]["loaded"] == 2 and not found["rejected"]
    assert found["shop_toml"].splitlines() == [
        'encoding = "windows-1252"', 'delimiter = ";"', 'time_format = "%d.%m.%Y %H:%M"',
        'decimal = ","', "", "[columns]", '"Datum" = "event_time"', '"Artikelnr" = "product_id"',
        '"Preis" = "price"', '"Kundennr" = ["user_id", "user_session"]', '"Bestellnr" = "order_id"',
        '"Menge" = "quantity"', "", "[constants]", '"event_type" = "purchase"',
    ]  # fmt: skip
    saved = inspect(tmp_path, "--save", tmp_path / "a.csv")
    assert saved.exit_code == 0
    assert (tmp_path / "home" / "shop.toml").read_text() == found["shop_toml"]
    command = ["--home", str(tmp_path / "home"), "load", str(tmp_path / "a.csv")]
    assert CliRunner().invoke(main, command).exit_code == 0
    again = inspect(tmp_path, "--save", tmp_path / "a.csv")
    assert again.exit_code == 3 and "exists already" in again.stderr


@pytest.mark.parametrize(
    ("time", "proposed"),
    [
        ("1569931200", "epoch_seconds"),
        ("1569931200250", "epoch_milliseconds"),
        ("1569931200250000", "epoch_microseconds"),
        ("31/10/2019 12:00", "%d/%m/%Y %H:%M"),
        ("10/31/2019", "%m/%d/%Y"),
        ("2019-10-31", "%Y-%m-%d"),
        ("10/11/2019", None),
    ],
)
def test_a_time_format_is_proposed_where_it_is_certain(
    tmp_path: Path, time: str, proposed: str | None
) -> None:
    found = inspected(tmp_path, text([line(event_time=time)] * 3))
    if proposed:
        assert found["shop_toml"] == f'time_format = "{proposed}"\n'
        assert found["sample"]["loaded"] == 3 and not found["questions"]
    else:
        assert found["shop_toml"] == "" and found["sample"]["rejected"] == 3
        assert "is 10/11/2019 day/month or month/day?" in found["questions"][0]


def test_thousands_separators_are_proposed(tmp_path: Path) -> None:
    rows = [line(price="1,035.79"), line(price="12.5")]
    assert inspected(tmp_path, text(rows))["shop_toml"] == 'decimal = "."\n'


@pytest.mark.parametrize("form", ["utf-16", "gz", "zst", "parquet", "array", "tsv"])
def test_every_format_is_read(tmp_path: Path, form: str) -> None:
    data, name, said = text(lines(3)), "a.csv", {}
    if form == "utf-16":
        data, said = data.decode().encode("utf-16"), {"encoding": "utf-16"}
    elif form in ("gz", "zst"):
        data, name = {"gz": gz, "zst": zst}[form](data), f"a.csv.{form}"
        said = {"compression": {"gz": "gzip", "zst": "zstd"}[form]}
    elif form == "parquet":
        path = tmp_path / "made.parquet"
        (tmp_path / "made.csv").write_bytes(data)
        parquet(path, f"select * from read_csv('{tmp_path}/made.csv', all_varchar = true)")
        data, name, said = path.read_bytes(), "a.parquet", {"format": "parquet"}
    elif form == "array":
        rows = [dict(zip(HEADER.split(","), each.split(","), strict=True)) for each in lines(3)]
        data, name, said = json.dumps(rows).encode(), "a.json", {"format": "json"}
    else:
        data, name, said = data.replace(b",", b"\t"), "a.tsv", {"delimiter": "\t"}
    found = inspected(tmp_path, data, name)
    assert {key: found[key] for key in said} == said
    assert (found["preset"], found["sample"]["loaded"]) == ("rees46", 3), found
    assert [column["name"] for column in found["columns"]] == HEADER.split(",")


# (name, file's name, bytes, part of the error)
WRONG = [
    ("empty", "a.csv", b"", "is empty"),
    ("workbook", "a.xlsx", b"PK\x03\x04....", "workbook; unpack it, or save the workbook as CSV"),
    ("binary", "a.csv", b"\0\1\2\3" * 50, "is not text but binary"),
    ("cut_gzip", "a.csv.gz", gz(text(lines(99)))[:60], "is damaged"),
    ("no_parquet", "a.parquet", b"PAR1 and no more", "is not a Parquet file"),
    ("unknown", "a.csv", b"a,b\n1,2\n", "no column for event_time, event_type, product_id, price"),
    ("no_json", "a.json", b"[1, 2]", "no column for event_time"),
    ("broken_json", "a.json", b"{broken", "no column for event_time"),
]


@pytest.mark.parametrize(
    ("name", "data", "said"), [r[1:] for r in WRONG], ids=[r[0] for r in WRONG]
)
def test_a_file_that_cannot_be_loaded_says_why(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(data)
    result = inspect(tmp_path, tmp_path / name)
    assert result.exit_code == 1
    assert said in result.stdout and "Next: correct what is named above" in result.stdout


def test_a_wrong_name_is_noted(tmp_path: Path) -> None:
    (tmp_path / "orders.txt").write_bytes(text(lines(2)))
    result = inspect(tmp_path, tmp_path / "orders.txt")
    assert "rename it so that it ends with .csv" in result.stdout


def test_files_of_several_sources_get_blocks(tmp_path: Path) -> None:
    for name in ("ga4", "shopify-orders"):
        (tmp_path / FILES[name].name).write_bytes(FILES[name].read_bytes())
    result = inspect(
        tmp_path, "--save", tmp_path / "ga4.ndjson", tmp_path / "shopify-orders.csv"
    )  # fmt: skip
    assert result.exit_code == 0
    assert (tmp_path / "home" / "shop.toml").read_text() == (
        '[[source]]\nfiles = "ga4.ndjson"\npreset = "ga4"\n\n'
        '[[source]]\nfiles = "shopify-orders.csv"\npreset = "shopify-orders"\n'
    )


def test_the_message_of_a_refused_file_names_inspect(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    command = ["--home", str(tmp_path / "home"), "load", str(tmp_path / "a.csv")]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1 and "`estore inspect` shows its content" in result.stderr
