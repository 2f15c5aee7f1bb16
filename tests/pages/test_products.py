"""The page Products in a browser."""

from datetime import date, timedelta

import pytest
from browsing import needs_chromium
from page_checks import Ask, Visitor, close

pytestmark = needs_chromium


def test_products_add_up_to_the_cube(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/products?period=28d")
    first, last = date(2020, 1, 3), date(2020, 1, 30)
    for card, column, key in (("revenue-by-category", "Category", "category"),
                              ("revenue-by-brand", "Brand", "brand")):  # fmt: skip
        expected = dict(ask(f"select {key}, sum(revenue_amount) from cube_products where "
                            f"event_date between '{first}' and '{last}' group by 1"))  # fmt: skip
        revenues = {row[column].lstrip("'"): row["Revenue"] for row in visit.csv(card)}
        assert revenues.keys() == expected.keys()
        assert all(close(revenues[name], revenue) for name, revenue in expected.items())
    before = dict(
        ask("select brand, sum(revenue_amount) from cube_products where event_date between "
            f"'{first - timedelta(28)}' and '{first - timedelta(1)}' group by 1")
    )  # fmt: skip
    for row in visit.csv("changed-brands"):
        assert close(row["Before"], before.get(row["Brand"].lstrip("'"), 0))
        assert close(row["Difference"], float(row["Revenue"]) - float(row["Before"]))


def test_the_tiles_of_products_are_sums_against_the_days_before(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/products?period=28d&brand=samsung")
    rows = {row["Number"]: row for row in visit.csv("product-numbers")}
    spans = [(date(2020, 1, 3), date(2020, 1, 30)), (date(2019, 12, 6), date(2020, 1, 2))]
    (now,), (before,) = [
        ask("select sum(revenue_amount), sum(item_count), sum(view_count), "
            "sum(sessions_with_view_and_purchase) / sum(sessions_with_view) from cube_products "
            f"where brand = 'samsung' and event_date between '{first}' and '{last}'")
        for first, last in spans
    ]  # fmt: skip
    for name, value, earlier in zip(
        ("Revenue", "Items sold", "Views", "Purchase rate"), now, before, strict=True
    ):
        assert float(rows[name]["Value"]) == pytest.approx(float(value))
        change = value - earlier if name == "Purchase rate" else value / earlier - 1
        assert float(rows[name]["Change"]) == pytest.approx(float(change))
    assert close(rows["Average price"]["Value"], now[0] / now[1])
