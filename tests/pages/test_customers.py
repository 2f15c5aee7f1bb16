"""The page Customers in a browser."""

import pytest
from browsing import needs_chromium
from page_checks import Ask, Visitor, close

pytestmark = needs_chromium


def test_customers_equal_the_segments(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/customers")
    expected = ask(
        "select rfm_segment, customer_count, revenue_amount, revenue_rate, mean_revenue_amount, "
        "recommended_action from metrics_rfm_segments where customer_count > 0 "
        "order by revenue_amount desc"
    )
    for card in ("segments", "revenue-by-segment"):
        for row, (name, customers, revenue, share, mean, action) in zip(
            visit.csv(card), expected, strict=True
        ):
            assert (row["Segment"], row["Recommended action"]) == (name, action)
            assert close(row["Customers"], customers) and close(row["Revenue"], revenue)
            assert float(row["Share of revenue"]) == pytest.approx(float(share))
            assert close(row["Average"], mean)
    months = [month for (month,) in ask("select distinct month_end_date::text from "
                                        "metrics_rfm_migration order by 1")]  # fmt: skip
    visit.page.select_option("#moves-between-segments select", months[0])
    moved = sum(int(row["Customers"]) for row in visit.csv("moves-between-segments"))
    assert [(moved,)] == ask("select sum(customer_count) from metrics_rfm_migration "
                             f"where month_end_date = '{months[0]}'")  # fmt: skip
