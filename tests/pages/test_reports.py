"""The report file in a browser: the same pages without a server."""

import pytest
from browsing import needs_chromium
from page_checks import PAGES, Visitor, everything

pytestmark = needs_chromium


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
        "Sales", "Funnel", "Customers", "Retention & value", "Products", "Growth", "Audiences",
        "Data",
    ]  # fmt: skip
    assert "nothing" not in visit.cards().values()
