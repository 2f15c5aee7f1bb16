"""Output: writes a query's rows as a table, CSV or JSON while they arrive.

The engine formats values as text, which is much faster than Python objects and more exact.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from estore.escaping import in_json, one_line
from estore.reading.base import Result
from estore.tables import FORMULA_STARTS, as_json_value, csv_lines, plain

#: The row limit of tables and JSON; CSV has no limit.
MOST_SHOWN = 100_000
#: The text for null; an empty text stays empty.
NULL = "NULL"
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
           "UINTEGER", "UBIGINT", "UHUGEINT", "DOUBLE", "FLOAT", "DECIMAL", "BIGNUM",
           "NUMBER")  # fmt: skip
#: Types whose text needs no quotes and no formula guard.
PLAIN = (*NUMBERS, "DATE", "TIME", "BOOLEAN", "UUID")
Write = Callable[[str], object]


def write_result(
    result: Result, form: str, write: Write, *, limit: int | None = None, raw: bool = False
) -> bool:
    """Write one answer; returns whether it has more rows than were written.

    raw: keep CSV texts unchanged, even those that a spreadsheet reads as formulas.
    """
    if limit is None and form != "csv":
        limit = MOST_SHOWN
    if form == "csv":
        return _csv(result, write, limit, raw)
    return (_json if form == "json" else _table)(result, write, limit)


class _Limited:
    """Batches up to a row limit; `is_cut` if there are more rows."""

    is_cut = False

    def __init__(self, batches: Iterator[list[tuple[Any, ...]]], limit: int | None) -> None:
        self.batches, self.left = batches, limit

    def __iter__(self) -> Iterator[list[tuple[Any, ...]]]:
        for batch in self.batches:
            if self.left is not None and len(batch) > self.left:
                self.is_cut = True
                if self.left:
                    yield batch[: self.left]
                return
            if self.left is not None:
                self.left -= len(batch)
            yield batch


def _csv(result: Result, write: Write, limit: int | None, raw: bool) -> bool:
    write(csv_lines([result.columns], raw=raw) + "\n")
    if result.selecting is None:
        found = _Limited(result.batches(), limit)
        for batch in found:
            write(csv_lines(batch, raw=raw) + "\n")
        return found.is_cut
    found = _Limited(result.selecting(_csv_row(result.kinds, raw=raw)), limit)
    for batch in found:
        write("\n".join([row[0] for row in batch]) + "\n")
    return found.is_cut


def _csv_row(kinds: Sequence[str], *, raw: bool) -> str:
    cells = [_csv_cell(f"c{place}", kind, raw=raw) for place, kind in enumerate(kinds)]
    if len(cells) == 1:  # an empty line would not be a row
        return f"coalesce(nullif({cells[0]}, ''), '\"\"')"
    return f"concat_ws(',', {', '.join(cells)})"


def _csv_cell(column: str, kind: str, *, raw: bool) -> str:
    """SQL for a cell: nothing for null, `\"\"` for an empty text."""
    if kind.startswith(PLAIN) and not kind.endswith("]"):
        return f"coalesce(cast({column} as varchar), '')"
    text = f"cast({column} as varchar)"
    if not raw:
        starts = ", ".join(f"chr({ord(start)})" for start in FORMULA_STARTS)
        text = f"if(left({text}, 1) in ({starts}), '''' || {text}, {text})"
    special = " or ".join(f"contains({text}, chr({code}))" for code in (34, 44, 10, 13))
    quoted = f"'\"' || replace({text}, '\"', '\"\"') || '\"'"
    return (
        f"case when {column} is null then '' when {special} then {quoted} "
        f"when {text} = '' then '\"\"' else {text} end"
    )


def _json(result: Result, write: Write, limit: int | None) -> bool:
    found = _Limited(result.batches(), limit)
    columns, before = result.columns, "[\n  "
    for batch in found:
        rows = (dict(zip(columns, map(as_json_value, row), strict=True)) for row in batch)
        text = ",\n  ".join(json.dumps(row, ensure_ascii=False, default=plain) for row in rows)
        write(before + in_json(text))
        before = ",\n  "
    write("[]\n" if before.startswith("[") else "\n]\n")
    return found.is_cut


def _table(result: Result, write: Write, limit: int | None) -> bool:
    """A table aligned to the widest value so far, because each batch is printed on arrival."""
    texts = ", ".join(f"cast(c{place} as varchar)" for place in range(len(result.columns)))
    batches = result.selecting(texts) if result.selecting else result.batches()
    found = _Limited(batches, limit)
    names = [one_line(name) for name in result.columns]
    is_number = [kind.startswith(NUMBERS) and not kind.endswith("]") for kind in result.kinds]
    widths, is_headed = [len(name) for name in names], False
    for batch in found:
        rows = [[NULL if value is None else one_line(str(value)) for value in row] for row in batch]
        for place, column in enumerate(zip(*rows, strict=True)):
            widths[place] = max(widths[place], *map(len, column))
        layout = "  ".join(
            f"{{:{'>' if right else '<'}{width}}}"
            for right, width in zip(is_number, widths, strict=True)
        )
        lines = [layout.format(*row).rstrip() for row in rows]
        if not is_headed:
            lines.insert(0, layout.format(*names).rstrip())
            is_headed = True
        write("\n".join(lines) + "\n")
    if not is_headed:
        write("  ".join(names).rstrip() + "\n")
    return found.is_cut
