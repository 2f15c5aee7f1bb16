"""Periods and filters in a browser."""

import pytest
from browsing import PHONE, needs_chromium
from page_checks import Ask, Visitor

pytestmark = needs_chromium


def test_a_filter_changes_the_numbers_and_the_address_and_can_be_undone(
    visitor: Visitor, ask: Ask
) -> None:
    visit = visitor("/sales?period=all")
    whole = visit.csv("sales-by-day")
    visit.choose("brand", "samsung")
    assert "brand=samsung" in visit.page.url and "period=all" in visit.page.url
    rows = visit.csv("sales-by-day")
    ((revenue,),) = ask("select sum(revenue_amount) from cube_sales where brand = 'samsung' "
                        "and category = '*'")  # fmt: skip
    assert sum(float(row["Revenue"]) for row in rows) == pytest.approx(float(revenue))
    shared = visitor(visit.page.url.removeprefix(visit.address))
    assert shared.csv("sales-by-day") == rows, "a shared link shows the same"
    assert shared.page.input_value("#filter-brand") == "samsung"
    with visit.repaint():
        visit.page.go_back()
    assert visit.csv("sales-by-day") == whole
    with visit.repaint():
        visit.page.go_forward()
    with visit.repaint():
        visit.page.get_by_role("link", name="Funnel").click()
    assert visit.page.url.endswith("/funnel?period=all&brand=samsung"), "filters are kept"
    with visit.repaint():
        visit.page.get_by_role("button", name="Clear filters").click()
    assert visit.page.url.endswith("/funnel?period=all")


def test_free_days_are_a_period(visitor: Visitor) -> None:
    visit = visitor("/sales")
    with visit.repaint():
        visit.page.fill("#filter-from", "2019-11-03")
        visit.page.locator("#filter-from").dispatch_event("change")
    with visit.repaint():
        visit.page.fill("#filter-to", "2019-11-05")
        visit.page.locator("#filter-to").dispatch_event("change")
    assert "from=2019-11-03&to=2019-11-05" in visit.page.url
    assert [row["Day"] for row in visit.csv("sales-by-day")] == [
        "2019-11-03", "2019-11-04", "2019-11-05",
    ]  # fmt: skip
    with visit.repaint():
        visit.page.get_by_role("button", name="7 days", exact=True).click()
    assert visit.page.url.endswith("/sales?period=7d")


def test_a_chart_names_the_filters_that_it_ignores(visitor: Visitor) -> None:
    visit = visitor("/funnel?brand=samsung&category=electronics")
    assert "Not filtered by category and brand." in visit.text("#funnel .about")
    assert "Not filtered by category." in visit.text("#rates-by-category .about")
    assert "Not filtered by brand." in visit.text("#rates-by-brand .about")
    sales = visitor("/sales?brand=samsung")
    assert "Not filtered" not in sales.text("#sales-by-day .about")
    assert "Conversion, entire shop" in sales.text("#last-complete-day .tiles")


def test_a_selection_without_orders_says_so(visitor: Visitor) -> None:
    visit = visitor("/sales?brand=sold%20nowhere")
    assert visit.text("#sales-by-day .empty") == "No orders in this selection."
    assert visit.page.input_value("#filter-brand") == "sold nowhere"


def test_the_previous_period_is_compared_only_if_the_data_cover_it(visitor: Visitor) -> None:
    words = visitor("/products?period=90d").text("#changed-brands .empty")
    assert words.startswith("The 90 days before are not all in the data")


def test_filters_fold_on_a_phone(visitor: Visitor) -> None:
    visit = visitor("/sales?brand=samsung", viewport=PHONE)
    assert not visit.page.locator("#filter-brand").is_visible()
    summary = visit.page.locator(".filters summary")
    assert summary.inner_text().startswith("3 Jan – 30 Jan 2020 · samsung")
    summary.click()
    visit.choose("brand", "apple")
    assert "brand=apple" in visit.page.url
