"""Tables: a result as rows of text."""

from collections.abc import Sequence
from typing import Any

COMPARED = 30_000_000  # events of the history that one more day is compared with
MODELS_SHOWN = 8  # the slowest ones; the others are one row
Result = dict[str, Any]


def machines(results: Sequence[Result]) -> str:
    """The machine, date and commit of each size."""
    lines: dict[str, list[str]] = {}
    for result in results:
        m = result["machine"]
        sentence = (
            f"{m['cpu']}, {m['cores']} cores, {m['memory_bytes'] / 2**30:.0f} GB, {m['os']}, "
            f"Python {m['python']}, DuckDB {m['duckdb']}, dbt {m['dbt-core']}; "
            f"{result['threads']} threads, {result['memory_limit']} for the engine; "
            f"{result['date']}, commit {result['commit']}"
        )
        lines.setdefault(sentence, []).append(_size(result))
    if len(lines) == 1:
        return f"{next(iter(lines))}."
    return "\n".join(f"* {', '.join(sizes)}: {sentence}." for sentence, sizes in lines.items())


def overview(results: Sequence[Result]) -> list[list[str]]:
    """From files to a snapshot: seconds, memory and disk, compared with the plain pipeline."""
    rows = [["events", "CSV", "bare scan", "`estore run`", "× scan", "memory", "disk ÷ CSV",
             "plain pipeline", "× faster"]]  # fmt: skip
    for result in results:
        run, scan, csv = result["run"], result["scan_seconds"], result["csv_bytes"]
        rows.append([
            _size(result), _gigabytes(csv), _seconds(scan), f"**{_seconds(run['seconds'])}**",
            f"{run['seconds'] / scan:.1f}", _gigabytes(run["peak_memory"]),
            f"{run['peak_disk'] / csv:.2f}", *_plain(result),
        ])  # fmt: skip
    return rows


def _plain(result: Result) -> tuple[str, str]:
    plain, ours = result.get("plain"), result["run"]["seconds"]
    if not plain:
        return "-", "-"
    times = f"{plain['seconds'] / ours:.1f}"
    if plain.get("stopped"):
        least = f"> {times}" if plain["seconds"] > ours else "-"
        return f"stopped after {_seconds(plain['seconds'])}", least
    if plain.get("failed"):
        return f"failed after {_seconds(plain['seconds'])}", "-"
    return _seconds(plain["seconds"]), times


def later(results: Sequence[Result]) -> list[list[str]]:
    """The runs after the first one."""
    # One more day costs the same for every history, if the cost depends only on the day.
    largest = max(result["next_day"]["lines"] for result in results)
    alike = [result for result in results if result["next_day"]["lines"] > 0.8 * largest]
    base = next((result for result in alike if result["events"] == COMPARED), alike[0])
    rows = [["history", "one more day", "of events", f"÷ that on {_size(base)}", "three old days",
             "of events", "nothing new", "`status`", "`findings`", "`--help`"]]  # fmt: skip
    for result in results:
        day, late = result["next_day"], result["late_file"]
        ratio = day["seconds"] / base["next_day"]["seconds"] if result in alike else None
        rows.append([
            _size(result), _seconds(day["seconds"]), f"{day['lines']:,}",
            f"{ratio:.2f}" if ratio else "-", _seconds(late["seconds"]), f"{late['lines']:,}",
            *(_seconds(result[name]["seconds"])
              for name in ("nothing_new", "status", "findings", "help")),
        ])  # fmt: skip
    return rows


def stages(results: Sequence[Result], of: str = "run") -> list[list[str]]:
    """Seconds of a run by stage, the slowest stage of the largest size first."""
    last = results[-1][of]["stages"]
    names = list(last)
    fixed = ("load", "data tests", "dbt", "snapshots", "publish", "the rest")
    models = [name for name in names if name not in fixed][:MODELS_SHOWN]
    rows = [["", *(f"{_size(result)}, s" for result in results)]]
    for name in ("load", *models, "other models", *fixed[1:]):
        cells = []
        for result in results:
            spent = result[of]["stages"]
            shown = {*models, *fixed}
            others = sum(seconds for stage, seconds in spent.items() if stage not in shown)
            cells.append(f"{others if name == 'other models' else spent.get(name, 0.0):.1f}")
        rows.append([f"`{name}`" if name in models else name, *cells])
    rows.append(["**all**", *(f"**{result[of]['seconds']:.1f}**" for result in results)])
    return rows


def low_memory(results: Sequence[Result]) -> list[list[str]]:
    """The same with less memory for the engine."""
    rows = [["events", "memory for the engine", "`estore run`", "memory of all", "disk ÷ CSV"]]
    for result in results:
        for limit, run in (
            (result["memory_limit"], result["run"]),
            (result["low_memory"]["limit"], result["low_memory"]),
        ):
            rows.append([
                _size(result), limit, _seconds(run["seconds"]), _gigabytes(run["peak_memory"]),
                f"{run['peak_disk'] / result['csv_bytes']:.2f}",
            ])  # fmt: skip
    return rows


def markdown(rows: list[list[str]]) -> str:
    """Rows as a Markdown table; the first one is its header."""
    head, *body = rows
    align = ["---:" if column else "---" for column in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, align, *body))


def _size(result: Result) -> str:
    return f"{result['events'] / 1e6:,.4g} M"


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count < 1e10 else f"{count / 1e9:.1f} GB"


def _seconds(count: float) -> str:
    return (
        f"{count:.2f} s" if count < 10 else f"{count:,.1f} s" if count < 100 else f"{count:,.0f} s"
    )
