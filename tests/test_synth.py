"""The synthetic shop: exact where it promises exactness, calibrated to the published counts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from estore.synth import SyntheticShop, chunks, generator, visits, write_months, write_shop

READ_TEXT = """
    SELECT * REPLACE (strptime(event_time, '%Y-%m-%d %H:%M:%S UTC') AS event_time)
    FROM read_csv('{path}', header = true, columns = {{
        'event_time': 'VARCHAR', 'event_type': 'VARCHAR', 'product_id': 'BIGINT',
        'category_id': 'BIGINT', 'category_code': 'VARCHAR', 'brand': 'VARCHAR',
        'price': 'DECIMAL(18,2)', 'user_id': 'BIGINT', 'user_session': 'VARCHAR'}})
"""
HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
SMALL = SyntheticShop(events=6_000, months=2, seed=7, faults=())


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A shop of 300,000 events in three months, as tables `events` (in file order) and `visits`."""
    home = tmp_path_factory.mktemp("shop")
    write_shop(home, SyntheticShop(events=300_000, months=3, seed=1, faults=("zero-prices",)))
    with duckdb.connect() as connection:
        connection.execute(f"""
            CREATE TABLE events AS FROM ({READ_TEXT.format(path=home / "2019-Oct.csv")})
            UNION ALL FROM ({READ_TEXT.format(path=home / "2019-Nov.csv")})
            UNION ALL FROM ({READ_TEXT.format(path=home / "2019-Dec.csv")});
            CREATE TABLE visits AS
            SELECT
                user_session, user_id, min(event_time) AS begins, count(*) AS size,
                count_if(event_type = 'view') AS views, count_if(event_type = 'cart') AS carts,
                count_if(event_type = 'purchase') AS purchases
            FROM events GROUP BY user_session, user_id
        """)
        yield connection


def one(db: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    row = db.execute(sql).fetchone()
    assert row
    return row


def percent(db: duckdb.DuckDBPyConnection, condition: str, table: str = "events") -> float:
    return one(db, f"SELECT 100 * count_if({condition}) / count(*) FROM {table}")[0]


def written(directory: Path, shop: SyntheticShop) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in write_shop(directory, shop)}


# Exact


def test_the_same_seed_gives_the_same_bytes_and_another_seed_different_ones(tmp_path: Path) -> None:
    first = written(tmp_path / "a", SMALL)
    assert written(tmp_path / "b", SMALL) == first
    other = written(tmp_path / "c", SyntheticShop(events=6_000, months=2, seed=8, faults=()))
    assert all(other[name] != first[name] for name in first)


@pytest.mark.parametrize(("events", "months"), [(1, 1), (7, 2), (9_999, 1), (20_001, 3)])
def test_a_shop_has_exactly_the_requested_rows(tmp_path: Path, events: int, months: int) -> None:
    files = written(tmp_path, SyntheticShop(events=events, months=months, faults=()))
    assert len(files) == months
    assert all(data.decode().splitlines()[0] == HEADER for data in files.values())
    assert sum(data.count(b"\n") - 1 for data in files.values()) == events


def test_files_are_named_by_month_and_continue_past_the_real_data(tmp_path: Path) -> None:
    names = [
        path.name for path in write_shop(tmp_path, SyntheticShop(events=500, months=9, faults=()))
    ]
    assert names == [
        *("2019-Oct.csv", "2019-Nov.csv", "2019-Dec.csv", "2020-Jan.csv", "2020-Feb.csv"),
        *("2020-Mar.csv", "2020-Apr.csv", "2020-May.csv", "2020-Jun.csv"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "truth.json"])


@pytest.mark.parametrize("rows_at_a_time", [chunks.CHUNK_ROWS, 400])
def test_rows_are_in_time_order_within_and_over_files_and_within_their_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_at_a_time: int
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", rows_at_a_time)
    times = []
    for name, data in written(
        tmp_path, SyntheticShop(events=60_000, months=2, seed=3, faults=())
    ).items():
        rows = data.decode().splitlines()[1:]
        month = {"2019-Oct.csv": "2019-10", "2019-Nov.csv": "2019-11"}[name]
        assert all(row.startswith(month) for row in rows)
        times += [row.split(",")[0] for row in rows]
    assert len(times) == 60_000
    assert times == sorted(times)


def test_sessions_longer_than_a_slice_or_the_shop_lose_no_row_and_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 100)
    monkeypatch.setattr(visits, "GAP_DECK", visits.GAP_DECK[-1:])  # the longest gap, always
    (path,) = write_shop(tmp_path, SyntheticShop(events=10_000, months=1, faults=()))
    times = [row.split(",")[0] for row in path.read_text().splitlines()[1:]]
    assert len(times) == 10_000
    assert times == sorted(times)
    assert times[-1].startswith("2019-10-31 2")


def test_every_format_has_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    for format in ("csv", "csv.gz", "parquet"):
        write_shop(
            tmp_path, SyntheticShop(events=6_000, months=2, seed=7, format=format, faults=())
        )
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        for month in ("2019-Oct", "2019-Nov"):
            text = db.sql(READ_TEXT.format(path=tmp_path / f"{month}.csv")).fetchall()
            zipped = db.sql(READ_TEXT.format(path=tmp_path / f"{month}.csv.gz")).fetchall()
            columnar = db.sql(f"""
                SELECT * REPLACE (event_time::TIMESTAMP AS event_time)
                FROM '{tmp_path / month}.parquet'
            """).fetchall()
            assert len(text) > 1_000
            assert text == zipped == columnar


def test_parquet_has_timestamps_integer_ids_and_decimal_prices(tmp_path: Path) -> None:
    (path,) = write_shop(
        tmp_path, SyntheticShop(events=1_000, months=1, format="parquet", faults=())
    )
    types = dict(zip(HEADER.split(","), duckdb.sql(f"FROM '{path}'").types, strict=True))
    assert {name: str(type) for name, type in types.items()} == {
        "event_time": "TIMESTAMP WITH TIME ZONE",
        "event_type": "VARCHAR",
        "product_id": "BIGINT",
        "category_id": "BIGINT",
        "category_code": "VARCHAR",
        "brand": "VARCHAR",
        "price": "DECIMAL(18,2)",
        "user_id": "BIGINT",
        "user_session": "VARCHAR",
    }


def test_progress_ends_at_the_requested_rows(tmp_path: Path) -> None:
    progress: list[int] = []
    write_shop(tmp_path, SMALL, on_progress=progress.append)
    assert progress == sorted(progress)
    assert progress[-1] == SMALL.events


def test_a_month_at_a_time_is_the_same_shop(tmp_path: Path) -> None:
    whole = {path.name: path.read_bytes() for path in write_shop(tmp_path / "whole", SMALL)}
    alone = {}
    for path in write_months(tmp_path / "alone", SMALL):
        assert [other.name for other in path.parent.glob("[!.]*")] == [path.name]
        alone[path.name] = path.read_bytes()
        path.unlink()
    assert alone == whole


@pytest.mark.parametrize("format", ["csv", "csv.gz", "parquet"])
def test_a_failed_write_leaves_no_partial_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 400)
    copy, calls = generator._copy, iter(range(1_000))

    def failing(*args: object) -> None:
        if next(calls) == 5:
            raise OSError("No space left on device")
        copy(*args)

    monkeypatch.setattr(generator, "_copy", failing)
    with pytest.raises(OSError, match="No space left"):
        write_shop(tmp_path, SyntheticShop(events=6_000, months=1, format=format, faults=()))
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_leaves_only_complete_months(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from estore.synth import SyntheticShop, chunks\n"
        "from estore.synth import write_shop\n"
        "chunks.CHUNK_ROWS = 400\n"
        "die = lambda rows: os._exit(9) if rows > 4_000 else None\n"
        "shop = SyntheticShop(events=6_000, months=2, faults=())\n"
        "write_shop(Path(sys.argv[1]), shop, on_progress=die)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=environment)
    assert killed.returncode == 9
    left = [path for path in tmp_path.rglob("*.csv*") if path.is_file()]
    assert [path.name for path in left] == ["2019-Oct.csv"]
    assert left[0].read_text().splitlines()[-1].startswith("2019-10-31")


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        ({"events": 0}, "at least 1"),
        ({"months": 0}, "1 to 24"),
        ({"months": 25}, "1 to 24"),
        ({"seed": -1}, "0 or a positive number"),
        ({"format": "json"}, "choose one of csv, csv.gz, parquet"),
        ({"faults": ("outage",)}, "choose from purchase-outage, view-outage"),
    ],
)
def test_the_error_of_a_wrong_argument_names_the_fix(wrong: dict, fix: str) -> None:
    with pytest.raises(ValueError, match=fix):
        SyntheticShop(**wrong)


# Shaped like the real rows


def test_category_ids_have_19_digits_that_a_float_would_lose(
    db: duckdb.DuckDBPyConnection,
) -> None:
    low, high, lost = one(
        db,
        "SELECT min(category_id), max(category_id), "
        "count(DISTINCT category_id) FILTER (category_id::DOUBLE::HUGEINT <> category_id) "
        "FROM events",
    )
    assert 2_000_000_000_000_000_000 < low < high < 2_300_000_000_000_000_000
    assert lost > 30


def test_a_category_id_keeps_its_code_and_a_product_its_ids_within_a_month(
    db: duckdb.DuckDBPyConnection,
) -> None:
    codes = "SELECT count(DISTINCT coalesce(category_code, '')) FROM events GROUP BY category_id"
    assert one(db, f"SELECT max(columns(*)) FROM ({codes})") == (1,)
    ids = """
        SELECT
            count(DISTINCT category_id) AS categories,
            count(DISTINCT coalesce(brand, '')) AS brands,
            count(DISTINCT price) FILTER (event_type = 'purchase') AS prices
        FROM events GROUP BY product_id, month(event_time)
    """
    assert one(db, f"SELECT max(categories), max(brands), max(prices) FROM ({ids})") == (1, 1, 1)


def test_a_session_is_a_version_4_uuid_of_one_user(db: duckdb.DuckDBPyConnection) -> None:
    uuid = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
    assert percent(db, f"regexp_matches(user_session, '{uuid}')") == 100
    assert one(db, "SELECT count(*) = count(DISTINCT user_session) FROM visits") == (True,)


def test_no_purchase_has_a_zero_price(db: duckdb.DuckDBPyConnection) -> None:
    assert percent(db, "price = 0 AND event_type = 'purchase'") == 0
    assert percent(db, "price = 0") == pytest.approx(0.2, abs=0.08)


def test_a_purchase_follows_a_view_and_mostly_a_cart_of_its_product(
    db: duckdb.DuckDBPyConnection,
) -> None:
    db.execute("""
        CREATE OR REPLACE TEMP TABLE bought AS
        SELECT
            bool_or(event_type = 'view') AS is_viewed, bool_or(event_type = 'cart') AS is_carted,
            min(event_time) FILTER (event_type = 'view')
                <= min(event_time) FILTER (event_type = 'purchase') AS is_viewed_first
        FROM events GROUP BY user_session, product_id HAVING bool_or(event_type = 'purchase')
    """)
    assert percent(db, "is_viewed AND is_viewed_first", "bought") > 97.5
    assert 80 < percent(db, "is_carted", "bought") < 97


# Calibrated to the published counts: the shares are in test_calibration.py


def test_users_come_back_and_some_buy_again(db: duckdb.DuckDBPyConnection) -> None:
    users, buyers, returning = one(
        db,
        "SELECT count(*), count_if(bought > 0), count_if(days > 1) FROM (SELECT user_id, "
        "sum(purchases) AS bought, count(DISTINCT begins::DATE) AS days FROM visits GROUP BY 1)",
    )
    assert users / 300_000 == pytest.approx(3_022_290 / 42_448_764, rel=0.4)
    assert 100 * buyers / users == pytest.approx(12.5, abs=1.5)
    assert 100 * returning / users > 35
    first_in_october, again_in_november = one(
        db,
        "SELECT count(*), count_if(november > 0) FROM (SELECT "
        "sum(purchases) FILTER (month(begins) = 10) AS october, "
        "sum(purchases) FILTER (month(begins) = 11) AS november "
        "FROM visits GROUP BY user_id) WHERE october > 0",
    )
    assert 100 * again_in_november / first_in_october == pytest.approx(26, abs=6)
