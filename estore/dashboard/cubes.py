"""Cubes: small tables of dimensions and additive measures, summed under any filter.

Measures are whole numbers (amounts in thousandths) stored as floats, so sums below 2**53 are exact.
A report's JavaScript computes in the same way and gets the same digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estore.dashboard.pages import CubeShape, Query
from estore.dashboard.selection import Selection

#: Amounts are DECIMAL(18, 3).
THOUSANDTHS = 1000
ALL = "*"


@dataclass(frozen=True)
class CubeAnswer:
    """Rows for a chart, and the filters that apply to them."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    obeys: Sequence[str] = ()
    days: tuple[date, date] | None = None
    is_missing: bool = False

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON for the page."""
        values: dict[str, Any] = {"columns": self.columns, "rows": self.rows, "obeys": self.obeys}
        if self.days:
            values |= {"from": str(self.days[0]), "to": str(self.days[1])}
        return values | ({"missing": True} if self.is_missing else {})


MISSING = CubeAnswer((), (), is_missing=True)


@dataclass(frozen=True)
class Cube:
    """Columns of equal length, with rows in day order; codes are indexes into values."""

    shape: CubeShape
    values: dict[str, list[str]]
    codes: dict[str, NDArray[np.int16]]
    measures: dict[str, NDArray[np.float64]]
    amounts: frozenset[str]
    first_day: date | None

    def answer(self, query: Query, selection: Selection) -> CubeAnswer:
        """Group by the query's dimensions, in order, and sum its measures."""
        if not {*query.by, *query.measures} <= {*self.codes, *self.measures}:
            return MISSING
        days = selection.days(before=query.is_before) if "period" in query.obeys else None
        rows = self._rows_of(days)
        chosen = np.ones(rows.stop - rows.start, dtype=bool)
        applied = ["period"] if days else []
        for name, column in self.shape.filters.items():
            value = getattr(selection, name) if name in query.obeys else None
            if value is not None:
                chosen &= self._is(column, value, rows)
                applied.append(name)
            elif column in self.shape.star:
                chosen &= self._is(column, ALL, rows) ^ (column in query.by)
        return CubeAnswer(
            [*query.by, *query.measures],
            self._sums(query.by, query.measures, np.flatnonzero(chosen) + rows.start),
            applied, days,
        )  # fmt: skip

    def _rows_of(self, days: tuple[date, date] | None) -> slice:
        day = self.codes[self.shape.date]
        if not days or not self.first_day:
            return slice(0, len(day))
        first, last = ((each - self.first_day).days for each in days)
        return slice(int(np.searchsorted(day, first)), int(np.searchsorted(day, last, "right")))

    def _is(self, column: str, value: str, rows: slice) -> NDArray[np.bool_]:
        values = self.values[column]
        code = values.index(value) if value in values else -1
        return np.equal(self.codes[column][rows], code)

    def _sums(
        self, by: Sequence[str], measures: Sequence[str], chosen: NDArray[np.intp]
    ) -> list[list[Any]]:
        sizes = [len(self.values[name]) for name in by]
        key = np.zeros(len(chosen), dtype=np.int64)
        for name, size in zip(by, sizes, strict=True):
            key = key * size + self.codes[name][chosen]
        space = prod(sizes)
        groups = np.flatnonzero(np.bincount(key, minlength=space)) if by else np.zeros(1, int)
        columns: list[list[Any]] = []
        for name in measures:
            sums = np.bincount(key, self.measures[name][chosen], minlength=space)[groups]
            summed = sums / THOUSANDTHS if name in self.amounts else sums.astype(np.int64)
            columns.append(summed.tolist())
        for name, size in reversed(list(zip(by, sizes, strict=True))):
            values = self.values[name]
            columns.insert(0, [values[code] for code in (groups % size).tolist()])
            groups = groups // size
        return [list(row) for row in zip(*columns, strict=True)]
