"""Plot: seconds and memory over the size of the history, for README.md."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

# Okabe and Ito's palette, which colour-blind readers tell apart; one colour a thing in both panels.
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


def write_plot(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Two panels over the number of events, on logarithmic axes: seconds, and peak memory."""
    done = [result for result in results if not _is_unfinished(result["plain"])]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 4.4), facecolor=PAPER, layout="constrained")
        time, memory = figure.subplots(1, 2)
        events = [result["events"] / 1e6 for result in results]
        for axes, title in ((time, "Seconds"), (memory, "Peak memory, GB")):
            _prepare(axes, title, events)
        _line(time, _points(results, "run", "seconds"), "estore run", OURS, 2.4)
        _line(time, _points(done, "plain", "seconds"), "the plain way", PLAIN, 1.6)
        _line(time, _points(results, "next_day", "seconds"), "one more day", DAY, 1.6)
        _line(
            time, [(r["events"] / 1e6, r["scan_seconds"]) for r in results], "bare scan", SCAN, 1.6
        )
        _line(memory, _points(results, "run", "peak_memory", 1e9), "estore run", OURS, 2.4)
        _line(memory, _points(done, "plain", "peak_memory", 1e9), "the plain way", PLAIN, 1.6)
        memory.set_yscale("linear")
        memory.set_ylim(bottom=0, top=1.15 * max(r["run"]["peak_memory"] / 1e9 for r in results))
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=metadata, dpi=160)


def _is_unfinished(plain: dict[str, Any]) -> bool:
    return bool(plain.get("stopped") or plain.get("failed"))


def _points(results: Sequence[dict[str, Any]], part: str, what: str, unit: float = 1.0) -> Points:
    return [(result["events"] / 1e6, result[part][what] / unit) for result in results]


def _prepare(axes: Axes, title: str, events: Sequence[float]) -> None:
    axes.set_facecolor(PAPER)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=12)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(events) / 1.25, max(events) * 3.2)  # room for the names of the lines
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


def _line(axes: Axes, points: Points, name: str, colour: str, width: float) -> None:
    """A line with its name at its end."""
    if not points:
        return
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, color=colour, linewidth=width, marker="o", markersize=4.5)
    axes.annotate(
        name, (xs[-1], ys[-1]), xytext=(8, 0), textcoords="offset points", va="center",
        color=colour, fontweight="bold" if width > 2 else "normal",
    )  # fmt: skip
