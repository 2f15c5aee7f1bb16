"""`python -m benchmarks run SIZE…` measures; `python -m benchmarks report` writes the tables."""

import json
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.alarms import alarm_table, loss_table, power_table
from benchmarks.bench import bench
from benchmarks.calibration import measured, write_picture
from benchmarks.dashboard import bench_dashboard, dashboard_table, write_dashboard_table
from benchmarks.detect import Detector
from benchmarks.machine import commit, now
from benchmarks.plan import Plan
from benchmarks.predictions import measure
from benchmarks.report import newest, short_table, write_report
from benchmarks.truth import truth_table

HERE = Path(__file__).parent
PICTURE = HERE.parent / "docs" / "images" / "calibration.svg"
FULL = 411_709_736  # the events of the real data set
LOSS_SEEDS = 20
MONTH_BY_MONTH = 150_000_000  # from this size on, all CSV files together need too much disk


@click.group()
def main() -> None:
    """From CSV files to a published snapshot, against a bare scan and the plain pipeline."""


@main.command("run")
@click.argument("sizes", nargs=-1, required=True)
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(".estore-bench"))
@click.option("--results", type=click.Path(path_type=Path), default=HERE / "results")
@click.option(
    "--plain-minutes",
    type=float,
    default=60.0,
    show_default=True,
    help="Time limit of the plain pipeline in seconds; 0 skips it.",
)
@click.option("--low-memory-size", default="100", show_default=True, help="Run again in 2 GB.")
@click.option("--times", default=5, show_default=True, help="Runs of each reading command.")
def run_sizes(
    sizes: tuple[str, ...],
    folder: Path,
    results: Path,
    plain_minutes: float,
    low_memory_size: str,
    times: int,
) -> None:
    """Measure SIZES (millions of events, or "full"), one JSON file each as soon as it is done."""
    results.mkdir(parents=True, exist_ok=True)
    for size in sizes:
        events = _events(size)
        started = time.monotonic()
        click.echo(f"{size}: {events:,} events", err=True)
        path = results / f"{now()[:10]}-{commit()}-{events / 1e6:.4g}M.json"
        plan = Plan(
            events=events,
            folder=(folder / f"size-{size}").resolve(),
            month_by_month=events > MONTH_BY_MONTH,
            low_memory="2GB" if events == _events(low_memory_size) else None,
            plain_limit=plain_minutes * 60,
            times=times,
            say=lambda text: click.echo(text, err=True),
        )

        def keep(report: dict[str, Any], path: Path = path) -> None:
            path.write_text(json.dumps(report, indent=2) + "\n")

        plain = bench(plan, keep).get("plain", {})
        click.echo(f"{path} after {time.monotonic() - started:.0f} s", err=True)
        if plain.get("disagree"):
            raise click.ClickException(
                f"the plain pipeline has different rows: {plain['disagree']}"
            )
    click.echo(short_table(newest(results)))


@main.command("report")
@click.option("--results", type=click.Path(path_type=Path), default=HERE / "results")
@click.option("--to", "folder", type=click.Path(path_type=Path), default=HERE)
def report(results: Path, folder: Path) -> None:
    """Rewrite the tables of README.md between their markers, and scaling.svg."""
    write_report(newest(results), folder)
    click.echo(short_table(newest(results)))


@main.command("dashboard")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(".estore-bench"))
@click.option("--results", type=click.Path(path_type=Path), default=HERE / "results")
@click.option("--to", "readme", type=click.Path(path_type=Path), default=HERE / "README.md")
def measure_dashboard(folder: Path, results: Path, readme: Path) -> None:
    """Measure the dashboard of a shop of 2 M customers, and rewrite its table of README.md."""
    result = bench_dashboard(folder.resolve(), lambda text: click.echo(text, err=True))
    (results / "dashboard.json").write_text(json.dumps(result, indent=2) + "\n")
    write_dashboard_table(result, readme)
    click.echo(dashboard_table(result))


@main.command("predictions")
@click.option("--customers", default=2_000_000, show_default=True)
@click.option("--days", default=213, show_default=True, help="Length of the history.")
def measure_predictions(customers: int, days: int) -> None:
    """Print seconds and memory of fitting and predicting the cells of many customers."""
    for name, value in measure(customers, days).items():
        click.echo(f"{name}: {value:,}")


@main.command("calibration")
@click.option("--to", "path", type=click.Path(path_type=Path), default=PICTURE)
def draw_calibration(path: Path) -> None:
    """Draw the synthetic shop's shares next to the published ones."""
    found = measured()
    write_picture(found, path)
    off = [each.name for each, value in found if abs(value - each.published) > each.tolerance]
    click.echo(f"{path}: {len(found)} numbers, {len(off)} beyond their tolerance {off or ''}")


@main.command("truth")
@click.option("--seeds", default=3, show_default=True)
@click.option("--events", default=300_000, show_default=True)
@click.option("--years", default=10, show_default=True, help="Of each kind of shop in the zoo.")
def compare_with_truth(seeds: int, events: int, years: int) -> None:
    """Print measured numbers of synthetic shops next to the truth, as markdown.

    Also print false alarms of clean shops of many kinds, the share of faults found, and the stated
    against the true loss of revenue.
    """
    if years:
        detector = Detector()
        for made in (
            alarm_table(detector, years), power_table(detector, years),
            loss_table(detector, LOSS_SEEDS),
        ):  # fmt: skip
            for line in made:
                click.echo(line)
            click.echo()
    for seed in range(1, seeds + 1):
        click.echo(truth_table(seed, events))


def _events(size: str) -> int:
    return FULL if size == "full" else round(float(size) * 1_000_000)


if __name__ == "__main__":
    main()
