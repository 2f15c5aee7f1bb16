"""The dashboard in a real browser shows the content of the snapshot, for every user and device."""

import json
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from browsing import PHONE, WIDE, Visit, chromium, dashboard_of, needs_chromium
from dashboard_shop import (
    FORMULA_BRAND,
    HOSTILE_BRAND,
    shop_of_the_run,
    shop_without,
    shop_without_orders,
)
from playwright.sync_api import Browser

from estore.dashboard.report import make_report
from estore.settings import Settings
from estore.snapshot.manifest import current_version

pytestmark = needs_chromium
PAGES = ["sales", "funnel", "customers", "retention", "products", "data"]
Visitor = Callable[..., Visit]
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A published shop whose last day is incomplete."""
    settings = shop_of_the_run(tmp_path_factory)
    cut_last_day_short(current_version(settings) or Path())
    plant_alerts(current_version(settings) or Path())
    return settings


@pytest.fixture(scope="module")
def address(shop: Settings) -> Iterator[str]:
    """Where its dashboard is."""
    with dashboard_of(shop) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser; each test has its own profile."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    """Opens visits. At the end, no visit may have errors or requests to other hosts."""
    visits: list[Visit] = []

    def visit(path: str = "", *, at: str = address, complains: str = "", **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": WIDE, "accept_downloads": True, **options})
        made = Visit(context, at)
        made.expected = re.compile(complains) if complains else None  # type: ignore[attr-defined]
        visits.append(made)
        return made.open(path) if path else made

    yield visit
    for made in visits:
        expected = made.expected  # type: ignore[attr-defined]
        unexpected = [said for said in made.complaints if not (expected and expected.search(said))]
        assert unexpected == []
        made.context.close()


@pytest.fixture(scope="module")
def ask(shop: Settings) -> Ask:
    """Queries the snapshot's files."""
    connection = duckdb.connect()
    for path in (current_version(shop) or Path()).glob("*.parquet"):
        connection.execute(f"create view {path.stem} as from '{path}'")
    return lambda sql: connection.execute(sql).fetchall()


def forget_digests(folder: Path) -> None:
    """Accept changed files: tests change them on purpose."""
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "digests": {}}))


def cut_last_day_short(folder: Path) -> None:
    """Change the data so that every day but the last is complete."""
    for table, day in (("int_event_days", "event_date"), ("metrics_daily_sales", "order_date")):
        path, changed = folder / f"{table}.parquet", folder / f"{table}.changed"
        duckdb.execute(
            f"copy (select * replace ({day} < max({day}) over () as is_complete) "
            f"from '{path}' order by {day}) to '{changed}' (format parquet)"
        )
        changed.replace(path)
    forget_digests(folder)


def plant_alerts(folder: Path) -> None:
    """Add a tracking gap on one day and missing carts on three days; the worst is last."""
    path, changed = folder / "metrics_data_alerts.parquet", folder / "alerts.changed"
    duckdb.execute(
        f"""copy (
            select * from '{path}' where false
            union all by name
            select kind, subject, from_date, to_date, from_date::timestamp as from_at,
                to_date::timestamp + interval 1 day as to_at, measured::double as measured,
                expected::double as expected, severity, sentence
            from (values
                ('purchases_without_carts', 'cart', date '2020-01-08', date '2020-01-10', 98, 31,
                 'medium', 'Carts are under-reported.'),
                ('missing_events', 'purchase', date '2020-01-15', date '2020-01-15', 2, 61,
                 'high', 'From 10:00 to 16:00 {HOSTILE_BRAND} 2 purchases came in.')
            ) as t (kind, subject, from_date, to_date, measured, expected, severity, sentence)
        ) to '{changed}' (format parquet)"""
    )
    changed.replace(path)


def close(text: str, number: Any) -> bool:
    """Whether a CSV's number is that of the snapshot, to a cent."""
    return float(text or 0) == pytest.approx(float(number or 0), abs=0.006)


# ------------------------------------------------------------------- all pages


@pytest.mark.parametrize("page", PAGES)
def test_every_chart_of_a_page_is_drawn(visitor: Visitor, page: str) -> None:
    visit = visitor(f"/{page}?period=28d")
    drawn = visit.cards()
    assert set(drawn.values()) <= {"canvas", "tiles", "table", "empty"}, drawn
    empty = {card for card, kind in drawn.items() if kind == "empty"}
    assert empty <= {"rejects-by-reason"}, "only cards without data are empty"
    assert list(drawn.values()).count("canvas") >= 3
    for card in drawn:
        about = visit.text(f"#{card} .about")
        assert "as of 31 Jan 2020" in about and re.match(r"(month ends )?\d", about), about
        assert visit.text(f"#{card} h2").strip()


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_screen(visitor: Visitor, page: str) -> None:
    visit = visitor(f"/{page}?period=90d", viewport=PHONE)
    for width in (390, 700, 1024, 1600):
        visit.page.set_viewport_size({"width": width, "height": 844})
        visit.page.wait_for_timeout(120)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        wider = "c => c.scrollWidth > c.clientWidth + 1"
        cards = f"[...document.querySelectorAll('.card')].filter({wider}).map(c => c.id)"
        assert visit.page.evaluate(cards) == [], width
        tables = f"[...document.querySelectorAll('.table')].filter({wider}).map(t => t.ariaLabel)"
        assert visit.page.evaluate(tables) == [], f"{width}: a table to scroll along"
        lines = "h => Math.round(h.offsetHeight / parseFloat(getComputedStyle(h).lineHeight))"
        long = f"[...document.querySelectorAll('.card h2')].filter(h => ({lines})(h) > 2)"
        assert visit.page.evaluate(f"{long}.map(h => h.textContent)") == [], width
        hidden = f"a => a.getBoundingClientRect().right > {width}"
        links = f"[...document.querySelectorAll('.pages a')].filter({hidden})"
        assert visit.page.evaluate(f"{links}.map(a => a.textContent)") == [], width
    lines = visit.page.locator("[id$=-per-session] .drawn")
    assert lines.count() == (page in ("funnel", "products"))
    heights = lines.evaluate_all("drawn => drawn.map(d => d.clientHeight)")
    assert all(height <= 300 for height in heights), "a card is as high as its neighbor's list"


def test_a_day_in_text_is_the_same_day_in_files(visitor: Visitor) -> None:
    visit = visitor("/data")
    assert [row["Days"] for row in visit.csv("alerts")] == [
        "2020-01-15",
        "2020-01-08 to 2020-01-10",
    ]
    assert [row[2] for row in visit.table("alerts")] == ["15 Jan 2020", "8 Jan – 10 Jan 2020"]
    assert visit.table("files")[0][6] == "1 Dec 2019"


@pytest.fixture(scope="module")
def odd_address(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same shop with one file loaded twice and an incomplete day in the middle."""
    home = tmp_path_factory.mktemp("odd")
    shutil.copytree(shop.published, home / "published")
    path = home / "published" / "v000001" / "int_event_days.parquet"
    changed = path.with_suffix(".changed")
    duckdb.execute(
        "copy (select * replace (is_complete and event_date <> '2020-01-16' as is_complete, "
        "case when event_date = '2019-12-25' then 5000 "
        "else 1 + dayofyear(event_date) % 7 end as duplicate_row_count) "
        f"from '{path}' order by event_date) to '{changed}' (format parquet)"
    )
    changed.replace(path)
    with dashboard_of(Settings(home=home)) as address:
        yield address


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


# ------------------------------------------------------------------- the numbers


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


def test_cohorts_show_what_was_observed_and_nothing_else(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/retention")
    weeks = ask("select cohort_start::text, customer_count, observed_count, churned_count, "
                "churn_rate from metrics_churn where cohort_grain = 'week' order by 1")  # fmt: skip
    rows = visit.csv("churn-by-week")
    assert len(rows) == len(weeks) and any(rate is None for *_, rate in weeks)
    for row, (start, customers, observed, churned, rate) in zip(rows, weeks, strict=True):
        assert (row["Week from"], int(row["Customers"])) == (start, customers)
        if rate is None:
            assert row["Churn rate"] == row["Churned"] == "", "not observed is not zero"
        else:
            assert float(row["Churn rate"]) == pytest.approx(rate)
            assert int(row["Churned"]) == churned and int(row["Observed"]) == observed
    assert visit.table("churn-by-week")[-1][-1] == "–"
    for row in visit.csv("retention-by-month"):
        ((active, complete),) = ask(
            "select active_count, is_complete from metrics_retention where cohort_grain = 'month' "
            f"and cohort_start = '{row['First order in']}' and period_index = {row['Months since']}"
        )
        assert row["Ordered"] == (str(active) if complete else "")
    values = [int(row["Customers"]) for row in visit.csv("lifetime-value")]
    assert [(sum(values),)] == ask("select sum(customer_count) from metrics_ltv_distribution")
    assert [row["Customer"].lstrip("'") for row in visit.csv("top-customers")] == [
        user for (user,) in ask("select user_id from top_customers order by customer_rank")
    ]


def test_the_curve_of_a_cohort_equals_the_snapshot(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/retention")
    ((known,),) = ask(
        "select observed_count >= 30 from metrics_churn where cohort_grain = 'overall_uncensored'"
    )
    grain = "overall_uncensored" if known else "overall"
    cohorts = {"all": f"cohort_grain = '{grain}'", "2019-11-01": "cohort_start = '2019-11-01'"}
    for choice, where in cohorts.items():
        expected = ask("select day_number, at_risk_count, repeated_count, survival, survival_low, "
                       "survival_high from metrics_repeat_curve "
                       f"where {where} order by 1")  # fmt: skip
        visit.page.select_option("#time-to-second-order select", choice)
        rows = [[float(cell) for cell in row.values()] for row in visit.csv("time-to-second-order")]
        assert len(rows) == len(expected) > 60
        for row, known in zip(rows, expected, strict=True):
            assert row == pytest.approx([float(value) for value in known], abs=1e-6)
        ((customers, median),) = ask(
            "select any_value(customer_count), any_value(median_days_to_repeat) "
            f"from metrics_repeat_curve where {where}"
        )
        reading = visit.text("#time-to-second-order .reading")
        assert f"{customers:,}: " in reading
        assert f"{expected[90][3]:.1%} did not reorder within 90 days" in reading
        assert (f"within {median} days" if median else "Fewer than half") in reading or (
            "Too few customers remain" in reading and not median
        )


MEDIANS = {
    "(31, 25, 40, 500)": "Half reorder within 31 days (95% interval 25 to 40 days).",
    "(31, 25, null, 500)": "Half reorder within 31 days (95% interval from 25 days).",
    "(31, 25, 40, 29)": "Too few customers remain to say by which day half reordered.",
}


def test_churn_and_its_finding_have_the_same_number(
    tmp_path_factory: pytest.TempPathFactory, visitor: Visitor
) -> None:
    settings = shop_of_the_run(tmp_path_factory)
    folder = current_version(settings) or Path()
    planted = {
        "customer_count": 70, "observed_count": 50, "repeated_count": 10, "churned_count": 40,
        "churn_rate": 0.8, "churn_rate_low": 0.67, "churn_rate_high": 0.89,
    }  # fmt: skip
    known = "case when cohort_grain = 'overall_uncensored' then {} else {} end as {}"
    cells = [known.format(value, name, name) for name, value in planted.items()]
    censored = "cohort_grain <> 'overall_uncensored' as is_left_censored"
    rewrite(
        folder,
        {
            "metrics_churn": f"select * replace ({', '.join([*cells, censored])}) "
            "from metrics_churn",
            "metrics_repeat_curve": f"select * replace ({censored}) from metrics_repeat_curve",
        },
    )
    with dashboard_of(settings) as address:
        visit = visitor("/retention", at=address)
        reading = visit.text("#churn-by-week .reading")
        assert (
            "80.0% of 50 customers did not reorder within 90 days of their first order" in reading
        )
        assert "are excluded: they may have ordered before the data begin" in reading
        assert (
            "80.0% of 50 customers did not reorder within 90 days of their first order; 10 did"
            in (visit.text("main"))
        )
        assert {row["Left-censored"] for row in visit.csv("churn-by-week")} == {"true"}
        assert "may have ordered" in visit.text("#churn-by-week .legend")
        assert "New customers, " in visit.text("#time-to-second-order .reading")


@pytest.mark.parametrize("planted", MEDIANS)
def test_a_median_has_its_interval_and_enough_customers(
    planted: str, tmp_path_factory: pytest.TempPathFactory, visitor: Visitor
) -> None:
    settings = shop_of_the_run(tmp_path_factory)
    median, low, high, at_risk = planted.strip("()").split(", ")
    rewrite(
        current_version(settings) or Path(),
        {"metrics_repeat_curve": f"""
            select * replace ({median} as median_days_to_repeat,
                {low} as median_days_to_repeat_low, {high}::bigint as median_days_to_repeat_high,
                case when day_number = {median} then {at_risk} else at_risk_count end
                    as at_risk_count,
                case when day_number = (max(day_number) over ()) then 0.4 else survival end
                    as survival
            ) from metrics_repeat_curve"""},
    )  # fmt: skip
    with dashboard_of(settings) as address:
        reading = visitor("/retention", at=address).text("#time-to-second-order .reading")
        assert MEDIANS[planted] in reading


def rewrite(folder: Path, tables: dict[str, str]) -> None:
    """Published tables with other rows, on purpose."""
    for name, sql in tables.items():
        path, changed = folder / f"{name}.parquet", folder / f"{name}.changed"
        source = sql.replace(f"from {name}", f"from '{path}'")
        duckdb.execute(f"copy ({source}) to '{changed}' (format parquet)")
        changed.replace(path)
    forget_digests(folder)


def test_a_rate_is_between_the_ends_of_its_interval(visitor: Visitor, ask: Ask) -> None:
    churn = {row["Week from"]: row for row in visitor("/retention").csv("churn-by-week")}
    for start, low, high in ask("select cohort_start::text, churn_rate_low, churn_rate_high "
                                "from metrics_churn where cohort_grain = 'week'"):  # fmt: skip
        assert (
            [churn[start]["95% from"], churn[start]["95% to"]] == ["", ""]
            if low is None
            else (
                float(churn[start]["95% from"]) == pytest.approx(low, abs=1e-6)
                and float(churn[start]["95% to"]) == pytest.approx(high, abs=1e-6)
            )
        )
    # The page computes intervals from filtered sums. They equal those of the transforms.
    days = visitor("/funnel?period=28d").csv("rates-over-time")
    known = ask(
        "select session_start_date::text, view_to_cart_rate_low, view_to_cart_rate_high, "
        "view_to_purchase_rate_low, view_to_purchase_rate_high from metrics_conversion_rates "
        "where grain = 'day' and session_start_date between '2020-01-03' and '2020-01-30' "
        "order by 1"
    )
    assert [row["Day"] for row in days] == [day for day, *_ in known]
    for row, (_, *ends) in zip(days, known, strict=True):
        rates = ("View → cart", "View → purchase")
        ends_shown = [float(row[f"{rate}, 95% {end}"]) for rate in rates for end in ("from", "to")]
        assert ends_shown == pytest.approx([float(end) for end in ends])


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


def has_color(visit: Visit, card: str, rgb: int) -> bool:
    """Whether a chart has points of exactly this color."""
    red, green, blue = rgb >> 16, rgb >> 8 & 255, rgb & 255
    return visit.page.evaluate(  # type: ignore[no-any-return]
        """([card, color]) => {
            const canvas = document.querySelector(`#${card} canvas`);
            const {width, height} = canvas;
            const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            return new Uint32Array(data.buffer).includes(color);
        }""",
        [card, 0xFF000000 | blue << 16 | green << 8 | red],
    )


#: Text and marks with too little contrast to their background (WCAG 2 AA).
TOO_FAINT = """() => {
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b]
        .map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
    const contrast = (one, other) => {
        const [low, high] = [light(channels(one)), light(channels(other))].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const ground = (element) => {
        const {backgroundColor} = getComputedStyle(element);
        return channels(backgroundColor)[3] === 0 && element.parentElement
            ? ground(element.parentElement) : backgroundColor;
    };
    const faint = [];
    const look = (element, colors, least) => {
        const found = Math.max(...colors.filter((color) => color !== 'none')
            .map((color) => contrast(color, ground(element.parentElement))));
        if (found < least) faint.push([element.outerHTML.slice(0, 80), found]);
        seen.push(element);
    };
    const seen = [];
    for (const element of document.querySelectorAll('body *')) {
        if (!element.checkVisibility()) continue;
        const {color, fontSize, fill, stroke, backgroundColor} = getComputedStyle(element);
        if (element.matches('.legend path')) look(element, [fill, stroke], 3);
        else if (element.matches('.dot')) look(element, [backgroundColor], 3);
        else if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
            if (contrast(color, ground(element)) < (parseFloat(fontSize) >= 24 ? 3 : 4.5))
                faint.push([element.outerHTML.slice(0, 80), contrast(color, ground(element))]);
    }
    return {faint, marks: seen.length};
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_have_enough_contrast_to_their_background(
    visitor: Visitor, theme: str
) -> None:
    visit = visitor(color_scheme=theme)
    for page in ("sales", "retention", "data"):  # headline, alerts, the curve with its band
        found = visit.open(f"/{page}?period=28d").page.evaluate(TOO_FAINT)
        assert found["faint"] == [], page
        assert found["marks"] >= 4


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


def test_the_table_shows_what_the_csv_contains(visitor: Visitor) -> None:
    visit = visitor("/products?period=28d")
    rows = visit.csv("revenue-by-brand")
    shown = visit.table("revenue-by-brand")
    assert len(rows) == len(shown) > 5
    for row, (brand, revenue, share, *_) in zip(rows, shown, strict=True):
        assert brand == row["Brand"].removeprefix("'")
        assert revenue == f"${float(row['Revenue']):,.0f}"
        assert share == f"{float(row['Share']):.1%}" or float(row["Share"]) < 0.001


# ------------------------------------------------------------------- filters and address


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


# ------------------------------------------------------------------- downloads


def test_no_csv_cell_runs_as_a_formula_in_a_spreadsheet(visitor: Visitor) -> None:
    visit = visitor("/products?period=all")
    name, content = visit.download("revenue-by-brand", "CSV")
    assert name == "estore-products-revenue-by-brand-2019-10-01-2020-01-31.csv"
    text = content.decode("utf-8-sig")
    assert f"'{FORMULA_BRAND}" in text
    assert not re.search(r"(?m)^[=+\-@\t]", text)


@pytest.mark.parametrize("card", ["sales-by-day", "last-complete-day"])
def test_a_png_is_the_chart_with_its_text(visitor: Visitor, card: str) -> None:
    visit = visitor("/sales")
    name, content = visit.download(card, "PNG")
    assert name.endswith(f"{card}-2020-01-03-2020-01-30.png")
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width > 800 and height > 300


# ------------------------------------------------------------------- accessibility


def test_dark_follows_the_system_until_another_is_chosen(visitor: Visitor) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    visit = visitor("/sales", color_scheme="dark")
    assert visit.page.evaluate(ground) == "rgb(20, 21, 23)"
    switch = visit.page.locator(".theme")
    switch.click()
    assert visit.page.evaluate(ground) == "rgb(245, 245, 242)"
    visit.open("/funnel")
    assert visit.page.evaluate(ground) == "rgb(245, 245, 242)", "the choice is remembered"
    painted = """blue => {
        const canvas = document.querySelector('#funnel canvas');
        const {width, height} = canvas;
        const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
        return new Uint32Array(data.buffer).includes(blue);
    }"""
    assert visit.page.evaluate(painted, 0xFFAD661F), "charts have the chosen colors"
    switch.click()
    assert visit.page.evaluate(painted, 0xFFEEB06C), "charts are redrawn at each change"


def test_every_control_works_with_the_keyboard(visitor: Visitor) -> None:
    visit = visitor("/customers")
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the charts"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        "Show as table: revenue by segment"
    )
    page.keyboard.press("Enter")
    assert page.locator("#revenue-by-segment table").count() == 1
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    heading = page.locator("#segments th button", has_text="Customers")
    heading.focus()
    page.keyboard.press("Enter")
    assert page.locator("#segments th[aria-sort=descending]").inner_text().startswith("Customers")
    counts = [int(row[2].replace(",", "")) for row in visit.table("segments")]
    assert counts == sorted(counts, reverse=True)
    assert page.evaluate(
        "[...document.querySelectorAll('button, select, input, a')].every(e => e.offsetParent === "
        "null || (e.textContent || e.getAttribute('aria-label') || e.labels?.length))"
    )


def test_a_screen_reader_gets_the_content_of_each_chart(visitor: Visitor) -> None:
    visit = visitor("/sales")
    chart = visit.page.locator("#sales-by-day [role=img]")
    label = chart.get_attribute("aria-label") or ""
    assert label.startswith("Revenue by day. $") and "Table" in label
    assert visit.page.locator("[aria-current=page]").inner_text() == "Sales"
    assert "Sales, 3 Jan – 30 Jan 2020" in visit.page.locator("[role=status]").inner_text()


def test_filters_fold_on_a_phone(visitor: Visitor) -> None:
    visit = visitor("/sales?brand=samsung", viewport=PHONE)
    assert not visit.page.locator("#filter-brand").is_visible()
    summary = visit.page.locator(".filters summary")
    assert summary.inner_text().startswith("3 Jan – 30 Jan 2020 · samsung")
    summary.click()
    visit.choose("brand", "apple")
    assert "brand=apple" in visit.page.url


# ------------------------------------------------------------------- hostile names and failures


def test_a_brand_that_is_markup_stays_text(visitor: Visitor) -> None:
    visit = visitor("/products?period=all")
    assert visit.page.locator(f"#filter-brand option[value='{HOSTILE_BRAND}']").count() == 1
    canvas = visit.page.locator("#revenue-by-brand canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    for share in (0.1, 0.2, 0.3, 0.5):
        visit.page.mouse.move(box["x"] + box["width"] * 0.52, box["y"] + box["height"] * share)
        visit.page.wait_for_timeout(30)
    assert HOSTILE_BRAND in [row[0] for row in visit.table("revenue-by-brand")]
    visit.choose("brand", HOSTILE_BRAND)
    assert HOSTILE_BRAND in visit.table("revenue-by-brand")[0][0]
    assert visit.page.locator("img").count() == 0


def test_a_tooltip_shows_a_hostile_name_as_it_is(visitor: Visitor) -> None:
    visit = visitor(f"/products?period=all&brand={HOSTILE_BRAND.replace('=', '%3D')}")
    canvas = visit.page.locator("#revenue-by-brand canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    visit.page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.5)
    visit.page.wait_for_selector("#revenue-by-brand .tip")
    assert visit.text("#revenue-by-brand .tip b") == HOSTILE_BRAND
    assert visit.page.locator("img").count() == 0


def test_a_snapshot_published_while_the_page_is_open_is_shown_and_announced(
    shop: Settings, visitor: Visitor, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(shop.published, home / "published")
    with dashboard_of(Settings(home=home)) as address:
        visit = visitor("/sales?period=7d", at=address)
        assert "v000001" in visit.text(".heading")
        newer = home / "published" / "v000002"
        shutil.copytree(home / "published" / "v000001", newer)
        manifest = json.loads((newer / "manifest.json").read_text())
        (newer / "manifest.json").write_text(json.dumps({**manifest, "version": "v000002"}))
        (home / "published" / "CURRENT").write_text("v000002\n")
        look = f"{address}/api/page/sales"
        while visit.context.request.get(look).json()["version"] != "v000002":
            visit.page.wait_for_timeout(100)
        with visit.repaint():
            visit.page.evaluate("window.dispatchEvent(new Event('focus'))")
        assert "v000002" in visit.text(".heading")
        assert visit.text(".notice:not(.bad)").startswith("Updated with new data as of 31 Jan 2020")
        assert visit.page.url.endswith("/sales?period=7d")


def test_a_lost_server_is_reported_and_the_page_stays(visitor: Visitor) -> None:
    visit = visitor("/sales?period=7d", complains="ERR_FAILED|ERR_CONNECTION")
    visit.page.route("**/api/**", lambda route: route.abort())
    visit.page.get_by_role("button", name="28 days").click()
    visit.page.wait_for_selector(".notice.bad[role=alert]")
    assert visit.text(".notice.bad[role=alert]").startswith("The server does not respond.")
    assert visit.page.locator("#sales-by-day canvas").count() == 1
    visit.page.unroute("**/api/**")
    with visit.repaint():
        visit.page.get_by_role("button", name="Try again").click()
    assert len(visit.csv("sales-by-day")) == 28


def test_without_the_chart_library_text_tables_and_files_remain(visitor: Visitor) -> None:
    visit = visitor(complains="ERR_FAILED|charts.js did not load")
    visit.page.route("**/charts.js*", lambda route: route.abort())
    visit.open("/sales?period=7d")
    assert visit.cards()["last-complete-day"] == "tiles"
    assert visit.text("#sales-by-day .drawn") == "This chart could not be drawn."
    assert len(visit.csv("sales-by-day")) == 7 and len(visit.table("sales-by-day")) == 7


def test_a_shop_without_orders_has_all_pages_as_text(
    tmp_path_factory: pytest.TempPathFactory, visitor: Visitor
) -> None:
    with dashboard_of(shop_without_orders(tmp_path_factory)) as address:
        visit = visitor(at=address)
        for page in PAGES:
            drawn = visit.open(f"/{page}?period=all").cards()
            assert set(drawn.values()) <= {"canvas", "tiles", "table", "empty"}, drawn
            words = visit.page.locator(".empty").all_inner_texts()
            assert not [said for said in words if "could not be drawn" in said]
            assert "NaN" not in visit.text("main") and "undefined" not in visit.text("main")
        assert visit.open("/customers").text("#segments .empty").startswith("No purchases yet")


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


# ------------------------------------------------------------------- the report


@pytest.fixture(scope="module")
def report(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the report of the same snapshot, on a disk."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(make_report(shop, first=None, last=None, with_ids=True).html)
    return path.as_uri()


def everything(visit: Visit, path: str) -> dict[str, Any]:
    """Text and tables of all cards of a page."""
    visit.open(path)
    visit.page.evaluate(
        "document.querySelectorAll('.tools button[aria-label^=\"Show as table\"]')"
        ".forEach(b => b.click())"
    )
    return visit.page.evaluate(  # type: ignore[no-any-return]
        """() => Object.fromEntries([...document.querySelectorAll('section.card')].map(card => [
            card.id, ['h2', '.reading', '.about', 'tbody', '.empty'].map(
                part => card.querySelector(part)?.innerText)]))"""
    )


@pytest.mark.parametrize(
    ("query", "pages"),
    [
        ("period=all", PAGES),
        # The other pages always show all data.
        ("from=2019-12-03&to=2019-12-24&segment=New", ["sales", "funnel", "products"]),
    ],
)
def test_the_report_shows_the_same_as_the_server(
    visitor: Visitor, report: str, query: str, pages: list[str]
) -> None:
    live, copy = visitor(), visitor(at=report)
    for page in pages:
        reported = everything(copy, f"#{page}?{query}")
        shown = everything(live, f"/{page}?{query}")
        if page == "data":  # a report names files without their folder
            assert reported.pop("files")[3] == shown.pop("files")[3]
        assert reported == shown
        copy.page.goto("about:blank")


def test_filters_and_pages_of_a_report_work_from_a_disk(visitor: Visitor, report: str) -> None:
    visit = visitor("", at=report).open("")
    visit.choose("segment", "New")
    assert "segment=New" in visit.page.url
    with visit.repaint():
        visit.page.get_by_role("link", name="Funnel").click()
    assert "#funnel?segment=New" in visit.page.url
    assert int(visit.csv("funnel")[0]["Sessions"]) > 0
    with visit.repaint():
        visit.page.go_back()
    assert visit.text("h1") == "Sales"


def test_a_report_has_the_curve_of_the_second_order(visitor: Visitor, report: str) -> None:
    visit = visitor("#retention", at=report)
    assert "did not reorder within" in visit.text("#time-to-second-order .reading")
    assert visit.page.locator("#time-to-second-order select option").count() > 2


def test_a_report_on_paper_has_all_pages(visitor: Visitor, report: str) -> None:
    visit = visitor(at=report)
    visit.page.goto(f"{report}#print")
    visit.page.wait_for_selector("html[data-drawn]", state="attached")
    assert visit.page.locator("main.sheet h1").all_inner_texts() == [
        "Sales", "Funnel", "Customers", "Retention & value", "Products", "Data",
    ]  # fmt: skip
    assert "nothing" not in visit.cards().values()
