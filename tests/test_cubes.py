"""The dashboard's cubes equal counts in plain Python, in whatever order the rows were loaded."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import oracle
import pytest
from conftest import Workshop

from estore.build.dbt_project import DbtProject
from estore.shop import ShopConfig
from estore.synth import SyntheticShop, write_shop

Counts = dict[tuple[Any, ...], list[Any]]


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workshop, list[Path]]:
    """A built synthetic shop of four months, and its files."""
    workshop = Workshop(tmp_path_factory.mktemp("cubes"))
    paths = write_shop(workshop.landing, SyntheticShop(events=25_000, months=4, seed=8, faults=()))
    workshop.load(*paths)
    workshop.build()
    return workshop, paths


class Known:
    """A buyer's segment on a day: from all orders up to the end of the previous month."""

    def __init__(self, events: list[oracle.Event], orders: list[oracle.Order]) -> None:
        self.segments = {
            (end, row.user_id): row.rfm_segment
            for end in oracle.month_ends(events)
            for row in oracle.rfm([order for order in orders if order.order_date <= end], end)
        }

    def on(self, day: date, user_id: str) -> str:
        return self.segments.get((day.replace(day=1) - timedelta(days=1), user_id), "New")


def test_sessions_are_counted_by_what_was_known_when_they_began(
    synthetic: tuple[Workshop, list[Path]],
) -> None:
    workshop, paths = synthetic
    events = oracle.events(oracle.read_lines(paths))
    known = Known(events, oracle.orders(events))

    expected: Counts = defaultdict(lambda: [0] * 5 + [Decimal(0)])
    for session in oracle.sessions(events):
        count = session.event_count
        length = "1" if count == 1 else "2–5" if count <= 5 else "6–20" if count <= 20 else "21+"
        day = session.session_start_date
        key = (day, "returning" if session.orders_before else "first",
               known.on(day, session.user_id), length)  # fmt: skip
        reached = (session.reached_view, session.reached_cart, session.reached_purchase)
        add(expected[key], 1, reached[1], reached[0] and reached[1], all(reached),
            session.view_count, session.revenue_amount)  # fmt: skip
    assert found(workshop, 4, "session_start_date, customer_stage, rfm_segment, session_length, "
                 "session_count, sessions_with_cart, sessions_with_view_and_cart, "
                 "sessions_with_all_three, view_count, revenue_amount", "cube_sessions"
                 ) == expected  # fmt: skip
    assert len({key[2] for key in expected}) > 5, "the shop is too small to show anything"


def test_orders_are_counted_once_in_every_breakdown(
    synthetic: tuple[Workshop, list[Path]],
) -> None:
    workshop, paths = synthetic
    events = oracle.events(oracle.read_lines(paths))
    orders = oracle.orders(events)
    known = Known(events, orders)
    names = {
        product: (category, brand)
        for product, category, brand in workshop.query(
            "select product_id, category, brand from intermediate.int_dashboard_groups"
        )
    }

    distinct: dict[tuple[Any, ...], tuple[set[Any], set[str], set[Any]]] = defaultdict(
        lambda: (set(), set(), set())
    )
    sums: Counts = defaultdict(lambda: [0, Decimal(0)])
    of_session = {(o.user_id, o.user_session, o.session_start_at): o for o in orders}
    sessions = defaultdict(list)
    for session in oracle.sessions(events):
        sessions[session.user_id, session.user_session].append(session)
    for event in events:
        if event.event_type != "purchase":
            continue
        begun = next(
            session.session_start_at for session in sessions[event.user_id, event.user_session]
            if session.session_start_at <= event.event_time <= session.session_end_at
        )  # fmt: skip
        order = of_session[event.user_id, event.user_session, begun]
        segment = known.on(order.order_date, order.user_id)
        category, brand = names[event.product_id]
        for key in ((category, brand), (category, "*"), ("*", brand), ("*", "*")):
            cell = (order.order_date, *key, segment)
            distinct[cell][0].add(order.order_key)
            distinct[cell][1].add(order.user_id)
            if order.order_number == 1:
                distinct[cell][2].add(order.order_key)
            add(sums[cell], event.quantity, event.revenue_amount)
    expected = {key: [*map(len, distinct[key]), *sums[key]] for key in sums}
    assert found(workshop, 4, "order_date, category, brand, rfm_segment, order_count, buyer_count, "
                 "first_order_count, item_count, revenue_amount", "cube_sales"
                 ) == expected  # fmt: skip


def add(sums: list[Any], *values: Any) -> None:
    for place, value in enumerate(values):
        sums[place] += value


def found(workshop: Workshop, keys: int, columns: str, table: str) -> Counts:
    rows = workshop.query(f"select {columns} from dashboard.{table}")
    assert len({row[:keys] for row in rows}) == len(rows)
    return {row[:keys]: list(row[keys:]) for row in rows}


def buy(day: str, user: str, session: str, order: str = "", **more: str) -> dict[str, str]:
    return {
        "event_time": f"{day} 12:00:00 UTC", "event_type": "purchase", "user_id": user,
        "user_session": session, "order_id": order, **more,
    }  # fmt: skip


def look(day: str, user: str, session: str) -> dict[str, str]:
    return {"event_time": f"{day} 09:00:00 UTC", "user_id": user, "user_session": session}


def sell(day: str, product: str, brand: str, category: str = "1", **more: str) -> dict[str, str]:
    return buy(
        day, f"buyer of {product}", f"{product} {day}", product_id=product, brand=brand,
        category_id=category, category_code=f"code{category}.sub{category}", **more,
    )  # fmt: skip


#: Later files of a history. The shop's own order "A" began in October: a row of it
#: that comes in December makes it larger, so segments of November and later sessions may differ.
HISTORIES = {
    "orders": [
        [buy("2019-10-02", "u2", "early", price="900")],
        [buy("2019-12-02", "u3", "again", "A", price="5000")],
        [buy("2019-12-03", "u1", "new")],
    ],
    "names": [
        [sell("2019-09-30", "p3", "third", "2")],  # its first category is different
        [sell("2019-12-03", "p1", "new", price=f"{n}") for n in range(2)],
        [sell("2019-12-03", "p4", "fourth", "4", price="100000")],  # no longer among the others
        [sell("2019-12-04", "p2", "second", "2", price="900000")],
    ],
    "names, there and back": [
        [sell("2019-12-03", "p1", "new", price=f"{n}") for n in range(2)],
        [look("2019-12-04", "u5", "l")],
        [sell("2019-12-05", "p1", "old", price=f"{n}") for n in range(4)],
    ],
}  # fmt: skip


def first_files() -> list[dict[str, str]]:
    rows = [buy("2019-10-05", "u3", "s", "A", price="10")]
    for number in range(1, 8):
        user = f"u{number}"
        rows += [
            buy(f"2019-10-{10 + number}", user, f"o{number}", price=f"{number * 50}"),
            buy(f"2019-11-{number:02d}", user, f"n{number}", price=f"{number * 20}"),
            look(f"2019-11-{10 + number}", user, "v"),
            look("2019-12-01", user, f"w{number}"),
            look(f"2019-12-{number + 4:02d}", user, f"x{number}"),
        ]  # fmt: skip
    rows += [
        look(f"2019-11-{day:02d}", f"crowd{n}", "c") for day in range(1, 29) for n in range(20)
    ]
    rows += [sell("2019-10-03", "p1", "old"), sell("2019-10-09", "p2", "second", "2"),
             sell("2019-11-04", "p3", "third", "3"), sell("2019-11-05", "p4", "fourth", "4"),
             sell("2019-11-06", "p2", "second", "2")]  # fmt: skip
    return rows


@pytest.mark.parametrize("name", HISTORIES)
def test_incremental_loads_give_the_same_cubes_as_one_load(open_workshop: Any, name: str) -> None:
    few = ShopConfig(thresholds={"dashboard_brands": 3, "dashboard_categories": 3})
    by_steps, at_once = open_workshop(shop=few), open_workshop(shop=few)
    batches: Iterable[list[dict[str, str]]] = [first_files(), *HISTORIES[name]]
    for number, rows in enumerate(batches):
        by_steps.write(f"{number}.csv", rows)
        by_steps.load()
        by_steps.build()
        at_once.write(f"{number}.csv", rows)
    at_once.load()
    at_once.build()

    for table in ("intermediate.int_order_lines", "dashboard.cube_sales",
                  "dashboard.cube_sessions", "dashboard.cube_products"):  # fmt: skip
        assert by_steps.query(f"select * from {table} order by all") == at_once.query(
            f"select * from {table} order by all"
        ), table


def test_one_more_day_leaves_the_cubes_of_earlier_days_unchanged(workshop: Workshop) -> None:
    """Marks every row. Rows without the mark were written again."""
    workshop.write("1.csv", first_files())
    workshop.load()
    workshop.build()
    marked = {
        "intermediate.int_session_cells": ("session_start_date", "view_count"),
        "intermediate.int_order_lines": ("order_date", "item_count"),
        "dashboard.cube_sales": ("order_date", "item_count"),
        "dashboard.cube_products": ("event_date", "item_count"),
    }
    for table, (_, column) in marked.items():
        workshop.query(f"update {table} set {column} = -1")
    workshop.write("2.csv", [buy("2019-12-20", "u1", "new")])
    workshop.load()
    workshop.build()
    for table, (day, column) in marked.items():
        assert workshop.query(f"select distinct {day} from {table} where {column} <> -1") == [
            (date(2019, 12, 20),)
        ], table


def test_group_changes_of_an_interrupted_build_reach_the_cubes(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group names are new and the cubes old, so the next build sees no difference."""
    workshop.write("1.csv", first_files())
    workshop.load()
    workshop.build()
    workshop.write("2.csv", [sell("2019-12-03", "p1", "new", price=f"{n}") for n in range(2)])
    workshop.load()
    real = DbtProject.run

    def die_before_the_cubes(self: DbtProject, *arguments: str, **options: Any) -> Any:
        if "--select" in arguments:  # the days
            return real(self, *arguments, **options)
        real(self, *arguments, "--exclude", "tag:daily", "cube_products", "cube_sales", **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DbtProject, "run", die_before_the_cubes)
        with pytest.raises(KeyboardInterrupt):
            workshop.build()
    brands = (
        "select distinct brand from dashboard.cube_products where category = 'code1' order by 1"
    )
    assert workshop.query(brands) == [("old",)], "the build was interrupted too late for this test"
    workshop.build()
    assert workshop.query(brands) == [("new",)]


def test_new_segment_rules_reach_the_cubes_together_with_a_new_day(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estore.build.thresholds.RFM_BANDS", 1)
    workshop.write("1.csv", first_files())
    workshop.load()
    workshop.build()
    before = workshop.query("select distinct rfm_segment from dashboard.cube_sessions")
    workshop.shop = ShopConfig(thresholds={"rfm_bands": 1})  # every customer scores 1 of 1
    workshop.write("2.csv", [buy("2019-12-20", "u1", "new")])
    workshop.load()
    workshop.build()
    assert len(before) > 2
    after = workshop.query("select distinct rfm_segment from dashboard.cube_sessions order by 1")
    assert after == [("Lost",), ("New",)]
