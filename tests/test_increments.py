"""Law 4: a small file rebuilds only its days. Law 5: the next build completes after a crash."""

import csv
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import Workshop

from estore.build import batches
from estore.build.batches import Batch
from estore.build.dbt_project import DbtProject
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.synth import SyntheticShop, write_shop
from estore.warehouse.duckdb import open_warehouse


def test_pending_days_are_built_in_batches_of_bounded_size(workshop: Workshop) -> None:
    """The 4th has no events, so the 3rd and the 5th are neighbors."""
    with open_warehouse(workshop.settings) as connection:
        connection.execute("insert into raw.file_days select 1, date '2019-10-01' + n::int, 10 "
                           "from range(5) as days (n) where n <> 3")  # fmt: skip
        connection.execute(
            "insert into raw.touched_days select event_date, false from raw.file_days"
        )
        batches.note_pending_days(connection, "UTC")

        def october(day: int) -> date:
            return date(2019, 10, day)

        assert batches.pending_batches(connection, 20) == [
            Batch(october(1), october(2), 2, 20),
            Batch(october(3), october(5), 2, 20),
        ]
        assert batches.pending_batches(connection, 1) == [
            Batch(october(day), october(day), 1, 10) for day in (1, 2, 3, 5)
        ]
        batches.finish_batch(connection, Batch(october(2), october(3)))
        assert batches.pending_batches(connection, 100) == [
            Batch(october(1), october(1), 1, 10),
            Batch(october(5), october(5), 1, 10),
        ]


def test_a_utc_day_affects_its_neighbors_in_another_zone(workshop: Workshop) -> None:
    with open_warehouse(workshop.settings) as connection:
        connection.execute("insert into raw.touched_days values (date '2019-10-02', false)")
        batches.note_pending_days(connection, "Asia/Tokyo")
        (batch,) = batches.pending_batches(connection, 100)
    assert batch == Batch(date(2019, 10, 1), date(2019, 10, 3), day_count=3)


def test_one_more_day_rewrites_no_row_of_other_days(workshop: Workshop) -> None:
    """Marks every row. Rows without the mark were written again."""
    write_shop(workshop.landing, SyntheticShop(events=20_000, months=1, seed=4, faults=()))
    workshop.load()
    workshop.build()
    marked = {
        "staging.stg_repeats": ("quantity", "event_date"),
        "intermediate.int_product_days": ("view_count", "event_date"),
        "intermediate.int_product_attribute_days": ("event_count", "event_date"),
        "intermediate.int_day_sums": ("event_count", "event_date"),
        "intermediate.int_sessions": ("item_count", "session_start_date"),
    }
    for table, (column, _) in marked.items():
        workshop.query(f"update {table} set {column} = -7")

    workshop.write("late.csv", [{"event_time": "2019-10-15 09:00:00 UTC", "user_id": "new"}])
    workshop.load()
    report = workshop.build()

    assert report.days == 1
    for table, (column, day) in marked.items():
        rewritten = dict(
            workshop.query(f"select {day}, count(*) from {table} where {column} <> -7 group by 1")
        )
        on_the_day = workshop.query(f"select count(*) from {table} where {day} = '2019-10-15'")
        assert rewritten.pop(date(2019, 10, 15), 0) == on_the_day[0][0], table
        if table == "intermediate.int_sessions":  # and those within the timeout of the day
            assert set(rewritten) <= {date(2019, 10, 14), date(2019, 10, 16)}
            assert sum(rewritten.values()) < 0.2 * on_the_day[0][0]
        else:
            assert not rewritten, table


def test_one_more_day_sums_up_its_month_and_no_other(workshop: Workshop) -> None:
    write_shop(workshop.landing, SyntheticShop(events=20_000, months=3, seed=4, faults=()))
    workshop.load()
    workshop.build()
    tables = ("intermediate.int_product_months", "intermediate.int_product_attribute_months")
    for table in tables:
        workshop.query(f"update {table} set product_id = -product_id")  # a mark

    workshop.write("late.csv", [{"event_time": "2019-11-30 09:00:00 UTC", "user_id": "new"}])
    workshop.load()
    workshop.build()

    for table in tables:
        (rewritten,) = zip(*workshop.query(
            f"select distinct month_start from {table} where product_id > 0"
        ), strict=True)  # fmt: skip
        (kept,) = zip(*workshop.query(
            f"select distinct month_start from {table} where product_id < 0 order by 1"
        ), strict=True)  # fmt: skip
        assert rewritten == (date(2019, 11, 1),), table
        assert kept == (date(2019, 10, 1), date(2019, 12, 1)), table


def test_tables_of_typed_ids_become_text_once_an_id_is_text(
    workshop: Workshop, open_workshop: Callable[..., Workshop]
) -> None:
    """The new ids belong to an existing day, session and order."""
    write_shop(workshop.landing, SyntheticShop(events=20_000, months=1, seed=4, faults=()))
    (path,) = workshop.landing.glob("*.csv")
    with path.open() as file:
        late = [row for row in csv.DictReader(file) if row["event_time"] > "2019-10-30 12"]
    workshop.load()
    workshop.build()
    kinds = (
        "select distinct typeof(product_id), typeof(user_id), typeof(user_session) "
        "from intermediate.int_purchases"
    )
    assert workshop.query(kinds) == [("BIGINT", "BIGINT", "UUID")]

    assert any(row["event_type"] == "purchase" for row in late)
    workshop.write("words.csv", [
        row | {"event_time": row["event_time"].replace(" UTC", ".5 UTC")}
        | [{"product_id": "SKU-1"}, {"user_id": "ann"}, {"user_session": "s"}, {}][number % 4]
        for number, row in enumerate(late)
    ])  # fmt: skip
    workshop.load()
    workshop.build()
    assert workshop.query(kinds) == [("VARCHAR", "VARCHAR", "VARCHAR")]

    at_once = open_workshop()
    for file in workshop.landing.glob("*.csv"):
        shutil.copy(file, at_once.landing)
    at_once.load()
    at_once.build()
    assert workshop.everything() == at_once.everything()


def test_one_more_day_sums_up_the_orders_of_its_buyers_and_no_others(workshop: Workshop) -> None:
    def seen(time: str, user: str, event_type: str = "purchase") -> dict[str, str]:
        return {"event_time": f"2019-10-{time} UTC", "user_id": user, "event_type": event_type,
                "user_session": f"s{user}"}  # fmt: skip

    crowd = [seen(f"08 0{m % 10}:{m // 10:02d}:00", f"x{m}", "view") for m in range(90)]
    workshop.write("1.csv", [
        *crowd, seen("01 12:00:00", "7"), seen("01 13:50:00", "7"), seen("04 12:00:00", "8"),
        seen("02 12:00:00", "9"), seen("01 12:00:00", "9"),
    ])  # fmt: skip
    workshop.load()
    workshop.build()
    orders = "select user_id, count(*), sum(order_amount > 0) from marts.fct_orders group by 1"
    assert sorted(workshop.query(orders)) == [("7", 2, 2), ("8", 1, 1), ("9", 2, 2)]
    workshop.query("update intermediate.int_orders set order_amount = -1")

    # A view of user 7 joins two sessions and so two orders; 8 only views; 9 buys again.
    workshop.write("2.csv", [
        seen("01 12:55:00", "7", "view"), seen("01 20:00:00", "8", "view"),
        seen("01 18:00:00", "9"),
    ])  # fmt: skip
    workshop.load("2.csv")
    workshop.build()

    assert sorted(workshop.query(orders)) == [("7", 1, 1), ("8", 1, 0), ("9", 3, 3)]


def test_a_month_is_rescored_only_if_a_later_day_changed_one_of_its_orders(
    workshop: Workshop, tmp_path: Path
) -> None:
    """A session over midnight rescores a month only if it buys or joins two orders."""

    def seen(day: str, time: str, event_type: str = "view", **more: str) -> dict[str, str]:
        return {"event_time": f"2019-{day} {time} UTC", "user_id": "7", "user_session": "s",
                "event_type": event_type, **more}  # fmt: skip

    late = [seen("11-01", f"{half // 2:02d}:{20 + half % 2 * 30}:00") for half in range(48)]
    orders = [seen("10-31", "23:50:00", "purchase"), seen("11-02", "00:10:00", "purchase"),
              seen("10-31", "12:00:00", "purchase", user_session="t", order_id="o")]  # fmt: skip
    days = {
        "only looks": (late[:3], False),
        "buys": ([*late[:3], seen("11-01", "01:30:00", "purchase")], True),
        "joins two orders": (late, True),
        "adds to an order": ([seen("11-01", "20:00:00", "purchase", order_id="o")], True),
        "of a different user": ([seen("11-01", "00:10:00", "purchase", user_id="8")], False),
    }
    crowd = [seen("10-08", f"0{m % 10}:{m // 10:02d}:00", user_id=f"x{m}") for m in range(400)]
    workshop.write("1.csv", [*crowd, *orders])
    workshop.load()
    workshop.build()
    workshop.query("update intermediate.int_user_rfm_monthly set frequency = -1")
    for name, (rows, is_rescored) in days.items():
        shutil.copytree(workshop.settings.home, tmp_path / name / "home")
        tried = Workshop(tmp_path / name)
        tried.write("2.csv", rows)
        tried.load()
        tried.build()
        frequencies = tried.query(
            "select min(frequency) from marts.fct_user_rfm_monthly "
            "where month_end_date = '2019-10-31'"
        )
        assert (frequencies != [(-1,)]) == is_rescored, name


def test_a_purchase_of_another_order_at_the_same_instant_is_added_and_changes_no_other_order(
    open_workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older order began a month before. Its row of that day differs only in the order."""
    monkeypatch.setattr(batches, "MUCH_IS_NEW", 2.0)

    def buy(time: str, order: str, **more: str) -> dict[str, str]:
        return {"event_time": f"2019-{time} UTC", "user_id": "7", "user_session": time[:5],
                "event_type": "purchase", "order_id": order, **more}  # fmt: skip

    files = [[buy("10-27 12:00:00", "o2", price="5.00"), buy("11-03 12:00:00", "o2"),
              buy("11-09 12:00:00", "", user_id="9")], [buy("11-03 12:00:00", "o1")]]  # fmt: skip
    by_steps, at_once = open_workshop(), open_workshop()
    for number, rows in enumerate(files):
        by_steps.write(f"{number}.csv", rows)
        by_steps.load()
        by_steps.build()
        at_once.write(f"{number}.csv", rows)
    at_once.load()
    at_once.build()
    for table, rows in at_once.everything().items():
        assert by_steps.everything()[table] == rows, table
    orders = "select order_id, order_amount from marts.fct_orders where user_id = '7' order by 1"
    assert by_steps.query(orders) == [("o1", 100), ("o2", 105)]


def test_nothing_new_builds_nothing(workshop: Workshop) -> None:
    workshop.write("a.csv", [{}])
    workshop.load()
    assert workshop.build(until="tests").days == 1

    workshop.load()
    assert workshop.build(until="tests").is_skipped


def test_a_new_session_timeout_rebuilds_all_days(workshop: Workshop) -> None:
    workshop.write("a.csv", [{}, {"event_time": "2019-10-01 12:40:00 UTC"}])
    workshop.load()
    workshop.build()
    assert workshop.query("select event_count from marts.fct_sessions") == [(2,)]

    workshop.shop.thresholds["session_timeout_minutes"] = 30
    report = workshop.build()

    assert report.is_full
    assert workshop.query("select event_count from marts.fct_sessions") == [(1,), (1,)]


@pytest.mark.parametrize(
    "model", ["int_purchases", "int_sessions", "int_buying_sessions", "int_buyers"]
)
def test_the_next_build_completes_one_that_stopped_halfway(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    evening = [{"event_time": f"2019-10-01 23:{minute}:00 UTC"} for minute in (20, 40)]
    morning = {"event_time": "2019-10-02 00:20:00 UTC", "event_type": "purchase"}
    late = {"event_time": "2019-10-03 10:00:00 UTC", "event_type": "purchase"}
    workshop.write("a.csv", [*evening, morning, late])
    workshop.load()
    workshop.build()
    workshop.write("a.csv", [*evening, late])  # the purchase of the morning is gone
    workshop.load()

    real = DbtProject.run

    def die_at(self: DbtProject, command: str, *arguments: str, **options: Any) -> Any:
        real(self, command, *arguments, "--exclude", f"{model}+", **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DbtProject, "run", die_at)
        with pytest.raises(KeyboardInterrupt):
            workshop.build()
    workshop.build()
    repaired = workshop.everything()

    workshop.build(full_refresh=True)
    assert repaired == workshop.everything()
    assert workshop.query("select count(*) from marts.fct_orders") == [(1,)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_the_plan_of_one_day_skips_the_rest_of_the_history(
    open_workshop: Callable[..., Workshop], zone: str
) -> None:
    workshop = open_workshop(shop=ShopConfig(thresholds={"shop_timezone": zone}))
    workshop.write("a.csv", [{"event_time": "2019-10-15 12:00:00 UTC"}])
    workshop.load()
    workshop.build(until="days")
    compiled = DbtProject(workshop.settings, workshop.shop).target / "compiled"
    (sql,) = compiled.rglob("int_batch_events.sql")
    workshop.query(
        "insert into raw.events by name select 1 as file_id, 'view' as event_type, "
        "timestamp '2019-09-01' + to_seconds(n * 4) as event_time, 1 as product_id, "
        "1 as user_id, n::varchar as user_session, 1 as quantity from range(1_500_000) as t (n)"
    )

    ((_, plan),) = workshop.query("explain analyze " + sql.read_text())

    groups = [
        (int(scanned), int(of))
        for scanned, of in re.findall(r"Groups Scanned: (\d+) / (\d+)", plan)
    ]
    of_raw = [scanned for scanned, of in groups if of >= 12]
    assert of_raw, plan
    assert max(of_raw) <= 4, "the history was read for one day"


def test_a_table_of_an_older_version_may_become_a_view_and_the_reverse(
    workshop: Workshop,
) -> None:
    workshop.write("a.csv", [{"event_type": "purchase"}])
    workshop.load()
    workshop.build()
    with open_warehouse(workshop.settings) as connection:
        connection.execute("drop view intermediate.int_as_of")
        connection.execute("create table intermediate.int_as_of as select 1 as old")
        connection.execute("drop table metrics.metrics_churn")
        connection.execute("create view metrics.metrics_churn as select 1 as old")
    workshop.write("b.csv", [{"event_type": "purchase", "event_time": "2019-10-02 12:00:00 UTC"}])
    workshop.load("b.csv")
    workshop.build()
    assert workshop.query("select as_of_date from intermediate.int_as_of") == [(date(2019, 10, 2),)]
    kinds = workshop.query(
        "select table_name, table_type from information_schema.tables "
        "where table_name in ('int_as_of', 'metrics_churn') order by all"
    )
    assert kinds == [("int_as_of", "VIEW"), ("metrics_churn", "BASE TABLE")]


@pytest.mark.parametrize(
    ("memory", "rows", "kept"),
    [
        ("4GB", 6_000_000, "2000MB"), ("512 MiB", 768_000, "256MB"), ("0.001GB", 100_000, "0MB"),
        ("80%", 1_500_000, "500MB"),
    ],
)  # fmt: skip
def test_a_batch_takes_as_many_rows_as_fit_in_memory_and_blocks_half_of_it(
    memory: str, rows: int, kept: str
) -> None:
    assert Settings(memory_limit=memory).batch_rows == rows
    assert Settings(memory_limit=memory).block_memory == kept
    assert Settings(memory_limit=memory, chunk_rows=7).batch_rows == 7
