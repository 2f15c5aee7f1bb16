"""Failures of comparable pipelines, each as a test that fails for a wrong design.

docs/laws.md lists the laws; test_load.py tests loading.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from conftest import Workshop

from estore.build.dbt_project import DbtProject


def at(day: int, clock: str, **row: Any) -> dict[str, Any]:
    """An event in October 2019."""
    return {"event_time": f"2019-10-{day:02d} {clock} UTC", **row}


def buy(day: int, clock: str = "12:00:00", **row: Any) -> dict[str, Any]:
    return at(day, clock, event_type="purchase", **row)


def one(workshop: Workshop, sql: str) -> Any:
    """The only value of a query's result."""
    ((value,),) = workshop.query(sql)
    return value


def test_october_loaded_after_november_arrives(workshop: Workshop) -> None:
    workshop.write("nov.csv", [{"event_time": "2019-11-05 10:00:00 UTC"}])
    workshop.load()
    workshop.build()
    workshop.write("oct.csv", [at(5, "10:00:00")])
    workshop.load()
    workshop.build()

    assert workshop.query("select event_date from marts.fct_events order by 1") == [
        (date(2019, 10, 5),),
        (date(2019, 11, 5),),
    ]
    assert one(workshop, "select count(*) from marts.fct_sessions") == 2


def test_a_row_dated_2099_freezes_nothing(workshop: Workshop) -> None:
    rows = [at(1, f"10:{minute:02d}:00") for minute in range(10)]
    workshop.write("a.csv", [*rows, {"event_time": "2099-01-01 00:00:00 UTC"}])
    workshop.load()
    workshop.build()
    workshop.write("b.csv", [at(2, "10:00:00")])
    workshop.load()
    workshop.build()

    assert one(workshop, "select reason from raw.rejects").startswith("event_time is more than a")
    assert one(workshop, "select as_of_date from intermediate.int_as_of") == date(2019, 10, 2)
    assert one(workshop, "select count(*) from marts.fct_events") == 11


def test_a_missing_product_empties_no_model(workshop: Workshop) -> None:
    rows = [at(1, f"10:{minute:02d}:00", product_id=str(minute)) for minute in range(10, 30)]
    nameless = at(1, "11:00:00", product_id="")
    blank = at(1, "11:00:00", product_id="7", category_id="", category_code="", brand="")
    workshop.write("a.csv", [*rows, *rows[:2], nameless, blank])
    workshop.load()
    workshop.build()

    assert one(workshop, "select count(*) from marts.fct_events") == 21
    assert one(workshop, "select count(*) from marts.dim_products") == 21
    assert one(workshop, "select reason from raw.rejects") == "product_id is empty"


def test_a_product_with_two_brands_keeps_its_sales(
    open_workshop: Callable[..., Workshop],
) -> None:
    days = [[buy(1, brand="samsung")], [buy(2, brand="apple"), buy(2, "13:00:00", brand="apple")]]
    daily, at_once = open_workshop(), open_workshop()
    for number, rows in enumerate(days):
        daily.write(f"{number}.csv", rows)
        daily.load()
        daily.build()
    at_once.write("all.csv", [row for rows in days for row in rows])
    at_once.load()
    at_once.build(full_refresh=True)

    for workshop in (daily, at_once):
        assert one(workshop, "select sum(revenue_amount) from marts.fct_events") == 300
        assert workshop.query("select brand, is_brand_conflict from marts.dim_products") == [
            ("apple", True)
        ]
    assert daily.everything() == at_once.everything()


def test_dimensions_keep_what_the_last_day_did_not_show(workshop: Workshop) -> None:
    workshop.write(
        "a.csv", [at(1, "10:00:00", product_id=str(n), user_id=str(n)) for n in range(31)]
    )
    workshop.load()
    workshop.build()
    workshop.write("b.csv", [at(2, "10:00:00", product_id="1", user_id="1")])
    workshop.load()
    workshop.build()

    assert one(workshop, "select count(*) from marts.dim_products") == 31
    assert one(workshop, "select count(*) from marts.dim_users") == 31


def test_a_session_id_shared_by_two_users_moves_no_purchase(workshop: Workshop) -> None:
    workshop.write("a.csv", [buy(1, user_id="1"), at(1, "12:01:00", user_id="2")])
    workshop.load()
    workshop.build()

    assert workshop.query(
        "select user_id, purchase_count from marts.fct_sessions order by user_id"
    ) == [("1", 1), ("2", 0)]
    assert workshop.query("select user_id from marts.fct_orders") == [("1",)]


def test_a_session_continues_over_midnight_and_beyond_any_lookback(
    workshop: Workshop,
) -> None:
    hourly = [at(day, f"{hour:02d}:10:00") for day in range(1, 6) for hour in range(24)]
    for number, rows in enumerate((hourly[:30], hourly[60:], hourly[30:60])):
        workshop.write(f"{number}.csv", rows)
        workshop.load()
        workshop.build()

    assert workshop.query("select event_count, duration_seconds from marts.fct_sessions") == [
        (120, 119 * 3600)
    ]
    workshop.withdraw("2.csv")
    workshop.build()
    assert workshop.query(
        "select event_count from marts.fct_sessions order by session_start_at"
    ) == [
        (30,),
        (60,),
    ]


def test_a_late_event_changes_the_id_of_no_other_session(workshop: Workshop) -> None:
    workshop.write("a.csv", [at(1, "10:00:00"), at(1, "15:00:00"), at(2, "10:00:00")])
    workshop.load()
    workshop.build()
    before = {
        row["session_start_at"]: row["session_id"] for row in workshop.rows("marts.fct_sessions")
    }
    workshop.write("late.csv", [at(1, "06:00:00")])
    workshop.load()
    workshop.build()

    after = {
        row["session_start_at"]: row["session_id"] for row in workshop.rows("marts.fct_sessions")
    }
    assert len(before) == 3 and len(after) == 4
    assert before.items() <= after.items()


def test_event_ids_do_not_depend_on_the_batch(
    open_workshop: Callable[..., Workshop],
) -> None:
    rows = [at(1, f"10:{minute:02d}:00", product_id=str(minute % 3)) for minute in range(20)]
    ids = []
    for order in (rows, rows[::-1]):
        workshop = open_workshop()
        workshop.write("a.csv", order[:7])
        workshop.load()
        workshop.build()
        workshop.write("b.csv", order[7:])
        workshop.load()
        workshop.build()
        ids.append(sorted(row["event_id"] for row in workshop.rows("marts.fct_events")))

    assert len(set(ids[0])) == 20
    assert ids[0] == ids[1]


def test_two_units_in_one_second_follow_the_stated_rule(
    open_workshop: Callable[..., Workshop],
) -> None:
    from estore.shop import ShopConfig

    rows = [buy(1), buy(1), buy(1, product_id="9")]
    as_duplicates = open_workshop()
    as_units = open_workshop(shop=ShopConfig(thresholds={"repeated_purchases_are_units": True}))
    for workshop in (as_duplicates, as_units):
        workshop.write("a.csv", rows)
        workshop.load()
        workshop.build()

    counts = "select product_id, quantity, duplicate_count from marts.fct_events order by 1"
    assert as_duplicates.query(counts) == [("1001", 1, 2), ("9", 1, 1)]
    assert as_units.query(counts) == [("1001", 2, 2), ("9", 1, 1)]
    assert one(as_duplicates, "select order_amount from marts.fct_orders") == 200
    assert one(as_units, "select order_amount from marts.fct_orders") == 300


def test_steps_within_one_second_convert(workshop: Workshop) -> None:
    workshop.write(
        "a.csv",
        [at(1, "10:00:00", event_type=kind) for kind in ("purchase", "cart", "view")],
    )
    workshop.load()
    workshop.build()

    ((view_to_cart, cart_to_purchase, view_to_purchase),) = workshop.query(
        "select view_to_cart_rate, cart_to_purchase_rate, view_to_purchase_rate "
        "from metrics.metrics_conversion_rates where grain = 'overall'"
    )
    assert (view_to_cart, cart_to_purchase, view_to_purchase) == (1.0, 1.0, 1.0)


def test_only_the_daily_models_read_events(workshop: Workshop) -> None:
    manifest = DbtProject(workshop.settings, workshop.shop).manifest
    readers = {
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "model" and "model.estore.stg_events" in node.depends_on.nodes
    }
    daily = {
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "model" and "daily" in node.tags
    }
    assert readers - {"fct_events"} <= daily
    assert "int_batch_events" in readers and "dim_users" not in readers
    assert manifest.nodes["model.estore.fct_events"].config.materialized == "view"


def test_a_renamed_category_moves_no_past_revenue(workshop: Workshop) -> None:
    workshop.write("oct.csv", [buy(1), buy(2)])
    workshop.load()
    workshop.build()
    by_category = (
        "select name, revenue_amount from metrics.metrics_product_performance "
        "where level = 'category' order by name"
    )
    assert workshop.query(by_category) == [("electronics.smartphone", Decimal(200))]

    broken = {"category_id": "2232732093077520756", "category_code": "construction.tools.light"}
    workshop.write("dec.csv", [buy(day, **broken) for day in range(20, 30)])
    workshop.load()
    workshop.build()

    naive = "select category_code, sum(revenue_amount) from marts.fct_events group by 1 order by 1"
    assert workshop.query(naive) == [
        ("construction.tools.light", Decimal(1000)),
        ("electronics.smartphone", Decimal(200)),
    ]
    assert workshop.query(by_category) == [("electronics.smartphone", Decimal(1200))]
    assert workshop.query(
        "select category_code, latest_category_code, is_category_conflict from marts.dim_products"
    ) == [("electronics.smartphone", "construction.tools.light", True)]


def test_churn_is_a_share_of_buyers_not_of_visitors(workshop: Workshop) -> None:
    visitors = [at(1, "10:00:00", user_id=f"v{n}") for n in range(50)]
    buyers = [buy(1, user_id=f"b{n}") for n in range(4)]
    again = [buy(20, user_id="b0")]
    end = [{"event_time": "2020-02-01 10:00:00 UTC", "user_id": "z"}]
    workshop.write("a.csv", [*visitors, *buyers, *again, *end])
    workshop.load()
    workshop.build()

    assert workshop.query(
        "select customer_count, observed_count, churned_count, churn_rate "
        "from metrics.metrics_churn where cohort_grain = 'overall'"
    ) == [(4, 4, 3, 0.75)]
    naive = "select avg((activity_status = 'churned')::int) from marts.dim_users"
    assert one(workshop, naive) == 4 / 55


def test_a_basket_of_three_is_one_order(workshop: Workshop) -> None:
    workshop.write("a.csv", [buy(1, f"12:0{n}:00", product_id=str(n)) for n in range(3)])
    workshop.load()
    workshop.build()

    assert workshop.query(
        "select order_count, item_count, average_order_amount from metrics.metrics_daily_sales"
    ) == [(1, 3, Decimal(300))]
    naive = "select sum(revenue_amount) / count(*) from marts.fct_events where is_purchase"
    assert one(workshop, naive) == 100


@pytest.mark.parametrize("seed", [1, 2])
def test_equal_customers_get_equal_scores_in_any_order(workshop: Workshop, seed: int) -> None:
    import random

    rows = [buy(1 + n % 3, user_id=str(n + 1), user_session=str(n)) for n in range(40)]
    rows += [buy(9, user_id=str(n + 1), user_session=f"again {n}") for n in range(4)]
    random.Random(seed).shuffle(rows)
    workshop.write("a.csv", rows)
    workshop.load()
    workshop.build()

    scores = workshop.query(
        "select recency_days, frequency, monetary_amount, count(distinct rfm_score), count(*) "
        "from marts.dim_user_rfm group by all order by all"
    )
    assert [kinds for *_, kinds, _ in scores] == [1] * len(scores)
    # 36 of 40 ordered once: no customer is worse, so all score 1; the four others rank above 36
    assert workshop.query(
        "select frequency, frequency_score, count(*) from marts.dim_user_rfm "
        "group by all order by all"
    ) == [(1, 1, 36), (2, 5, 4)]
    naive = (
        "select count(*) from (select ntile(5) over (order by frequency, user_id::int) "
        "as score, ntile(5) over (order by frequency, user_id::int desc) as again "
        "from marts.dim_user_rfm) where score <> again"
    )
    assert one(workshop, naive) > 0, "the order of the rows decided"


def test_an_outage_and_duplicates_are_reported_and_move_no_average(workshop: Workshop) -> None:
    hours = [(day, hour) for day in range(1, 32) for hour in range(24)]
    hours += [(day, hour) for day in range(32, 37) for hour in range(24)]
    rows = []
    for day, hour in hours:
        begin = datetime(2019, 10, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)
        for minute in range(0, 60, 6):
            row = {"user_id": f"{day}-{hour}", "user_session": f"{day}-{hour}-{minute}"}
            instant = f"{begin + timedelta(minutes=minute):%Y-%m-%d %H:%M:%S} UTC"
            rows.append({"event_time": instant, **row})
            if minute < 12 and day != 22:  # no purchase is recorded on the 22nd
                bought = {"event_time": instant, "event_type": "purchase", "product_id": "7", **row}
                rows += [bought] * (2 if day == 25 else 1)
    workshop.write("a.csv", rows)
    workshop.load()
    workshop.build()

    naive = (
        "select sum(price) / count(distinct user_session) from raw.events "
        "where event_type = 'purchase' and event_time::date = '2019-10-25'"
    )
    sales = "select average_order_amount from metrics.metrics_daily_sales where order_date = "
    assert one(workshop, naive) == 200
    assert one(workshop, sales + "'2019-10-25'") == 100
    assert workshop.query(
        "select kind, subject, from_date, to_date from metrics.metrics_data_alerts "
        "where kind in ('missing_events', 'duplicate_burst') order by from_date"
    ) == [
        ("missing_events", "purchase", date(2019, 10, 22), date(2019, 10, 22)),
        ("duplicate_burst", "purchase", date(2019, 10, 25), date(2019, 10, 25)),
    ]
