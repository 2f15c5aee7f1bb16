"""Loading into BigQuery: the same rows, rejects and ledger as on DuckDB, whatever the file."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from backports import zstd
from bigquery_emulator import BigQuery, CloudShop
from conftest import ORDINARY
from google.api_core.exceptions import BadRequest, Forbidden, ServiceUnavailable
from google.auth.exceptions import DefaultCredentialsError
from test_bigquery_parity import Pair

from estore import reading
from estore.console import Console
from estore.errors import Busy, EstoreError
from estore.landing import find_files
from estore.load.forgotten import Forgotten
from estore.load.header import match_columns
from estore.load.rows import typed_rows
from estore.pipeline import load
from estore.queries.ask import ask
from estore.queries.rejects import rejects
from estore.settings import Settings
from estore.shop import ShopConfig, with_preset
from estore.warehouse import open_warehouse
from estore.warehouse.bigquery import BigQueryWarehouse, split_name
from estore.warehouse.dialect import BIGQUERY, DUCKDB, Dialect
from estore.warehouse.duckdb import DuckDBWarehouse
from estore.warehouse.error_messages import in_words, reporting

#: Column → texts that the typing rules distinguish.
ODD: dict[str, list[str | None]] = {
    "event_time": [
        "2019-10-01 00:00:00 UTC", "2019-10-01T12:30", "2019-10-01 12:30:15.1234567", "now",
        "2019-10-01 12:30:15+02", "2019-10-01 12:30:15 +0530", "2019-10-01T12:30:15-03:30",
        "2019-10-01 12:30:15 GMT", "2019-10-01 12:30:15Z", "2019-02-30 00:00:00 UTC", "", None,
        " 2019-10-01 00:00:00 UTC ", "2019-10-01", "2999-01-01 00:00:00 UTC", "1570000000",
    ],
    "event_type": ["view", " VIEW ", "Purchase", "remove_from_cart", "", None, "\tview"],
    "product_id": ["1", "501.0", "2.1e+18", "a+b", "", None, " 7 ", "\u00a07", "x\ty", "\x01"],
    "category_code": ["a.b", "", None, " ", "\u3000a", "A,b", 'say "hi"', "it's", "back\\slash"],
    "price": ["1", "-1", "1.2345", "1.2355", "1_000", "1e3", "+5", ".5", "5.", "1.2.3", "abc", "",
              None, " 7 ", "999999999999999", "1000000000000000", "nan", "1,5", "--1"],
    "quantity": ["1", "2.0", "2.5", "0", "-1", "", None, "1234567890", "x"],
}  # fmt: skip


def odd_rows(dialect: Dialect, shop: ShopConfig) -> str:
    """A select that types one row per odd text."""
    header = match_columns(list(ORDINARY), shop)
    lines = []
    for number, (column, text) in enumerate(
        (column, text) for column, texts in ODD.items() for text in texts
    ):
        values = {**ORDINARY, column: text}
        shown = ", ".join(
            f"cast({'null' if value is None else dialect.quoted(value)} as {dialect.text_type}) "
            f"as c{place}"
            for place, value in enumerate(values.values())
        )
        lines.append(f"select {number} as line_number, {shown}")
    relation = f"({' union all '.join(lines)})"
    rows = typed_rows(relation, header, shop, line_number="line_number", dialect=dialect)
    return f"select * from ({rows}) order by line_number"


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo"])
def test_both_engines_type_or_refuse_every_odd_text_the_same_way(
    bigquery: BigQuery, tmp_path: Path, zone: str
) -> None:

    shop = ShopConfig(time_zone=zone, event_types={"it's": "view"})
    cloud = BigQueryWarehouse(
        Settings(home=tmp_path, target="bigquery", bigquery=bigquery.new_name())
    )
    found = cloud.select(odd_rows(BIGQUERY, shop))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        latest = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
        wanted = DuckDBWarehouse(connection).select(odd_rows(DUCKDB, shop), latest=latest)
    texts = [(column, text) for column, texts in ODD.items() for text in texts]
    assert len(found) == len(wanted) == len(texts)
    different = [case for case in zip(texts, found, wanted, strict=True) if case[1] != case[2]]
    assert not different, "\n".join(map(repr, different))


def ledger(shop: CloudShop) -> list[tuple[Any, ...]]:
    with open_warehouse(shop.settings) as warehouse:
        return warehouse.control_tables.execute(
            "select uri, status, lines, loaded, rejected, first_date, last_date, error, "
            "other_event_types, recheck_at from raw.files order by all"
        ).fetchall()


def test_both_engines_load_the_same_rows_through_a_preset(
    bigquery: BigQuery, tmp_path: Path
) -> None:
    pair = Pair(bigquery, tmp_path)
    good = (Path(__file__).parent / "samples" / "ga4.ndjson").read_bytes().splitlines()[:9]
    pair.put("events.json", b"\n".join([*good * 3, b"{broken"]))
    held = []
    for shop in (pair.cloud, pair.local):
        shop.shop = with_preset(shop.shop, "ga4")
        report = load(shop.settings, shop.shop, find_files([shop.bucket]), Console(quiet=True))
        ((one,), rows) = report.outcomes, shop.table("raw.events")[1]
        assert (one.error, one.lines, one.loaded, one.ignored) == (None, 34, 18, 15)
        rejects = [row[2:] for row in shop.table("raw.rejects")[1]]
        assert rejects == [(28, "{broken", "not JSON")]
        with open_warehouse(shop.settings) as warehouse:
            counts = warehouse.control_tables.execute(
                "select lines, loaded, rejected, ignored, ignored_event_types, source "
                "from raw.files"
            ).fetchall()
        held.append(([row[1:] for row in rows], counts))
    assert held[0] == held[1]


def lines(*rows: str) -> bytes:
    head = "event_time,event_type,product_id,price,user_id,user_session\n"
    return (head + "".join(f"{row}\n" for row in rows)).encode()


def parquet(folder: Path, data: bytes) -> bytes:
    """The same rows as a Parquet file of text columns."""
    source, target = folder / "lines.csv", folder / "lines.parquet"
    source.write_bytes(data)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_csv('{source}', all_varchar = true)) to '{target}' (format parquet)"
        )
    return target.read_bytes()


GOOD = "2019-10-01 10:00:00 UTC,view,1,5,7,s"
LATER = "2019-10-02 10:00:00 UTC,view,1,5,7,s"
OTHER = "2019-10-03 10:00:00 UTC,cart,2,5,7,s"


def test_both_engines_report_the_same_files_and_changes(bigquery: BigQuery, tmp_path: Path) -> None:
    """The ledgers agree on rejects, a broken row, duplicates and a replaced file."""
    pair = Pair(bigquery, tmp_path)

    def both(act: Callable[[CloudShop], Any]) -> None:
        ours, theirs = act(pair.cloud), act(pair.local)
        assert ours == theirs
        assert ledger(pair.cloud) == ledger(pair.local)
        for shop in (pair.cloud, pair.local):
            with open_warehouse(shop.settings) as warehouse:
                held_counts = warehouse.select(
                    "select file_id, count(*) from raw.events "
                    "where event_time >= timestamp '1970-01-01' group by file_id order by 1"
                )
            held = [(count,) for _, count in held_counts]
            assert held == [(entry[3],) for entry in _by_id(shop) if entry[3]]

    def loaded(shop: CloudShop) -> list[Any]:
        report = load(shop.settings, shop.shop, find_files([shop.bucket]), Console(quiet=True))
        return [
            (one.uri, one.status, one.lines, one.loaded, one.rejected, one.reasons, one.error)
            for one in report.outcomes
        ]

    pair.put("good.csv", lines(GOOD, LATER, "x,view,1,5,7,s", *[OTHER] * 12))
    pair.put("torn.csv", lines(*[LATER] * 12, "2019-10-01 10:00:00 UTC,view", '"open,1'))
    pair.put("none.csv", b"a,b\n1,2\n")
    both(loaded)
    both(loaded)
    pair.put("day.parquet", parquet(tmp_path, lines(*[OTHER] * 3, "2019-10-04 10:00,buy,1,5,7,s")))
    pair.put("ahead.csv", lines(*[OTHER] * 20, "2199-10-03 10:00:00 UTC,view,1,5,7,s"))
    pair.put("day.csv.zst", zstd.compress(lines(OTHER, OTHER)))
    both(loaded)
    pair.put("twice.csv", lines(LATER, GOOD, *[OTHER] * 12, "x,view,1,5,7,s"))
    both(loaded)
    pair.put("good.csv", lines(GOOD))
    both(loaded)
    assert sorted(rejects(pair.cloud.settings).rows) == sorted(
        (uri, number if "torn" in uri else None, reason, text)
        for uri, number, reason, text in rejects(pair.local.settings).rows
    )


def test_both_engines_forget_the_same_rows(bigquery: BigQuery, tmp_path: Path) -> None:
    """Loaded and rejected rows go; a later file leaves the person out; the rest stays."""
    pair = Pair(bigquery, tmp_path)
    theirs = "2019-10-01 10:00:00 UTC,view,1,5,p-7,s"
    bad = "never,view,1,5,p-7,s"

    def state(shop: CloudShop) -> list[tuple[Any, ...]]:
        with open_warehouse(shop.settings) as warehouse:
            counts = warehouse.control_tables.execute(
                "select uri, lines, loaded, rejected, forgotten from raw.files order by uri"
            ).fetchall()
            days = warehouse.control_tables.execute(
                "select event_date, event_count from raw.file_days order by all"
            ).fetchall()
            people = warehouse.select(
                "select user_id, count(*) from raw.events "
                "where event_time >= timestamp '1970-01-01' group by user_id order by user_id"
            )
            texts = warehouse.select("select line_text from raw.rejects order by line_text")
        return [*counts, *days, *people, *texts]

    def loaded(shop: CloudShop) -> None:
        load(shop.settings, shop.shop, find_files([shop.bucket]), Console(quiet=True))

    def forgotten(shop: CloudShop) -> int:
        with open_warehouse(shop.settings) as warehouse, warehouse.transaction():
            people = Forgotten(warehouse)
            people.remember(["p-7"])
            return people.remove(["p-7"])

    pair.put("day.csv", lines(*[GOOD] * 30, theirs, LATER.replace(",7,", ",p-7,"), bad, "x,p-70,"))
    for shop in (pair.cloud, pair.local):
        loaded(shop)
        assert forgotten(shop) == 3
    assert state(pair.cloud) == state(pair.local)
    pair.put("more.csv", lines(*[OTHER] * 30, theirs, bad))
    for shop in (pair.cloud, pair.local):
        loaded(shop)
    assert state(pair.cloud) == state(pair.local)
    with open_warehouse(pair.cloud.settings) as warehouse:
        counts = warehouse.control_tables.execute(
            "select lines, loaded, rejected, forgotten from raw.files order by uri"
        ).fetchall()
    assert counts == [(34, 30, 1, 3), (32, 30, 0, 2)]


def _by_id(shop: CloudShop) -> list[tuple[Any, ...]]:
    with open_warehouse(shop.settings) as warehouse:
        return warehouse.control_tables.execute(
            "select file_id, uri, status, loaded from raw.files "
            "where status = 'loaded' order by file_id"
        ).fetchall()


def test_two_runs_at_once_do_not_mix(bigquery: BigQuery, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, target="bigquery", bigquery=bigquery.new_name())
    first, second = BigQueryWarehouse(settings), BigQueryWarehouse(settings)
    first.connect(for_writing=True)
    second.connect(for_writing=True)
    with first.transaction():
        first.control_tables.execute("insert into build.pending_days values (date '2019-10-01')")
    with pytest.raises(Busy, match="run this again"), reporting(settings), second.transaction():
        second.control_tables.execute("insert into build.pending_days values (date '2019-10-02')")
        second.later("insert into raw.rejects (file_id, uri, reason) values (1, 'u', 'r');")
    third = BigQueryWarehouse(settings)
    third.connect(for_writing=False)
    days = third.control_tables.execute(
        "select cast(event_date as varchar) from build.pending_days"
    )
    assert days.fetchall() == [("2019-10-01",)]
    assert third.count("raw.rejects") == 0


def test_only_select_statements_are_accepted(bigquery: BigQuery, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, target="bigquery", bigquery=bigquery.new_name())
    with pytest.raises(EstoreError, match="nothing loaded yet"):
        reading.status(settings)
    with open_warehouse(settings):
        pass
    with pytest.raises(EstoreError, match="only a SELECT"):
        ask(settings, "delete from raw.files where true")
    with pytest.raises(EstoreError, match="the query is empty"):
        ask(settings, " ")
    assert ask(settings, "select count(*) as n from raw.files").rows == [(0,)]
    assert ask(settings, "select 'raw.files' as n").rows == [("raw.files",)]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DefaultCredentialsError("no"), "gcloud auth application-default login"),
        (Forbidden("Access Denied: User does not have bigquery.jobs.create"), "Job User"),
        (Forbidden("Quota exceeded: Your project exceeded quota"), "quota"),
        (Forbidden("Query exceeded limit for bytes billed: 10. 20 needed"), "MAX_BYTES"),
        (Forbidden("Dataset p:d was not found in location EU"), "ESTORE_LOCATION"),
        (ServiceUnavailable("503 try again"), "check the network"),
        (BadRequest("Unrecognized name: quota; permission at [1:8]"), "BigQuery refused: Unrec"),
        (BadRequest("gs://b/quota exceeded.csv: Error while reading data"), "BigQuery refused"),
    ],
)  # fmt: skip
def test_an_error_says_what_to_do(error: Exception, said: str) -> None:
    assert said in in_words(error, Settings(bigquery="p.d", max_bytes_billed=10))


@pytest.mark.parametrize("name", [None, "", "only-project", "p.d.e.", "Project.x"])
def test_a_wrong_name_says_what_it_must_be(name: str | None) -> None:
    with pytest.raises(EstoreError, match=r"PROJECT\.DATASET"):
        split_name(Settings(bigquery=name))


def test_a_missing_network_is_a_plain_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from google.cloud.bigquery import Client

    def fail(*arguments: Any, **options: Any) -> None:
        raise ServiceUnavailable("failed to connect")

    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    monkeypatch.setattr(Client, "list_rows", fail)
    settings = Settings(home=tmp_path, target="bigquery", bigquery="shop-ci.none")
    with pytest.raises(EstoreError, match="cannot be reached"), open_warehouse(settings):
        pass
