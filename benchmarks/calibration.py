"""Calibration: the synthetic shop's shares next to the published ones of the real shop.

`python -m benchmarks calibration` draws them for docs/images; a test compares them.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import matplotlib as mpl

from benchmarks.plot import GRID, INK, OURS, PAPER, PLAIN, STYLE
from estore.synth import SyntheticShop, write_shop

mpl.use("svg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Large enough that chance changes no share by its tolerance; without faults of single days.
SHOP = SyntheticShop(events=300_000, months=3, seed=1, faults=("zero-prices",))
AUTUMN, DECEMBER = "event_time < '2019-12-01'", "event_time >= '2019-12-01'"


@dataclass(frozen=True)
class Measure:
    """One published number. tolerance: the allowed difference, in the same unit."""

    panel: str
    name: str
    published: float
    tolerance: float
    sql: str


def measures() -> Iterator[Measure]:
    """All numbers; panels in the order of the picture."""
    yield from _mix()
    yield from _sessions()
    hours = (0.65, 1.26, 2.41, 3.56, 4.85, 4.99, 5.27, 5.46, 5.65, 5.47, 5.74, 5.51,
             5.07, 5.70, 6.18, 7.28, 6.16, 6.36, 4.99, 3.22, 1.81, 1.21, 0.76, 0.45)  # fmt: skip
    for hour, share in enumerate(hours):
        of_hour = f"hour(event_time) = {hour}"
        yield Measure("Events by UTC hour, %", f"{hour}", share, 0.45, _percent(of_hour))
    for percent, price in ((5, 19), (25, 67), (50, 165), (75, 358), (95, 1000), (99, 1700)):
        sql = f"select quantile_cont(price, {percent / 100})::double from events"
        yield Measure("Price of a row, $", f"p{percent}", price, 0.12 * price, sql)
    for name, price in (("avg", 291), ("stddev", 356)):
        sql = f"select {name}(price)::double from events"
        yield Measure("Price of a row, $", {"avg": "mean"}.get(name, "sd"), price, 12, sql)
    yield from _catalogue()
    yield from _traffic()


def _percent(condition: str, table: str = "events", where: str = "true") -> str:
    return f"select 100 * count_if({condition}) / count(*) from {table} where {where}"


def _mix() -> Iterator[Measure]:
    panel = "Events and repeated lines, %"
    for kind, share, tolerance in (
        ("view", 93.7, 0.4),
        ("cart", 4.6, 0.35),
        ("purchase", 1.7, 0.15),
    ):
        yield Measure(panel, kind, share, tolerance, _percent(f"event_type = '{kind}'"))
    for kind, share in (("view", 0.097), ("cart", 4.49), ("purchase", 2.21)):
        rows = f"select *, count(*) as lines from events where event_type = '{kind}' group by all"
        sql = f"select 100 * sum(lines - 1) / sum(lines) from ({rows})"
        yield Measure(panel, f"repeats a {kind}", share, 0.04 + share / 5, sql)
    yield Measure(panel, "price is 0", 0.2, 0.08, _percent("price = 0"))


def _sessions() -> Iterator[Measure]:
    bands = ((1, 1, 40.6, 0.15), (2, 5, 36.7, 7.65), (6, 10, 12.6, 14.2),
             (11, 20, 7.0, 13.9), (21, 50, 2.9, 14.0), (51, 9_999, 0.4, 15.3))  # fmt: skip
    for low, high, share, _ in bands:
        name, band = _band(low, high)
        tolerance = 0.6 if share > 1 else 0.1
        yield Measure("Sessions by events, %", name, share, tolerance, _percent(band, "visits"))
    sessions = SHOP.events / 4.59
    for low, high, share, buying in bands:
        name, band = _band(low, high)
        # Two and a half standard errors of such a small share, and a margin for the calibration.
        error = 100 * (buying / 100 * (1 - buying / 100) / (sessions * share / 100)) ** 0.5
        tolerance = 2.5 * error + 0.05 + buying / 30
        sql = _percent("purchases > 0", "visits", band)
        yield Measure("Share of these that buy, %", name, buying, tolerance, sql)
    panel = "Sessions"
    yield Measure(panel, "mean events", 4.59, 0.12, "select avg(size) from visits")
    for place, events in ((0.5, 2), (0.9, 11), (0.95, 16)):
        sql = f"select quantile_disc(size, {place}) from visits"
        yield Measure(panel, f"p{100 * place:.0f} of events", events, 0, sql)
    yield Measure(panel, "with a cart, %", 11.95, 0.6, _percent("carts > 0", "visits"))
    uncarted = _percent("carts = 0", "visits", "purchases > 0")
    yield Measure(panel, "buy without a cart, %", 9.7, 2, uncarted)


def _band(low: int, high: int) -> tuple[str, str]:
    name = f"{low}" if low == high else f"{low}–{high}" if high < 9_999 else f"{low}+"
    return name, f"size between {low} and {high}"


def _catalogue() -> Iterator[Measure]:
    panel = "Rows by what they are of, %"
    named = (
        ("category_code", "electronics.smartphone", 24.3),
        ("category_code", "electronics.video.tv", 3.3),
        ("category_code", "computers.notebook", 3.2),
        *(("brand", "samsung", 11.7), ("brand", "apple", 9.3)),
        *(("brand", "xiaomi", 6.9), ("brand", "huawei", 2.1)),
    )
    for column, name, share in named:
        sql = _percent(f"{column} = '{name}'", where=AUTUMN)
        yield Measure(panel, name.rsplit(".", 1)[-1], share, 0.25 + share / 20, sql)
    for column, when, months, share in (
        ("category_code", AUTUMN, "Oct, Nov", 32), ("category_code", DECEMBER, "Dec", 9.8),
        ("brand", AUTUMN, "Oct, Nov", 14), ("brand", DECEMBER, "Dec", 12),
    ):  # fmt: skip
        name = f"no {column.split('_')[0]}, {months}"
        yield Measure(panel, name, share, 1.2, _percent(f"{column} is null", where=when))


def _traffic() -> Iterator[Measure]:
    panel, all_rows = "Share of three months' rows, %", 177_493_621
    for month, rows in ((10, 42_448_764), (11, 67_501_979), (12, 67_542_878)):
        share = 100 * rows / all_rows
        of_month = _percent(f"month(event_time) = {month}")
        yield Measure(panel, {10: "Oct", 11: "Nov", 12: "Dec"}[month], share, 0.2, of_month)
    for day, millions in ((14, 3.07), (15, 6.22), (16, 6.50), (17, 6.40)):
        of_day = _percent(f"event_time::date = '2019-11-{day}'")
        yield Measure(panel, f"{day} Nov", 1e8 * millions / all_rows, 0.15, of_day)


def measured() -> list[tuple[Measure, float]]:
    """Each number of the synthetic shop."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as db:
        paths = [str(path) for path in write_shop(Path(folder), SHOP)]
        db.execute(
            "create table events as select * replace "
            "(strptime(event_time, '%Y-%m-%d %H:%M:%S UTC') as event_time) "
            "from read_csv($paths, types = {'event_time': 'varchar'})",
            {"paths": paths},
        )
        db.execute(
            "create table visits as select user_session, count(*) as size, "
            "count_if(event_type = 'cart') as carts, "
            "count_if(event_type = 'purchase') as purchases from events group by user_session"
        )
        return [(each, float(db.execute(each.sql).fetchall()[0][0])) for each in measures()]


def write_picture(found: list[tuple[Measure, float]], path: Path) -> None:
    """A panel for each kind of number: bars are published, points the synthetic shop's."""
    panels: dict[str, list[tuple[Measure, float]]] = {}
    for each, value in found:
        panels.setdefault(each.panel, []).append((each, value))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 12), facecolor=PAPER, layout="constrained")
        for axes, (panel, rows) in zip(figure.subplots(4, 2).flat, panels.items(), strict=True):
            _draw(axes, panel, rows)
        figure.savefig(path, metadata={"Date": None})
    # Trailing blanks would fail a format check of the repository.
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


def _draw(axes: Axes, panel: str, rows: list[tuple[Measure, float]]) -> None:
    places = range(len(rows))
    axes.bar(places, [each.published for each, _ in rows], color="#BBD6EA", label="published")
    axes.errorbar(
        places, [value for _, value in rows], yerr=[each.tolerance for each, _ in rows],
        fmt="o", markersize=4, color=PLAIN, ecolor=OURS, elinewidth=1,
        label="synthetic ± tolerance",
    )  # fmt: skip
    axes.set_title(panel, loc="left", fontsize=10.5, fontweight="bold", color=INK)
    is_long = any(len(each.name) > 6 for each, _ in rows)
    axes.set_xticks(
        list(places), [each.name for each, _ in rows],
        rotation=40 if is_long else 0, ha="right" if is_long else "center", fontsize=8,
    )  # fmt: skip
    axes.grid(True, axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    if panel.startswith("Events and"):
        axes.legend(frameon=False, fontsize=9)
