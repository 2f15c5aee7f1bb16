"""The page Sales in a browser."""

import re
from datetime import date, timedelta

import pytest
from browsing import needs_chromium
from dashboard_shop import HOSTILE_BRAND
from page_checks import Ask, Visitor, close

pytestmark = needs_chromium


def test_the_tiles_are_the_last_complete_day_against_the_week_before(
    visitor: Visitor, ask: Ask
) -> None:
    visit = visitor("/sales")
    ((day, revenue, orders, buyers, before),) = ask(
        "select order_date, revenue_amount, order_count, buyer_count, lag(revenue_amount, 7) over "
        "(order by order_date) from metrics_daily_sales where is_complete order by 1 desc limit 1"
    )
    assert day == date(2020, 1, 30), "the last day is incomplete"
    assert visit.text("#last-complete-day h2").startswith("Thu 30 Jan 2020")
    rows = {row["Number"]: row for row in visit.csv("last-complete-day")}
    assert close(rows["Revenue"]["Value"], revenue)
    assert float(rows["Revenue"]["Change"]) == pytest.approx(float(revenue / before - 1))
    assert close(rows["Orders"]["Value"], orders) and close(rows["Buyers"]["Value"], buyers)
    earlier, now = (
        bought / sessions
        for bought, sessions in ask(
            "select sum(sessions_with_purchase), sum(session_count) from cube_sessions where "
            f"session_start_date in ('{day}', '{day - timedelta(days=7)}') "
            "group by session_start_date order by session_start_date"
        )
    )
    assert float(rows["Conversion"]["Value"]) == pytest.approx(now)
    assert float(rows["Conversion"]["Change"]) == pytest.approx(now - earlier)
    tiles = visit.text("#last-complete-day .tiles")
    assert f"{now:.1%}" in tiles and f"{abs(now - earlier) * 100:.1f} pts" in tiles


def test_sales_by_day_equal_the_snapshot(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/sales?period=all")
    expected = ask("select order_date, revenue_amount, order_count, buyer_count, is_complete "
                   "from metrics_daily_sales order by 1")  # fmt: skip
    rows = visit.csv("sales-by-day")
    assert [row["Day"] for row in rows] == [str(day) for day, *_ in expected]
    for row, (_, revenue, orders, buyers, complete) in zip(rows, expected, strict=True):
        assert close(row["Revenue"], revenue) and close(row["Orders"], orders)
        assert close(row["Buyers"], buyers) and row["Complete"] == str(complete).lower()
    total = sum(revenue for _, revenue, *_ in expected)
    assert f"${total:,.0f}" in visit.text("#sales-by-day .reading")


def test_an_incomplete_day_is_marked_and_lowers_no_average(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/sales?period=all")
    assert "31 Jan is incomplete." in visit.text("#sales-by-day .reading")
    month = visit.csv("month-against-last")
    assert month[29]["Jan 2020, so far"] and not month[30]["Jan 2020, so far"]
    weeks = visit.csv("average-order-by-week")
    assert weeks[-1]["Complete days"] == "4"
    ((revenue, orders),) = ask(
        "select sum(revenue_amount), sum(order_count) from metrics_daily_sales "
        "where order_date between '2020-01-27' and '2020-01-30'"
    )
    assert float(weeks[-1]["Average order value"]) == pytest.approx(float(revenue / orders))
    # Periods end with the last complete day, unless all data are selected.
    assert visitor("/sales?period=7d").page.input_value("#filter-to") == "2020-01-30"


def test_marks_of_neighboring_days_do_not_overlap(visitor: Visitor) -> None:
    visit = visitor("/data")
    purple = "getComputedStyle(document.documentElement).getPropertyValue('--purple')"
    color = int(re.findall(r"#(\w{6})", visit.page.evaluate(purple))[0], 16)
    marks = visit.page.evaluate(
        """([red, green, blue]) => {
            const canvas = document.querySelector('#events-by-day canvas');
            const {width, height} = canvas;
            const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
            const rooms = [0];
            for (let x = 0; x < width; x++) {
                let isIn = false;
                for (let at = 4 * x; at < data.length; at += 4 * width)
                    isIn ||= data[at] === red && data[at + 1] === green && data[at + 2] === blue;
                if (isIn) rooms[rooms.length - 1]++;
                else if (rooms.at(-1)) rooms.push(0);
            }
            return rooms.filter(Boolean);
        }""",
        [color >> 16, color >> 8 & 255, color & 255],
    )
    assert len(marks) == 2, "one mark for three consecutive days, one for another day"
    assert max(marks) <= 10, "px of a mark alone"


def test_news_is_the_headline(visitor: Visitor) -> None:
    headline = visitor("/sales").text(".findings .headline p")
    assert headline.startswith("The last complete day generated $")
    # The finding is about an item in the data, not about all data, and its name is text.
    assert (
        visitor("/data")
        .text(".findings .headline p")
        .endswith(f"{HOSTILE_BRAND} 2 purchases came in.")
    )
    assert visitor("/customers").page.locator(".findings .headline").count() == 1


def test_a_finding_about_all_data_says_so_if_the_page_shows_fewer_days(
    visitor: Visitor,
) -> None:
    visit = visitor("/sales?period=28d")
    notes = [
        finding.locator("small:not(.caveat)").all_inner_texts()
        for finding in visit.page.locator(".findings li").all()
    ]
    assert notes[0] == ["30 Jan 2020"], "the news has its own day"
    assert [note[0].split(",")[0] for note in notes[1:] if note] == ["All data"]
    visit.open("/sales?period=all")
    assert "All data" not in visit.text(".findings")


def test_bars_are_as_high_as_their_numbers(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/data")
    bars = visit.page.evaluate(
        """() => {
            const canvas = document.querySelector('#repeated-lines-by-day canvas');
            const {width, height} = canvas;
            const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            const blue = getComputedStyle(document.querySelector('a')).color.match(/\\d+/g);
            const heights = Array.from({length: width}, (_, x) => {
                let count = 0;
                for (let y = 0; y < height; y++) {
                    const at = 4 * (y * width + x);
                    if (blue.every((value, c) => data[at + c] === Number(value))) count++;
                }
                return count;
            });
            return heights;
        }"""
    )
    repeated = [n for (n,) in ask("select duplicate_row_count from int_event_days "
                                  "where is_complete order by event_date")]  # fmt: skip
    highest = max(repeated)
    assert max(bars) > 60
    # One pixel is at most this many rows: the drawn heights match the numbers.
    drawn = {round(height / max(bars) * highest) for height in bars if height}
    assert {number for number in repeated if number} <= {n + d for n in drawn for d in (-1, 0, 1)}
