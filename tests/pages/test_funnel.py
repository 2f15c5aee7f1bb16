"""The page Funnel in a browser."""

import pytest
from browsing import dashboard_of, needs_chromium
from dashboard_shop import shop_without
from page_checks import Ask, Visitor

pytestmark = needs_chromium


def test_an_incomplete_day_is_a_gap_in_a_line(visitor: Visitor, odd_address: str) -> None:
    visit = visitor("/funnel?from=2020-01-02&to=2020-01-30", at=odd_address)
    days = [row["Day"] for row in visit.csv("revenue-per-session")]
    assert "2020-01-16" not in days and len(days) == 28
    # The day is the middle of the drawing, from 50 px to 26 px before its end.
    drawn = visit.page.evaluate(
        """() => {
            const canvas = document.querySelector('#revenue-per-session canvas');
            const {width, height} = canvas;
            const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
            const blue = getComputedStyle(document.querySelector('a')).color.match(/\\d+/g);
            const middle = Math.round(50 + (width - 76) / 2);
            const found = (x) => Array.from({length: height}, (_, y) => 4 * (y * width + x))
                .some((at) => blue.every((value, c) => Math.abs(data[at + c] - value) < 40));
            const day = (width - 76) / 28;
            return [-4, 0, 4].map((days) => found(Math.round(middle + days * day)));
        }"""
    )
    assert drawn == [True, False, True]


def test_the_funnel_equals_the_sessions(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/funnel?period=all&segment=New")
    ((view, cart, bought),) = ask(
        "select sum(sessions_with_view), sum(sessions_with_view_and_cart), "
        "sum(sessions_with_all_three) from cube_sessions where rfm_segment = 'New'"
    )
    steps = visit.csv("funnel")
    assert [int(step["Sessions"]) for step in steps] == [view, cart, bought]
    assert float(steps[2]["Share of the previous stage"]) == pytest.approx(bought / cart)
    assert int(steps[1]["Dropped off"]) == view - cart
    for row in visit.csv("rates-by-length"):
        ((seen, put),) = ask(
            "select sum(sessions_with_view), sum(sessions_with_view_and_cart) from cube_sessions "
            f"where rfm_segment = 'New' and session_length = '{row['Events in the session']}'"
        )
        assert int(row["With view"]) == seen and int(row["View and cart"]) == put
        assert float(row["View → cart"]) == pytest.approx(put / seen)


@pytest.mark.parametrize("lacking", ["view", "cart"])
def test_rates_of_events_that_a_source_does_not_send_are_empty(
    lacking: str, tmp_path_factory: pytest.TempPathFactory, visitor: Visitor
) -> None:
    said = f"This source has no {lacking} events."
    with dashboard_of(shop_without(lacking, tmp_path_factory)) as address:
        visit = visitor("/funnel?period=all", at=address)
        assert visit.text("#funnel .empty") == said
        tiles = {row["Number"]: row for row in visit.csv("funnel-numbers")}
        assert tiles["Cart abandonment" if lacking == "cart" else "Conversion"]["Value"] == ""
        assert said in visit.text("#funnel-numbers")
        days = visit.csv("rates-over-time")
        rate = {"view": "View → purchase", "cart": "View → cart"}[lacking]
        assert days and {row[rate] for row in days} == {""}
        assert {row[f"{rate}, 95% from"] for row in days} == {""}
        by_length = visit.page.locator("#rates-by-length .empty")
        assert by_length.all_inner_texts() == ([said] if lacking == "view" else [])
        products = visit.open("/products?period=all")
        if lacking == "view":
            assert products.text("#views-per-session .empty") == said
            assert products.text("#rates-by-category .empty") == said
            assert said in products.text("#product-numbers"), "revenue is shown all the same"
            assert said in visit.open("/sales?period=all").text("#last-complete-day")
        else:
            assert {row["Cart rate"] for row in products.csv("rates-by-category")} == {""}
        assert "NaN" not in visit.text("main")
