"""Truth: measured numbers of synthetic shops, clean and with faults, next to the truth."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from estore import pipeline
from estore.console import Console
from estore.landing import find_files
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.snapshot.reader import open_snapshot
from estore.synth import ALL_FAULTS, TRUTH, SyntheticShop, write_shop

MONTHS = 5
WINDOWS = (30, 60, 90)


@dataclass(frozen=True)
class Row:
    """A measured number and the truth; low and high: its 95 % interval, if it has one."""

    name: str
    measured: float
    truth: float
    low: float | None = None
    high: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the truth is in the interval, or equals the measured number."""
        if self.low is None or self.high is None:
            return self.measured == self.truth
        return self.low <= self.truth <= self.high


def truth_table(seed: int, events: int) -> str:
    """Markdown: one row per number, for the clean shop and the one with all faults."""
    lines = [
        f"**Seed {seed}**, {events:,} events in {MONTHS} months",
        "",
        "| | true value | clean shop | correct | with all faults | correct |",
        "|---|---|---|---|---|---|",
    ]
    pairs = zip(compared(seed, events, ()), compared(seed, events, ALL_FAULTS), strict=True)
    for clean, faulty in pairs:
        cells = [clean.name, _number(clean.truth)]
        for row in (clean, faulty):
            cells += [_estimate(row), "yes" if row.holds else "**no**"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def compared(seed: int, events: int, faults: tuple[str, ...]) -> list[Row]:
    """Create a shop, run it to a snapshot, and read the truth and the numbers."""
    with tempfile.TemporaryDirectory() as folder:
        landing, home = Path(folder, "landing"), Path(folder, "home")
        shop = SyntheticShop(
            events=events, months=MONTHS, seed=seed, faults=faults, format="parquet"
        )
        paths = write_shop(landing, shop)
        truth = json.loads((landing / TRUTH).read_text())
        settings = Settings(home=home)
        files = find_files([str(path) for path in paths])
        pipeline.run(settings, ShopConfig(), files, Console(quiet=True))
        with open_snapshot(settings) as (snapshot, _):
            return _rows(snapshot, truth)


def _rows(snapshot: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> list[Row]:
    def one(sql: str) -> Any:
        ((value,),) = snapshot.execute(sql).fetchall()
        return value

    happened, held = truth["happened"], truth["files"]
    counts = {
        "duplicate rows": (
            "select sum(duplicate_row_count) from int_event_days",
            held["duplicates"],
        ),
        "sessions": (
            "select session_count from metrics_conversion_rates where grain = 'overall'",
            happened["sessions"],
        ),
        "orders": ("select sum(order_count) from metrics_daily_sales", happened["orders"]),
        "buyers": (
            "select customer_count from metrics_churn where cohort_grain = 'overall'",
            happened["buyers"],
        ),
        "revenue, $": (
            "select round(sum(revenue_amount)) from metrics_daily_sales",
            round(happened["revenue_amount"]),
        ),
    }
    rows = [Row(name, int(one(sql)), of_truth) for name, (sql, of_truth) in counts.items()]
    for rate in ("view_to_cart", "cart_to_purchase", "view_to_purchase"):
        name = f"{rate}_rate"
        (found,) = snapshot.execute(
            f"select {name}, {name}_low, {name}_high from metrics_conversion_rates "
            "where grain = 'overall'"
        ).fetchall()
        said = rate.replace("_", " ")
        rows.append(Row(said, found[0], truth["conversion"]["chances"][name], found[1], found[2]))
    for days in WINDOWS:
        (found,) = snapshot.execute(
            "select 1 - survival, 1 - survival_high, 1 - survival_low from metrics_repeat_curve "
            f"where cohort_grain = 'overall' and day_number = {days}"
        ).fetchall()
        chance = truth["repeat"][0][f"within_{days}_days"]["probability"]
        rows.append(Row(f"reorder within {days} days", found[0], chance, found[1], found[2]))
    return rows


def _number(value: float) -> str:
    return f"{value:.2%}" if isinstance(value, float) and value <= 1 else f"{value:,.0f}"


def _estimate(row: Row) -> str:
    if row.low is None or row.high is None:
        return _number(row.measured)
    return f"{row.measured:.2%} ({row.low:.2%} to {row.high:.2%})"
