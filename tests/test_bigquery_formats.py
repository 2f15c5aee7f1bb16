"""Formats that shop.toml names are read in the same way by both engines, and old datasets open."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from bigquery_emulator import BigQuery, CloudShop
from conftest import ORDINARY
from test_bigquery_parity import Pair

from estore.console import Console
from estore.landing import find_files
from estore.load.header import match_columns
from estore.load.rows import typed_rows
from estore.pipeline import load
from estore.settings import Settings
from estore.shop import ShopConfig, Source
from estore.warehouse import open_warehouse
from estore.warehouse.bigquery import BigQueryWarehouse
from estore.warehouse.dialect import BIGQUERY, DUCKDB, SPACES, Dialect
from estore.warehouse.duckdb import DuckDBWarehouse

BERLIN = "Europe/Berlin"
#: (source, column, texts)
FORMATS: list[tuple[Source, str, list[str | None]]] = [
    (Source(time_format="%d.%m.%Y %H:%M", time_zone=BERLIN), "event_time",
     ["01.10.2019 12:30", "31.02.2019 12:30", "2019-10-01 12:30", "31.03.2019 02:30",
      "27.10.2019 02:30", "27.10.2019 01:59", " 01.10.2019 12:30\t", "01.10.2019", "", None]),
    (Source(time_format="%m/%d/%Y %I:%M %p"), "event_time",
     ["10/1/2019 3:05 PM", "10/01/2019 12:05 AM", "13/01/2019 3:05 PM", "10/1/2019 15:05"]),
    (Source(time_format="%Y-%m-%d", time_zone="America/New_York"), "event_time",
     ["2019-10-01", "2019-1-1", "2019-10-01 12:00:00", "2019-02-29"]),
    (Source(time_format="%Y-%m-%dT%H:%M:%S%z"), "event_time",
     ["2019-10-01T12:30:15+0200", "2019-10-01T12:30:15", "2019-10-01T12:30:15-0330"]),
    *[(Source(time_format=f"epoch_{unit}"), "event_time", [text, "1.5e9", "x", "-1", "99999999999"])
      for unit, text in [("seconds", "1569931200.25"), ("milliseconds", "1569931200123"),
                         ("microseconds", "1569931200123456")]],
    (Source(zone_names={"CET": "+01:00", "EST": "America/New_York"}), "event_time",
     ["2019-10-01 12:30:15 CET", "2019-10-01 12:30 EST", "2019-10-01 12:30:15 MSK"]),
    (Source(decimal=","), "price",
     ["35,79", "1.035,79", "1 035,79", "1'035,79", "1\u00a0035", "1.03,5", "35.79", "-1,5", "x",
      ",5", "5,", "", None, "35,79\u3000"]),
    (Source(decimal="."), "price", ["1,035.79", "35.79", "1,03.5", "1,035,790", "35,79"]),
    (Source(decimal=","), "quantity", ["1.000", "2,0", "2,5", "1", ""]),
    (Source(earliest_date="2019-10-01"), "event_time",
     ["2019-10-01 00:00:00 UTC", "2019-09-30 23:59:59 UTC", "0001-01-01 00:00:00 UTC"]),
    (Source(), "event_time",
     ["2019-10-01 12:30:15  +0200", "2019-10-01 12:30:15 +0530 IST", "2019-10-01 12:30:15 utc",
      "2019-10-01 12:30:15.25 +0000 UTC", "2019-10-01 12:30:15z"]),
    (Source(), "user_id",
     [*(f"{mark}a{mark}" for mark in SPACES), "a b", "501.", ".5E3", "1,5×10^18", "1e5", "0x1F",
      "007"]),
    (Source(), "brand", [*SPACES, "a\u3000b"]),
]  # fmt: skip


def rows_of(dialect: Dialect, source: Source, column: str, texts: list[str | None]) -> str:
    """A select that types one row per text."""
    header = match_columns(list(ORDINARY), ShopConfig())
    lines = []
    for number, text in enumerate(texts):
        values = {"event_time": "1569931200", **ORDINARY, column: text}
        shown = ", ".join(
            f"cast({'null' if value is None else dialect.quoted(value)} as {dialect.text_type}) "
            f"as c{place}"
            for place, value in enumerate(values.values())
        )
        lines.append(f"select {number} as line_number, {shown}")
    relation = f"({' union all '.join(lines)})"
    rows = typed_rows(relation, header, source, line_number="line_number", dialect=dialect)
    return f"select * from ({rows}) order by line_number"


def test_both_engines_read_every_format_in_the_same_way(bigquery: BigQuery, tmp_path: Path) -> None:
    cloud = BigQueryWarehouse(
        Settings(home=tmp_path, target="bigquery", bigquery=bigquery.new_name())
    )
    latest = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    different = []
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for source, column, texts in FORMATS:
            found = cloud.select(rows_of(BIGQUERY, source, column, texts))
            wanted = DuckDBWarehouse(connection).select(
                rows_of(DUCKDB, source, column, texts), latest=latest
            )
            assert len(found) == len(wanted) == len(texts)
            cases = zip(texts, found, wanted, strict=True)
            different += [(source.time_format, case) for case in cases if case[1] != case[2]]
    assert not different, "\n".join(map(repr, different))


HEADER = "event_time;event_type;product_id;price;user_id;user_session;brand\n"
ROW = "01.10.2019 10:00;view;1;1.000,50;7;s;кофе\n"


def test_files_of_other_formats_are_loaded_alike(bigquery: BigQuery, tmp_path: Path) -> None:
    """Encodings, and Parquet columns of bytes, through the load of each engine."""
    pair = Pair(bigquery, tmp_path)
    cyrillic = Source(
        time_format="%d.%m.%Y %H:%M", decimal=",", delimiter=";", encoding="windows-1251"
    )
    wide = Source(time_format="%d.%m.%Y %H:%M", decimal=",", delimiter=";", encoding="utf-16-le")
    shop = ShopConfig(sources=((("*-1251.csv",), cyrillic), (("*-16.csv",), wide)))
    pair.put("day-1251.csv", (HEADER + ROW).encode("cp1251"))
    pair.put("day-16.csv", (HEADER + ROW.replace("01.10", "02.10")).encode("utf-16-le"))
    path = tmp_path / "day.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select timestamp '2019-10-03 10:00:00' as event_time, encode('view') as "
            "event_type, 1 as product_id, 5 as price, encode('кофе') as brand, 7 as user_id, "
            f"encode('s') as user_session) to '{path}' (format parquet)"
        )
    pair.put("day.parquet", path.read_bytes())
    bad = tmp_path / "bad.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace ('\\xE9'::blob as brand) from '{path}') to '{bad}' "
            "(format parquet)"
        )
    pair.put("bad.parquet", bad.read_bytes())

    def loaded(place: CloudShop) -> list[tuple[Any, ...]]:
        report = load(place.settings, shop, find_files([place.bucket]), Console(quiet=True))
        return [
            (one.uri, one.status, one.loaded, one.rejected, one.error) for one in report.outcomes
        ]

    outcomes = loaded(pair.cloud)
    assert outcomes == loaded(pair.local)
    assert sorted(status for _, status, *_ in outcomes) == ["loaded"] * 3 + ["refused"]
    with open_warehouse(pair.cloud.settings) as warehouse:
        held = warehouse.select(
            "select format_timestamp('%F %H:%M', event_time), brand, price from raw.events "
            "where event_time >= timestamp '1970-01-01' order by 1"
        )
    assert [(time, brand, float(price)) for time, brand, price in held] == [
        ("2019-10-01 10:00", "кофе", 1000.5), ("2019-10-02 10:00", "кофе", 1000.5),
        ("2019-10-03 10:00", "кофе", 5.0),
    ]  # fmt: skip


def test_a_dataset_of_an_earlier_version_is_read_and_gets_the_new_columns(
    bigquery: BigQuery, tmp_path: Path
) -> None:
    pair = Pair(bigquery, tmp_path)
    header = "event_time,event_type,product_id,price,user_id,user_session\n"
    row = "2019-10-01 10:00:00,buy,1,5,7,s\n"
    pair.put("a.csv", f"{header}{row}{row.replace('2019', '2199')}".encode())
    load(pair.cloud.settings, ShopConfig(), find_files([pair.cloud.bucket]), Console(quiet=True))
    names = "other_event_types, recheck_at"
    with open_warehouse(pair.cloud.settings) as warehouse:
        for name in names.split(", "):
            warehouse.run(f"alter table raw.files drop column {name}")
        with pytest.raises(Exception, match="other_event_types"):
            warehouse.select(f"select {names} from raw.files")

    def ledger(*, for_writing: bool) -> list[tuple[Any, ...]]:
        warehouse = BigQueryWarehouse(pair.cloud.settings)
        warehouse.connect(for_writing=for_writing)
        return warehouse.control_tables.execute(
            f"select status, lines, loaded, {names} from raw.files order by file_id"
        ).fetchall()

    assert ledger(for_writing=False) == [("loaded", 2, 1, None, None)]
    pair.put("b.csv", f"{header}2019-10-02 10:00:00,buy,1,5,7,s\n".encode())
    load(pair.cloud.settings, ShopConfig(), find_files([pair.cloud.bucket]), Console(quiet=True))
    again = datetime(2199, 9, 30, 10)  # a.csv has a row that was in the future
    found = [entry for entry in ledger(for_writing=False) if entry[0] == "loaded"]
    assert sorted(found, key=repr) == [
        ("loaded", 1, 1, '{"buy": 1}', None), ("loaded", 2, 1, '{"buy": 1}', again),
    ]  # fmt: skip
