"""Files and tables that a card offers."""

import re
import struct

import pytest
from browsing import needs_chromium
from dashboard_shop import FORMULA_BRAND
from page_checks import Visitor

pytestmark = needs_chromium


def test_the_table_shows_what_the_csv_contains(visitor: Visitor) -> None:
    visit = visitor("/products?period=28d")
    rows = visit.csv("revenue-by-brand")
    shown = visit.table("revenue-by-brand")
    assert len(rows) == len(shown) > 5
    for row, (brand, revenue, share, *_) in zip(rows, shown, strict=True):
        assert brand == row["Brand"].removeprefix("'")
        assert revenue == f"${float(row['Revenue']):,.0f}"
        assert share == f"{float(row['Share']):.1%}" or float(row["Share"]) < 0.001


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
