"""Anonymous user ids: their orders are sales, but they are not customers."""

from typing import Any

import pytest
from conftest import Workshop

from estore.shop import ShopConfig

CUSTOMERS = (
    "select user_id from marts.dim_user_rfm order by 1",
    "select user_id from dashboard.top_customers order by customer_rank",
    "select distinct user_id from marts.fct_user_rfm_monthly order by 1",
)


def buy(day: str, user: str, price: int = 10, session: str | None = None) -> dict[str, Any]:
    return {
        "event_time": f"{day} 10:00:00 UTC", "event_type": "purchase", "user_id": user,
        "user_session": session or f"{user}-{day}", "price": str(price), "product_id": str(price),
    }  # fmt: skip


FIRST = [
    buy("2019-10-01", "ann"),
    buy("2019-10-01", "NULL", 100, "s1"),
    buy("2019-10-01", "null", 99, "s2"),
    buy("2019-10-01", "null", 98, "s3"),
    buy("2019-10-02", "\\N", 50),
]  # fmt: skip
SECOND = [
    buy("2019-11-03", "ann"), buy("2019-11-03", "bob", 20), buy("2019-11-03", "Undefined", 70),
    buy("2019-11-03", "null", 60), buy("2019-11-04", "0", 40),
]  # fmt: skip


def test_an_anonymous_id_is_no_customer_in_one_load_or_two(
    workshop: Workshop, open_workshop: Any
) -> None:
    workshop.write("a.csv", [*FIRST, *SECOND])
    workshop.load()
    workshop.build(until="tests")
    assert workshop.query(CUSTOMERS[0]) == [("ann",), ("bob",)]
    assert workshop.query(CUSTOMERS[1]) == [("ann",), ("bob",)]
    assert workshop.query(CUSTOMERS[2]) == [("ann",)]  # November has not ended
    days = workshop.query(
        "select order_date::varchar, revenue_amount::int, order_count, buyer_count, "
        "first_order_count from metrics.metrics_daily_sales where order_count > 0 order by 1"
    )
    assert days == [
        ("2019-10-01", 307, 4, 1, 1), ("2019-10-02", 50, 1, 0, 0),
        ("2019-11-03", 160, 4, 2, 1), ("2019-11-04", 40, 1, 0, 0),
    ]  # fmt: skip
    assert workshop.query(
        "select sum(customer_count)::int, sum(revenue_amount)::int "
        "from metrics.metrics_rfm_segments"
    ) == [(2, 40)]
    assert workshop.query(
        "select customer_count from metrics.metrics_churn where cohort_grain = 'overall'"
    ) == [(2,)]
    assert workshop.query(
        "select sum(buyer_count)::int, sum(order_count)::int from dashboard.cube_sales "
        "where category = '*' and brand = '*'"
    ) == [(3, 10)]
    assert workshop.query(
        "select customer_stage, sum(session_count)::int from dashboard.cube_sessions group by all "
        "order by 1"
    ) == [("first", 9), ("returning", 1)]
    alerts = workshop.query(
        "select measured::int, revenue_amount::int, sentence from metrics.metrics_data_alerts "
        "where kind = 'nobody_ids'"
    )
    assert alerts == [
        (7, 517, "7 orders and 7 events have a placeholder user id (0 and others). They count in "
                 "sales and in the funnel, but not as customers.")
    ]  # fmt: skip

    split = open_workshop()
    for number, rows in enumerate((FIRST, SECOND)):
        split.write(f"{number}.csv", rows)
        split.load()
        split.build(until="tests")
    once, twice = workshop.everything(), split.everything()
    for table, rows in once.items():
        assert twice[table] == rows, table


@pytest.mark.parametrize("ids", [[], ["ann"]])
def test_a_shop_sets_its_anonymous_ids(workshop: Workshop, ids: list[str]) -> None:
    workshop.shop = ShopConfig(thresholds={"nobody_ids": ids})
    workshop.write("a.csv", [*FIRST])
    workshop.load()
    workshop.build()
    expected = {"ann", "NULL", "null", "\\N"} - set(ids)
    assert {user for (user,) in workshop.query(CUSTOMERS[0])} == expected
