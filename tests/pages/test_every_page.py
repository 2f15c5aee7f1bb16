"""Every page in a browser, for every reader and device."""

import json
import re
import shutil
from pathlib import Path

import pytest
from browsing import PHONE, dashboard_of, needs_chromium
from dashboard_shop import (
    HOSTILE_BRAND,
    shop_without_orders,
)
from page_checks import (
    PAGES,
    TOO_FAINT,
    Visitor,
)

from estore.settings import Settings

pytestmark = needs_chromium


@pytest.mark.parametrize("page", PAGES)
def test_every_chart_of_a_page_is_drawn(visitor: Visitor, page: str) -> None:
    visit = visitor(f"/{page}?period=28d")
    drawn = visit.cards()
    assert set(drawn.values()) <= {"canvas", "tiles", "table", "empty"}, drawn
    empty = {card for card, kind in drawn.items() if kind == "empty"}
    without_data = {"rejects-by-reason", "audience-exports", "audience-lift", "bought-together"}
    assert empty <= without_data, "only cards without data are empty"
    assert list(drawn.values()).count("canvas") >= (1 if page == "audiences" else 3)
    for card in drawn:
        about = visit.text(f"#{card} .about")
        assert re.search(r"\d.* as of 31 Jan 2020", about), about
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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_have_enough_contrast_to_their_background(
    visitor: Visitor, theme: str
) -> None:
    visit = visitor(color_scheme=theme)
    for page in ("sales", "retention", "data"):  # headline, alerts, the curve with its band
        found = visit.open(f"/{page}?period=28d").page.evaluate(TOO_FAINT)
        assert found["faint"] == [], page
        assert found["marks"] >= 4


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
