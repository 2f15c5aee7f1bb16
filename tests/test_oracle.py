"""Cases small enough to check by hand, so that the oracle may judge the marts."""

import gzip
import hashlib
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import oracle
import pytest

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "data" / "2019-Oct-head.csv.gz"


def line(event_time: str, event_type: str = "view", **columns: Any) -> oracle.Line:
    """One row of user u in session s. Other columns do not affect the test."""
    values: dict[str, Any] = {
        "product_id": "p",
        "category_id": None,
        "category_code": None,
        "brand": None,
        "price": Decimal("10.00"),
        "user_id": "u",
        "user_session": "s",
    }
    instant = datetime.fromisoformat(event_time).replace(tzinfo=UTC)
    return oracle.Line(event_time=instant, event_type=event_type, **(values | columns))


def purchase(event_time: str, **columns: Any) -> oracle.Line:
    return line(event_time, "purchase", **columns)


def orders_on(user_id: str, *days: date, price: int = 10) -> list[oracle.Line]:
    """One order of one item on each day."""
    return [
        purchase(day.isoformat(), user_id=user_id, user_session=str(day), price=Decimal(price))
        for day in days
    ]


def orders_of(*lines: oracle.Line) -> list[oracle.Order]:
    return oracle.orders(oracle.events(lines))


def sessions_of(*lines: oracle.Line) -> list[oracle.Session]:
    return oracle.sessions(oracle.events(lines))


def users_of(*lines: oracle.Line, as_of: date | None = None) -> list[oracle.User]:
    return oracle.users(oracle.events(lines), sessions_of(*lines), orders_of(*lines), as_of)


# --- Lines ---------------------------------------------------------------------------------------


def read(tmp_path: Path, *rows: str, header: str = HEADER) -> list[oracle.Line]:
    path = tmp_path / "events.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return oracle.read_lines([path])


def test_text_is_trimmed_and_names_are_lower_cased_and_only_an_empty_field_is_null(tmp_path):
    rows = read(tmp_path, "2019-10-01 00:00:00 UTC, View ,1,2103807459595387724, ,NA , 35.79 ,U1,S")

    assert rows == [
        oracle.Line(
            event_time=datetime(2019, 10, 1, tzinfo=UTC),
            event_type="view",
            product_id="1",
            category_id="2103807459595387724",
            category_code=None,
            brand="na",
            price=Decimal("35.79"),
            user_id="U1",
            user_session="S",
        )
    ]


@pytest.mark.parametrize(
    "row",
    [
        "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,1.00,52040330",
        "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,1.00,u,s,more",
        "2019-13-01 00:00:00 UTC,view,1,2,a.b,c,1.00,u,s",
        ",view,1,2,a.b,c,1.00,u,s",
        "2019-10-01 00:00:00 UTC,view, ,2,a.b,c,1.00,u,s",
        "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,1.00,,s",
        "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,1.00,u,",
        "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,,u,s",
        "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,free,u,s",
        "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,NaN,u,s",
        "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,-0.01,u,s",
    ],
)
def test_a_bad_row_is_refused_and_its_neighbours_are_not(tmp_path, row):
    good = "2019-10-01 00:00:00 UTC,view,1,,,,0,u,s"

    assert len(read(tmp_path, good, row, good)) == 2


def test_columns_are_found_by_name_among_index_and_order_columns(tmp_path):
    header = "," + ",".join(reversed(HEADER.split(","))) + ",order_id,quantity"
    rows = read(
        tmp_path,
        "0,s,u,1.00,,,2,1,purchase,2020-01-01 02:00:00+02:00,A7,3",
        "1,s,u,1.00,,,2,1,purchase,2020-01-01 00:00:00+00:00,,",
        header=header,
    )

    assert [(row.order_id, row.quantity) for row in rows] == [("A7", 3), (None, 1)]
    assert {row.event_time for row in rows} == {datetime(2020, 1, 1, tzinfo=UTC)}
    assert {row.event_time.tzinfo for row in rows} == {UTC}


@pytest.mark.parametrize("name", ["events.csv", "events.csv.gz"])
def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path, name):
    content = f"{HEADER}\n2019-10-01 00:00:00 UTC,view,1,,,,0,u,s\n".encode("utf-8-sig")
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)

    assert len(oracle.read_lines([path])) == 1


def test_a_file_without_a_needed_column_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"events\.csv.*user_session"):
        read(tmp_path, header=HEADER.removesuffix(",user_session"))


# --- Events --------------------------------------------------------------------------------------


def test_rows_that_are_equal_in_the_key_columns_are_one_event():
    same = line("2019-10-01 00:00:00")
    others = [
        line("2019-10-01 00:00:01"),
        line("2019-10-01 00:00:00", "cart"),
        line("2019-10-01 00:00:00", product_id="p2"),
        line("2019-10-01 00:00:00", user_id="u2"),
        line("2019-10-01 00:00:00", user_session="s2"),
        line("2019-10-01 00:00:00", order_id="o"),
        line("2019-10-01 00:00:00", quantity=2),
        line("2019-10-01 00:00:00", price=Decimal("10.01")),
    ]

    counts = [event.duplicate_count for event in oracle.events([same, same, *others, same])]

    assert sorted(counts) == [1] * 8 + [3]


def test_of_duplicates_the_smallest_category_and_brand_are_taken_with_nulls_last():
    # Already in order of preference.
    by_preference = [
        {"category_id": "1", "category_code": "b", "brand": "z"},
        {"category_id": "1", "category_code": None, "brand": "a"},
        {"category_id": "2", "category_code": "a", "brand": "a"},
        {"category_code": "a", "brand": "z"},
        {"brand": "a"},
        {"brand": None},
    ]
    lines = [purchase("2019-10-01", **columns) for columns in by_preference]

    for position, best in enumerate(lines):
        (event,) = oracle.events(reversed(lines[position:]))
        assert {name: getattr(event, name) for name in vars(best)} == vars(best)
        assert event.duplicate_count == len(lines) - position


def test_quantities_of_duplicate_purchases_that_are_units_add_up():
    rows = [purchase("2019-10-01", quantity=3)] * 2 + [purchase("2019-10-01", quantity=1)]
    rows += [line("2019-10-01", "cart", quantity=3)] * 2

    events = oracle.events(rows, repeated_purchases_are_units=True)

    assert [(e.event_type, e.quantity, e.duplicate_count, e.revenue_amount) for e in events] == [
        ("cart", 3, 2, 0), ("purchase", 1, 1, 10), ("purchase", 6, 2, 60),
    ]  # fmt: skip


def test_only_a_purchase_earns_price_times_quantity():
    events = oracle.events(
        line("2019-10-01", kind, price=Decimal("2.50"), quantity=3)
        for kind in ("view", "cart", "remove_from_cart", "purchase")
    )

    assert {event.event_type: event.revenue_amount for event in events} == {
        "view": 0,
        "cart": 0,
        "remove_from_cart": 0,
        "purchase": Decimal("7.50"),
    }


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", [1, 1, 2]),
        ("Europe/Moscow", [1, 2, 2]),  # UTC+3: its midnight is 21:00 UTC
        ("America/New_York", [1, 1, 1]),  # UTC-4 in October: its midnight is 04:00 UTC
    ],
)
def test_the_day_changes_at_midnight_of_the_shop(zone, days):
    times = ("2019-10-01 20:59:59", "2019-10-01 21:00:00", "2019-10-02 00:00:00")
    events = oracle.events(map(line, times), zone)

    assert [event.event_date for event in events] == [date(2019, 10, day) for day in days]


def test_the_day_follows_summer_time():
    # New York left summer time on 2019-11-03, so that its midnight moved to 05:00 UTC.
    times = ("2019-11-03 04:00:00", "2019-11-04 04:59:59", "2019-11-04 05:00:00")
    events = oracle.events(map(line, times), "America/New_York")

    assert [event.event_date.day for event in events] == [3, 3, 4]


# --- Sessions ------------------------------------------------------------------------------------


def test_a_gap_of_exactly_the_timeout_does_not_split_and_one_second_more_does():
    first, second = sessions_of(
        line("2019-10-01 10:00:00"), line("2019-10-01 11:00:00"), line("2019-10-01 12:00:01")
    )

    assert (first.event_count, first.duration_seconds) == (2, 3600)
    assert (second.event_count, second.duration_seconds) == (1, 0)
    assert second.session_start_at == datetime(2019, 10, 1, 12, 0, 1, tzinfo=UTC)


def test_the_gap_counts_from_the_last_event_and_not_from_the_start():
    assert len(sessions_of(*(line(f"2019-10-01 {hour}:00:00") for hour in range(10, 20)))) == 1


def test_a_session_continues_past_midnight_and_belongs_to_its_start_day():
    (session,) = sessions_of(line("2019-10-01 23:50:00"), line("2019-10-02 00:10:00"))

    assert session.session_start_date == date(2019, 10, 1)


def test_users_that_share_a_session_id_have_a_session_each():
    theirs = sessions_of(
        line("2019-10-01 10:00:00", user_id="a"),
        purchase("2019-10-01 10:01:00", user_id="b"),
        line("2019-10-01 10:02:00", user_id="a"),
    )

    assert [(s.user_id, s.event_count, s.reached_purchase) for s in theirs] == [
        ("a", 2, False),
        ("b", 1, True),
    ]


def test_a_session_counts_what_happened_in_it():
    (session,) = sessions_of(
        line("2019-10-01 10:00:00", product_id="p1"),
        line("2019-10-01 10:01:00", "cart", product_id="p1"),
        line("2019-10-01 10:02:00", "remove_from_cart", product_id="p2", quantity=7),
        purchase("2019-10-01 10:03:00", product_id="p1", price=Decimal("1.10"), quantity=2),
        purchase("2019-10-01 10:03:30", product_id="p3", price=Decimal("0.05")),
    )

    assert session == oracle.Session(
        session_id=oracle.session_id("u", "s", datetime(2019, 10, 1, 10, tzinfo=UTC), 60),
        user_id="u",
        user_session="s",
        session_start_at=datetime(2019, 10, 1, 10, tzinfo=UTC),
        session_start_date=date(2019, 10, 1),
        session_end_at=datetime(2019, 10, 1, 10, 3, 30, tzinfo=UTC),
        duration_seconds=210,
        event_count=5,
        view_count=1,
        cart_add_count=1,
        purchase_count=2,
        item_count=3,
        product_count=3,
        revenue_amount=Decimal("2.25"),
        reached_view=True,
        reached_cart=True,
        reached_purchase=True,
        funnel_stage="purchase",
        orders_before=0,
    )


@pytest.mark.parametrize(
    ("kinds", "stage"),
    [
        (["purchase", "cart", "view"], "purchase"),
        (["cart"], "cart"),
        (["cart", "view"], "cart"),
        (["remove_from_cart", "view"], "view"),
        (["remove_from_cart"], "other"),
    ],
)
def test_the_funnel_stage_is_the_furthest_one_in_any_order(kinds, stage):
    (session,) = sessions_of(
        *(line(f"2019-10-01 10:00:0{second}", kind) for second, kind in enumerate(kinds))
    )

    assert session.funnel_stage == stage


def test_orders_before_counts_only_orders_strictly_before_the_session_begins():
    theirs = sessions_of(
        purchase("2019-10-01 10:00:00", user_session="s1"),
        line("2019-10-01 10:00:00", user_session="s2"),
        line("2019-10-01 10:00:01", user_session="s3"),
        purchase("2019-10-05 10:00:00", user_session="s4"),
        line("2019-10-06 10:00:00", user_session="s5"),
        line("2019-10-06 10:00:00", user_session="s6", user_id="another"),
    )

    assert {s.user_session: s.orders_before for s in theirs} == {
        "s1": 0,
        "s2": 0,
        "s3": 1,
        "s4": 1,
        "s5": 2,
        "s6": 0,
    }


# --- Orders --------------------------------------------------------------------------------------


def test_purchases_of_a_session_are_one_order_and_a_timeout_starts_a_new_one():
    first, second = orders_of(
        line("2019-10-01 09:30:00"),
        purchase("2019-10-01 10:00:00", product_id="p1", price=Decimal(100)),
        purchase("2019-10-01 10:00:00", product_id="p2", price=Decimal(100), quantity=2),
        purchase("2019-10-01 11:00:01", product_id="p1", price=Decimal(5)),
    )

    assert (first.line_count, first.item_count, first.order_amount) == (2, 3, 300)
    assert first.ordered_at == datetime(2019, 10, 1, 10, tzinfo=UTC)
    assert first.session_start_at == datetime(2019, 10, 1, 9, 30, tzinfo=UTC)
    assert (second.order_number, second.order_amount) == (2, 5)
    assert second.days_since_previous_order == 0


def test_an_order_id_joins_sessions_and_parts_one_and_belongs_to_one_user():
    theirs = orders_of(
        line("2019-10-01 09:00:00", user_session="s1"),
        purchase("2019-10-01 09:10:00", user_session="s1", order_id="A", product_id="p1"),
        purchase("2019-10-01 09:11:00", user_session="s1", order_id="B", product_id="p1"),
        purchase("2019-10-01 09:12:00", user_session="s1", product_id="p1"),
        purchase("2019-10-03 09:00:00", user_session="s2", order_id="A", product_id="p2"),
        purchase("2019-10-03 09:00:00", user_session="s3", order_id="A", user_id="v"),
    )

    assert [(o.user_id, o.order_id, o.user_session, o.line_count) for o in theirs] == [
        ("u", "A", "s1", 2),
        ("u", "B", "s1", 1),
        ("u", None, "s1", 1),
        ("v", "A", "s3", 1),
    ]
    assert theirs[0].order_date == date(2019, 10, 1)
    assert theirs[0].session_start_at == datetime(2019, 10, 1, 9, tzinfo=UTC)


def test_an_order_that_begins_in_two_sessions_at_once_belongs_to_the_smaller_one():
    events = oracle.events(
        purchase("2019-10-01 09:00:00", user_session=session, order_id="A")
        for session in ("s1", "s2")
    )

    for given in (events, events[::-1]):
        (order,) = oracle.orders(given)
        starts = [("u", session, order.session_start_at, 60) for session in ("s1", "s2")]
        assert order.user_session == min(starts, key=lambda start: oracle.session_id(*start))[1]


def test_orders_of_one_instant_are_numbered_by_their_key():
    theirs = orders_of(
        purchase("2019-10-01 09:00:00", order_id="B", product_id="p1"),
        purchase("2019-10-01 09:00:00", order_id="A", product_id="p2"),
        purchase("2019-09-30 09:00:00", order_id="C"),
    )

    assert [(o.order_key, o.order_number, o.days_since_previous_order) for o in theirs] == [
        ("C", 1, None),
        ("A", 2, 1),
        ("B", 3, 0),
    ]


def test_a_session_id_is_the_md5_of_its_own_key_and_the_slot_in_which_it_began():
    start = datetime(1, 1, 1, 2, 59, 59, tzinfo=UTC)

    assert oracle.session_id("u", "s", start, 60) == hashlib.md5(b"1:u|1:s|2").hexdigest()[:20]
    assert oracle.session_id("u", "s", start, 30) == hashlib.md5(b"1:u|1:s|5").hexdigest()[:20]
    assert oracle.session_id("a|b", "c", start, 60) != oracle.session_id("a", "b|c", start, 60)


def test_days_between_orders_are_days_of_the_shop():
    lines = [
        purchase("2019-10-01 03:59:59", user_session="s1"),
        purchase("2019-10-01 04:00:00", user_session="s2"),
    ]

    assert oracle.orders(oracle.events(lines))[1].days_since_previous_order == 0
    new_york = oracle.orders(oracle.events(lines, "America/New_York"))
    assert [order.order_date.day for order in new_york] == [30, 1]
    assert new_york[1].days_since_previous_order == 1


# --- Daily sales ---------------------------------------------------------------------------------


def test_every_day_from_first_to_last_event_has_its_sales():
    lines = [
        line("2019-09-30 12:00:00"),
        purchase("2019-10-01 23:59:59", price=Decimal(30), quantity=2),
        # After midnight, yet of the same order: it counts on the day the order was made.
        purchase("2019-10-02 00:00:01", price=Decimal(20)),
        purchase("2019-10-01 08:00:00", user_session="s0", price=Decimal(20)),
        purchase("2019-10-01 08:00:00", user_id="v", price=Decimal(20)),
        line("2019-10-03 12:00:00"),
    ]

    days = oracle.daily_sales(orders_of(*lines), oracle.events(lines))

    assert days == [
        oracle.DailySales(date(2019, 9, 30), Decimal(0), 0, 0, 0, None),
        oracle.DailySales(date(2019, 10, 1), Decimal(120), 3, 2, 5, Decimal(40)),
        oracle.DailySales(date(2019, 10, 2), Decimal(0), 0, 0, 0, None),
        oracle.DailySales(date(2019, 10, 3), Decimal(0), 0, 0, 0, None),
    ]


# --- Funnel --------------------------------------------------------------------------------------


def test_a_rate_counts_sessions_that_reached_both_stages():
    kinds_of_session = [
        ("2019-10-01", ["view"]),
        ("2019-10-01", ["view", "cart"]),
        ("2019-10-01", ["view", "cart", "purchase"]),
        ("2019-10-01", ["view", "purchase"]),
        ("2019-10-01", ["cart"]),
        ("2019-10-01", ["purchase"]),
        ("2019-10-03", ["remove_from_cart"]),
    ]
    overall, first, third = oracle.funnel(
        sessions_of(
            *(
                line(day, kind, user_session=str(number))
                for number, (day, kinds) in enumerate(kinds_of_session)
                for kind in kinds
            )
        )
    )

    assert first == oracle.Funnel(
        session_start_date=date(2019, 10, 1),
        sessions=6,
        bots=0,
        with_view=4,
        with_cart=3,
        with_purchase=3,
        view_and_cart=2,
        cart_and_purchase=1,
        view_and_purchase=2,
        view_to_cart=2 / 4,
        cart_to_purchase=1 / 3,
        view_to_purchase=2 / 4,
        cart_abandonment=1 - 1 / 3,
    )
    assert third == oracle.Funnel(date(2019, 10, 3), 1, *[0] * 7, None, None, None, None)
    assert (overall.session_start_date, overall.sessions, overall.view_to_cart) == (None, 7, 0.5)


def test_a_bot_session_is_counted_separately_and_in_no_rate():
    looks = [line(f"2019-10-01T00:00:{second:02d}", user_session="r") for second in range(4)]
    human = [line("2019-10-01", user_session="h"), line("2019-10-01", "cart", user_session="h")]

    overall, _ = oracle.funnel(sessions_of(*looks, *human), bot_events=3)

    assert (overall.sessions, overall.bots, overall.with_view, overall.view_to_cart) == (
        1,
        1,
        1,
        1,
    )


# --- Users ---------------------------------------------------------------------------------------


def test_a_user_is_the_sum_of_their_events_and_orders():
    buyer, visitor = users_of(
        line("2019-10-01 09:00:00"),
        purchase("2019-10-02 09:00:00", user_session="s2", price=Decimal(10), quantity=3),
        purchase("2019-10-09 09:00:00", user_session="s3", price=Decimal(15)),
        line("2019-10-10 23:59:59", user_session="s4"),
        line("2019-10-12 00:00:00", user_id="v"),
    )

    assert buyer == oracle.User(
        user_id="u",
        first_event_at=datetime(2019, 10, 1, 9, tzinfo=UTC),
        last_event_at=datetime(2019, 10, 10, 23, 59, 59, tzinfo=UTC),
        session_count=4,
        event_count=4,
        order_count=2,
        item_count=4,
        revenue_amount=Decimal(45),
        average_order_amount=Decimal("22.5"),
        first_order_date=date(2019, 10, 2),
        customer_since_date=date(2019, 10, 2),
        last_order_date=date(2019, 10, 9),
        days_since_last_activity=2,
        days_since_last_order=3,
        activity_status="active",
        is_churned=False,
    )
    assert (visitor.activity_status, visitor.order_count) == ("prospect", 0)
    assert visitor.average_order_amount is visitor.days_since_last_order is None


@pytest.mark.parametrize(
    ("order_days", "idle_days", "status"),
    [
        (0, 0, "active"),
        (29, 29, "active"),
        (30, 0, "declining"),
        (44, 44, "declining"),
        (45, 45, "at_risk"),
        (59, 59, "at_risk"),
        (60, 60, "churned"),
        (60, 59, "at_risk"),
        (400, 0, "at_risk"),
        (400, 60, "churned"),
    ],
)
def test_activity_status_turns_on_the_day_of_its_threshold(order_days, idle_days, status):
    as_of = date(2020, 12, 31)
    (user,) = users_of(
        *orders_on("u", as_of - timedelta(days=order_days)),
        line(str(as_of - timedelta(days=idle_days))),
        as_of=as_of,
    )

    assert user.days_since_last_order == order_days
    assert user.days_since_last_activity == idle_days
    assert user.activity_status == status
    assert user.is_churned == (status == "churned")


def test_a_user_who_never_bought_is_a_prospect_and_never_churned():
    (user,) = users_of(line("2019-01-01"), as_of=date(2020, 1, 1))

    assert (user.activity_status, user.is_churned) == ("prospect", False)


def test_an_as_of_date_before_the_end_of_the_data_is_refused():
    late = orders_of(purchase("2019-10-02"))

    for metric in (oracle.rfm, oracle.churn, oracle.retention):
        with pytest.raises(ValueError, match="2019-10-01 is before 2019-10-02"):
            metric(late, date(2019, 10, 1))
    with pytest.raises(ValueError, match="2019-10-01 is before 2019-10-02"):
        users_of(line("2019-10-02"), as_of=date(2019, 10, 1))


# --- RFM -----------------------------------------------------------------------------------------


def test_percent_rank_gives_each_fifth_its_score():
    # Eleven buyers: percent_rank is 0, .1, .2 … 1.
    day = date(2019, 10, 31)
    lines = []
    for rank in range(11):
        lines += orders_on(f"{rank:02}", day - timedelta(days=10 - rank), price=rank)

    rows = oracle.rfm(orders_of(*lines), day)

    expected = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5]
    assert [row.monetary_score for row in rows] == expected
    assert [row.recency_score for row in rows] == expected
    assert [row.recency_days for row in rows] == list(range(10, -1, -1))
    # All have the same frequency, so no customer is worse than another.
    assert {row.frequency_score for row in rows} == {3}


def test_equal_values_share_the_score_of_the_first_of_them():
    # Strictly worse of 5 others: 0, 0, 2, 2, 2, 5, so percent_rank 0, 0, .4, .4, .4, 1.
    lines = []
    for user, price in zip("abcdef", (1, 1, 2, 2, 2, 3), strict=True):
        lines += orders_on(user, date(2019, 10, 1), price=price)

    rows = oracle.rfm(orders_of(*lines), date(2019, 10, 1))

    assert [row.monetary_score for row in rows] == [1, 1, 3, 3, 3, 5]


def test_frequency_counts_orders_and_not_order_lines():
    lines = [
        *(purchase("2019-10-01", user_id="basket", product_id=str(n)) for n in range(3)),
        *orders_on("repeat", date(2019, 10, 1), date(2019, 10, 2)),
    ]

    rows = oracle.rfm(orders_of(*lines), date(2019, 10, 2))

    assert [(row.user_id, row.frequency, row.monetary_amount) for row in rows] == [
        ("basket", 1, 30),
        ("repeat", 2, 20),
    ]


def test_a_lone_buyer_has_the_middle_scores_and_is_not_loyal_with_one_order():
    (row,) = oracle.rfm(orders_of(purchase("2019-10-01")), date(2019, 10, 1))

    assert (row.recency_score, row.frequency_score, row.monetary_score) == (3, 3, 3)
    assert row.rfm_segment == "Promising"


@pytest.mark.parametrize(
    ("scores", "segment"),
    [
        ((4, 4, 4), "Champions"),
        ((4, 4, 3), "Loyal Customers"),
        ((4, 3, 5), "Loyal Customers"),
        ((3, 5, 5), "Potential Loyalists"),
        ((3, 3, 1), "Potential Loyalists"),
        ((2, 4, 4), "At Risk"),
        ((2, 4, 3), "About To Sleep"),
        ((1, 3, 5), "About To Sleep"),
        ((4, 2, 5), "Recent Customers"),
        ((3, 2, 5), "Promising"),
        ((2, 2, 2), "Lost"),
        ((2, 2, 3), "Needs Attention"),
    ],
)
def test_the_first_matching_rule_names_the_segment(scores, segment):
    assert oracle.rfm_segment(*scores) == segment


def test_the_125_scores_fall_into_nine_segments():
    # Counted by hand: for example Champions 2·2·2, Needs Attention 2·2·3.
    scores = range(1, 6)

    assert Counter(oracle.rfm_segment(r, f, m) for r in scores for f in scores for m in scores) == {
        "Champions": 8,
        "At Risk": 8,
        "Loyal Customers": 22,
        "Potential Loyalists": 15,
        "Recent Customers": 20,
        "Promising": 10,
        "About To Sleep": 22,
        "Lost": 8,
        "Needs Attention": 12,
    }


# --- Churn ---------------------------------------------------------------------------------------


def test_a_customer_counts_from_exactly_the_window_of_history():
    as_of = date(2020, 4, 30)
    lines = [
        *orders_on("90 days", as_of - timedelta(days=90)),
        *orders_on("89 days", as_of - timedelta(days=89)),
    ]

    overall = oracle.churn(orders_of(*lines), as_of)[0]

    assert (overall.customers, overall.observed, overall.churned) == (2, 1, 1)
    assert overall.churn_rate == 1.0


def test_a_second_order_counts_on_the_last_day_of_the_window_and_not_a_day_later():
    first = date(2019, 10, 1)
    lines = [
        *orders_on("on day 90", first, first + timedelta(days=90)),
        *orders_on("on day 91", first, first + timedelta(days=91)),
        *orders_on("never", first),
        # Two orders of one day are a repeat, two items of one order are not.
        *orders_on("same day", first),
        purchase("2019-10-01 20:00:00", user_id="same day", user_session="evening"),
        *(purchase("2019-10-01", user_id="two items", product_id=str(n)) for n in range(2)),
    ]

    overall = oracle.churn(orders_of(*lines), date(2020, 12, 31))[0]

    assert (overall.customers, overall.observed, overall.repeated) == (5, 5, 2)
    assert (overall.churned, overall.churn_rate) == (3, 3 / 5)


def test_an_early_second_order_counts_only_after_the_window_of_history():
    first = date(2019, 10, 1)
    overall = oracle.churn(
        orders_of(*orders_on("u", first, first + timedelta(days=1))), first + timedelta(days=89)
    )[0]

    assert (overall.customers, overall.observed, overall.repeated) == (1, 0, 0)
    assert overall.churn_rate is None


def test_churn_cohorts_are_all_then_months_then_weeks_from_monday():
    # 2019-09-30 is a Monday, 2019-10-06 the Sunday of its week.
    days = [date(2019, 9, 30), date(2019, 10, 6), date(2019, 10, 7)]
    lines = [row for day in days for row in orders_on(str(day), day)]

    rows = oracle.churn(orders_of(*lines), date(2020, 1, 4))

    assert [(r.cohort_kind, r.cohort_start, r.customers, r.observed) for r in rows] == [
        ("overall", None, 3, 2),
        ("overall_uncensored", None, 3, 2),
        ("month", date(2019, 9, 1), 1, 1),
        ("month", date(2019, 10, 1), 2, 1),
        ("week", date(2019, 9, 30), 2, 2),
        ("week", date(2019, 10, 7), 1, 0),
    ]


# --- Retention -----------------------------------------------------------------------------------


def test_monthly_retention_leaves_the_partial_month_empty():
    lines = [
        *orders_on("a", date(2019, 12, 31), date(2020, 1, 1), date(2020, 2, 28)),
        *orders_on("b", date(2019, 12, 1), date(2019, 12, 2)),
        *orders_on("c", date(2020, 2, 1)),
    ]

    rows = [
        (r.cohort_start, r.period_index, r.period_start, r.customers, r.active, r.rate)
        for r in oracle.retention(orders_of(*lines), date(2020, 2, 28))
        if r.cohort_kind == "month"
    ]

    # 2020 is a leap year: February is complete on the 29th.
    assert rows == [
        (date(2019, 12, 1), 0, date(2019, 12, 1), 2, 2, 1.0),
        (date(2019, 12, 1), 1, date(2020, 1, 1), 2, 1, 0.5),
        (date(2019, 12, 1), 2, date(2020, 2, 1), 2, 1, None),
        (date(2020, 2, 1), 0, date(2020, 2, 1), 1, 1, None),
    ]


@pytest.mark.parametrize(
    ("as_of", "complete"),
    [
        (date(2019, 10, 12), [True, False]),
        (date(2019, 10, 13), [True, True]),
        (date(2019, 10, 14), [True, True, False]),
    ],
)
def test_a_week_is_complete_on_its_sunday(as_of, complete):
    lines = orders_on("a", date(2019, 10, 2), date(2019, 10, 7))

    weeks = [r for r in oracle.retention(orders_of(*lines), as_of) if r.cohort_kind == "week"]

    assert [week.period_start for week in weeks] == [
        date(2019, 9, 30) + timedelta(weeks=index) for index in range(len(complete))
    ]
    assert [week.is_complete for week in weeks] == complete
    assert [week.active for week in weeks] == [1, 1, 0][: len(complete)]
    assert weeks[1].rate == (1.0 if complete[1] else None)


# --- Lifetime value ------------------------------------------------------------------------------


def test_a_bucket_counts_buyers_from_its_start_to_just_below_the_next():
    prices = {"a": "0", "b": "99.99", "c": "100.00", "d": "1234.56"}
    buyers = [purchase("2019-10-01", user_id=u, price=Decimal(p)) for u, p in prices.items()]

    assert oracle.ltv_buckets(users_of(*buyers, line("2019-10-01", user_id="visitor"))) == [
        oracle.LtvBucket(0, 2, Decimal("99.99")),
        oracle.LtvBucket(100, 1, Decimal("100.00")),
        oracle.LtvBucket(1200, 1, Decimal("1234.56")),
    ]


# --- All of it -----------------------------------------------------------------------------------


def everything(lines: list[oracle.Line], step: int = 1) -> list[list[Any]]:
    """All that the oracle computes; with step -1 each function gets its rows reversed."""
    events = oracle.events(lines, "America/New_York")[::step]
    sessions = oracle.sessions(events)[::step]
    orders = oracle.orders(events)[::step]
    as_of = oracle.last_event_date(events)
    users = oracle.users(events, sessions, orders)[::step]
    return [
        events[::step],
        sessions[::step],
        orders[::step],
        oracle.daily_sales(orders, events),
        oracle.funnel(sessions),
        users[::step],
        oracle.rfm(orders, as_of),
        oracle.churn(orders, as_of),
        oracle.retention(orders, as_of),
        oracle.ltv_buckets(users),
    ]


def test_the_order_of_the_rows_changes_nothing():
    dice = random.Random(7)
    # Few values each, so that ties, duplicates and shared ids abound.
    lines = [
        line(
            f"2019-{dice.choice(('10', '11'))}-0{dice.randint(1, 3)} {dice.randint(10, 14)}:00:00",
            dice.choice(("view", "cart", "purchase", "purchase")),
            product_id=dice.choice("pq"),
            brand=dice.choice(("a", "b", None)),
            price=Decimal(dice.randint(1, 3)),
            user_id=dice.choice("uvw"),
            user_session=dice.choice("st"),
            order_id=dice.choice(("s", "A", None, None)),
            quantity=dice.randint(1, 2),
        )
        for _ in range(400)
    ]
    expected = everything(lines)
    assert all(expected)

    for _ in range(5):
        dice.shuffle(lines)
        assert everything(lines) == expected
        assert everything(lines, step=-1) == expected


# --- The real sample -----------------------------------------------------------------------------

needs_sample = pytest.mark.skipif(
    not SAMPLE.exists(), reason=f"the real sample is not ours to ship; put it at {SAMPLE}"
)


@pytest.fixture(scope="module")
def sample_lines() -> list[oracle.Line]:
    return oracle.read_lines([SAMPLE])


@needs_sample
def test_all_rows_of_the_sample_except_the_truncated_last_one_are_read(sample_lines):
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as file:
        texts = [text.rstrip("\n").split(",") for text in file][1:]

    assert len(texts) == 17_435
    assert len(texts[-1]) == 8
    assert {len(text) for text in texts[:-1]} == {9}
    assert len(sample_lines) == 17_434
    # The cut-off line is a view of a user seen nowhere else: 17,056 views and 4,505 users with it.
    assert Counter(row.event_type for row in sample_lines) == {
        "view": 17_055,
        "cart": 165,
        "purchase": 214,
    }
    assert len({row.user_id for row in sample_lines}) == 4_504
    assert len({row.product_id for row in sample_lines}) == 6_493
    assert sum(row.price == 0 for row in sample_lines) == 19
    assert {row.event_type for row in sample_lines if row.price == 0} == {"view"}


@needs_sample
def test_the_sample_has_five_duplicate_rows_in_three_events(sample_lines):
    events = oracle.events(sample_lines)

    # All duplicates are exact, so no rule has to choose among them.
    assert len(set(sample_lines)) == len(events) == 17_429
    repeated = [event for event in events if event.duplicate_count > 1]
    assert sorted((e.event_type, e.duplicate_count) for e in repeated) == [
        ("cart", 2),
        ("view", 2),
        ("view", 4),
    ]
    assert sum(event.duplicate_count - 1 for event in events) == 5
    assert Counter(event.event_type for event in events) == {
        "view": 17_051,
        "cart": 164,
        "purchase": 214,
    }


@needs_sample
def test_the_sample_has_one_more_session_than_session_ids(sample_lines):
    sessions = oracle.sessions(oracle.events(sample_lines))

    # Two users share one id; no session is split, since the longest gap is 3,596 seconds.
    assert len({session.user_session for session in sessions}) == 5_066
    assert len(sessions) == 5_067
    assert Counter(session.funnel_stage for session in sessions) == {
        "view": 4_814,
        "cart": 53,
        "purchase": 200,
    }
    assert sum(session.orders_before for session in sessions) == 33


@needs_sample
def test_the_sample_sells_200_orders_to_193_buyers(sample_lines):
    events = oracle.events(sample_lines)
    sessions = oracle.sessions(events)
    orders = oracle.orders(events)
    users = oracle.users(events, sessions, orders)
    day = date(2019, 10, 1)

    assert Counter(order.line_count for order in orders) == {1: 188, 2: 10, 3: 2}
    assert Counter(order.order_number for order in orders) == {1: 193, 2: 7}
    assert oracle.daily_sales(orders, events) == [
        oracle.DailySales(day, Decimal("59442.63"), 200, 193, 214, Decimal("297.21315"))
    ]
    # October logs few carts: 135 of the 200 buying sessions have none.
    counts = (5_067, 0, 5_067, 118, 200, 118, 65, 200)
    rates = (118 / 5_067, 65 / 118, 200 / 5_067, 1 - 65 / 118)
    assert oracle.funnel(sessions) == [
        oracle.Funnel(None, *counts, *rates),
        oracle.Funnel(day, *counts, *rates),
    ]
    assert Counter(user.activity_status for user in users) == {"prospect": 4_311, "active": 193}
    assert sum(bucket.customers for bucket in oracle.ltv_buckets(users)) == 193
    # No customer has a complete window of history, and month and week are incomplete.
    assert {(row.observed, row.churn_rate) for row in oracle.churn(orders, day)} == {(0, None)}
    assert {row.rate for row in oracle.retention(orders, day)} == {None}


@needs_sample
def test_buyers_of_a_single_day_are_equally_recent_and_score_in_the_middle(sample_lines):
    rows = oracle.rfm(oracle.orders(oracle.events(sample_lines)), date(2019, 10, 1))

    assert {row.recency_score for row in rows} == {3}
    assert Counter(row.frequency_score for row in rows) == {1: 186, 5: 7}
    assert Counter(row.rfm_segment for row in rows) == {
        "Promising": 186,
        "Potential Loyalists": 7,
    }
