"""Checks of the dashboard's pages, and shops planted for them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from browsing import Visit
from dashboard_shop import (
    HOSTILE_BRAND,
)

PAGES = ["sales", "funnel", "customers", "retention", "products", "growth", "audiences", "data"]
Visitor = Callable[..., Visit]
Ask = Callable[[str], list[tuple[Any, ...]]]


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


def rewrite(folder: Path, tables: dict[str, str]) -> None:
    """Published tables with other rows, on purpose."""
    for name, sql in tables.items():
        path, changed = folder / f"{name}.parquet", folder / f"{name}.changed"
        source = sql.replace(f"from {name}", f"from '{path}'")
        duckdb.execute(f"copy ({source}) to '{changed}' (format parquet)")
        changed.replace(path)
    forget_digests(folder)


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
