"""Tables: rows as a table for people, or as CSV or JSON for programs."""

import csv
import io
import json
import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from estore.escaping import in_json, one_line

#: A spreadsheet reads a text with this start as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Wider than any stored line.
_WIDTH = 100_000


def render(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: str) -> str:
    """Rows in the form `table`, `csv` or `json`; the last is a list of objects."""
    if form == "json":
        return to_json([dict(zip(columns, row, strict=True)) for row in rows])
    if form == "csv":
        return to_csv(columns, rows)
    return to_table(columns, rows)


def to_json(value: Any) -> str:
    """JSON with decimals as numbers, days and instants as ISO text, and NaN as null."""
    return in_json(json.dumps(_strict(value), default=plain, indent=2, ensure_ascii=False))


def as_json_value(value: Any) -> Any:
    """A value in its JSON form."""
    return _strict(value) if isinstance(value, (float, list, tuple, dict)) else value


def to_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """CSV that is safe in a spreadsheet: no text cell can run as a formula."""
    return csv_lines([columns, *rows])


def csv_lines(rows: Sequence[Sequence[Any]], *, raw: bool = False) -> str:
    """CSV rows; raw: without the guard against formulas."""
    return "\n".join(_csv_line(row if raw else [_inert(value) for value in row]) for row in rows)


def to_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """An aligned table, with numbers to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        is_right = any(is_number(row[position]) for row in rows)
        table.add_column(
            Text(one_line(column)), justify="right" if is_right else "left", no_wrap=True
        )
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row))
    buffer = io.StringIO()
    Console(file=buffer, width=_WIDTH, force_terminal=False, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def _csv_line(cells: Sequence[Any]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)  # so both characters are quoted
    return buffer.getvalue().removesuffix("\r\n")


def is_number(value: Any) -> bool:
    """Whether a value is right-aligned."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4f}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return one_line(str(value))


def _inert(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _strict(value: Any) -> Any:
    """Replace nan and inf, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _strict(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(part) for part in value]
    return value


def plain(value: Any) -> Any:
    """Values without a JSON form: decimals as numbers, days and instants as ISO text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)
