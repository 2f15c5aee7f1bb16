"""The page Data in a browser."""

import re

from browsing import PHONE, needs_chromium
from dashboard_shop import HOSTILE_BRAND
from page_checks import Visitor, has_color

pytestmark = needs_chromium


def test_a_day_in_text_is_the_same_day_in_files(visitor: Visitor) -> None:
    visit = visitor("/data")
    assert [row["Days"] for row in visit.csv("alerts")] == [
        "2020-01-15",
        "2020-01-08 to 2020-01-10",
    ]
    assert [row[2] for row in visit.table("alerts")] == ["15 Jan 2020", "8 Jan – 10 Jan 2020"]
    assert visit.table("files")[0][7] == "1 Dec 2019"


def test_a_day_far_above_all_others_is_cut_off_with_a_note(
    visitor: Visitor, odd_address: str
) -> None:
    visit = visitor("/data", at=odd_address)
    said = visit.text("#repeated-lines-by-day .reading")
    assert "most on Wed 25 Dec 2019 (5,000)" in said
    assert said.endswith("The axis ends at 8: 1 higher day is cut off (↑).")
    days = {row["Day"]: row["Duplicate rows"] for row in visit.csv("repeated-lines-by-day")}
    assert days["2019-12-25"] == "5000", "the table has the full number"
    # The other days have bars to be read: blue in most columns, well above the axis.
    blue = visit.page.evaluate(
        """() => {
            const canvas = document.querySelector('#repeated-lines-by-day canvas');
            const {width, height} = canvas;
            const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
            const blue = getComputedStyle(document.querySelector('a')).color.match(/\\d+/g);
            const y = Math.round(height * 0.8);
            let found = 0;
            for (let at = 4 * y * width; at < 4 * (y + 1) * width; at += 4)
                if (blue.every((value, c) => data[at + c] === Number(value))) found++;
            return found / width;
        }"""
    )
    assert blue > 0.3


def test_alerts_are_shown_worst_first_and_marked_on_their_days(visitor: Visitor) -> None:
    visit = visitor("/data")
    rows = visit.csv("alerts")
    assert [row["Severity"] for row in rows] == ["high", "medium"]
    assert [row["What"] for row in rows] == ["tracking gap", "carts missing"]
    assert [row["Days"] for row in rows] == ["2020-01-15", "2020-01-08 to 2020-01-10"]
    assert (rows[0]["Measured"], rows[0]["Expected"]) == ("2", "61")
    assert HOSTILE_BRAND in rows[0]["Description"]
    sales = visitor("/sales?period=28d")
    marked = {row["Day"] for row in sales.csv("sales-by-day") if row["Alerts"]}
    assert marked == {"2020-01-15"}, "missing carts do not affect sales"
    assert "1 day has data issues" in sales.text("#sales-by-day .reading")
    assert "data issue" in sales.text("#sales-by-day .legend")
    purple = "getComputedStyle(document.documentElement).getPropertyValue('--purple')"
    light = int(re.findall(r"#(\w{6})", sales.page.evaluate(purple))[0], 16)
    assert has_color(sales, "sales-by-day", light)
    assert not has_color(sales, "month-against-last", light)
    week = visitor("/funnel?period=all")
    assert has_color(week, "rates-over-time", light), "its week is marked"
    without = visitor("/sales?period=7d")
    assert "data issue" not in without.text("#sales-by-day .legend")
    assert not has_color(without, "sales-by-day", light)


def test_alerts_are_readable_on_a_phone_without_scrolling_sideways(visitor: Visitor) -> None:
    visit = visitor("/data", viewport=PHONE)
    table = visit.page.locator("#alerts .table")
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    row = visit.page.locator("#alerts tbody tr").first
    assert row.inner_text().split("\n")[0].startswith("high")
    sentence = row.locator("td.long")
    assert HOSTILE_BRAND in sentence.inner_text()
    box = sentence.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    # The table has all alerts, so the key findings show only the worst one.
    findings = visit.page.locator(".findings p").all_inner_texts()
    assert HOSTILE_BRAND in findings[0]
    assert not [said for said in findings[1:] if "Carts are under-reported" in said]
