"""Plot: seconds and memory over the size of the history, for README.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

# Okabe and Ito's palette for color-blind readers; a series has the same color in both panels.
OURS, PLAIN, SCAN, DAY = "#0072B2", "#D55E00", "#7A7A7A", "#009E73"
INK, QUIET, GRID, PAPER = "#222222", "#666666", "#E6E6E6", "#FFFFFF"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "estore",  # the same results give the same bytes
    "svg.fonttype": "path",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": "#BBBBBB",
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
}
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """A named line; points: (millions of events, value)."""

    name: str
    color: str
    width: float
    points: Points


def write_plot(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Two panels over the number of events, on logarithmic axes: seconds, and peak memory."""
    done = [result for result in results if _is_done(result.get("plain"))]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 4.4), facecolor=PAPER, layout="constrained")
        time, memory = figure.subplots(1, 2)
        events = [result["events"] / 1e6 for result in results]
        for axes, title in ((time, "Seconds"), (memory, "Peak memory, GB")):
            _prepare(axes, title, events)
        scan = [(result["events"] / 1e6, result["scan_seconds"]) for result in results]
        seconds = [
            Line("estore run", OURS, 2.4, _points(results, "run", "seconds")),
            Line("the plain pipeline", PLAIN, 1.6, _points(done, "plain", "seconds")),
            Line("one more day", DAY, 1.6, _points(results, "next_day", "seconds")),
            Line("bare scan", SCAN, 1.6, scan),
        ]
        gigabytes = [
            Line("estore run", OURS, 2.4, _points(results, "run", "peak_memory", 1e9)),
            Line("the plain pipeline", PLAIN, 1.6, _points(done, "plain", "peak_memory", 1e9)),
        ]
        memory.set_yscale("linear")
        memory.set_ylim(0, 1.15 * max(y for line in gigabytes for _, y in line.points))
        for axes, lines in ((time, seconds), (memory, gigabytes)):
            _draw(axes, [line for line in lines if line.points])
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=metadata, dpi=160)


def _is_done(plain: dict[str, Any] | None) -> bool:
    return plain is not None and not (plain.get("stopped") or plain.get("failed"))


def _points(results: Sequence[dict[str, Any]], part: str, what: str, unit: float = 1.0) -> Points:
    return [(result["events"] / 1e6, result[part][what] / unit) for result in results]


def _prepare(axes: Axes, title: str, events: Sequence[float]) -> None:
    axes.set_facecolor(PAPER)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=12)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(events) / 1.25, max(events) * 4)  # room for the names of the lines
    axes.xaxis.set_major_locator(FixedLocator(list(events)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.4g} M"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.10g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("events")
    axes.grid(True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw(axes: Axes, lines: Sequence[Line]) -> None:
    """The lines with their names at their ends, at least a line of text apart."""
    for line in lines:
        axes.plot(
            *zip(*line.points, strict=True),
            color=line.color, linewidth=line.width, marker="o", markersize=4.5,
        )  # fmt: skip
    axes.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    last = max(line.points[-1][0] for line in lines)
    lowest = -1e9
    for line in sorted(lines, key=lambda line: line.points[-1][1]):
        x, y = line.points[-1]
        height = float(axes.transData.transform((x, y))[1]) * 72 / axes.figure.dpi
        lift = max(height, lowest + 14) - height if x == last else 9
        if x == last:
            lowest = height + lift
        axes.annotate(
            line.name, (x, y), xytext=(8 if x == last else 0, lift), textcoords="offset points",
            ha="left" if x == last else "right", va="center", color=line.color,
            fontweight="bold" if line.width > 2 else "normal",
        )  # fmt: skip
