"""Shown: the data of a published version that pages need, in memory. Needs no engine."""

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from estore.dashboard.cubes import MISSING, Cube, CubeAnswer
from estore.dashboard.pages import DAY_COLUMNS, Query
from estore.dashboard.selection import DataDays, Selection
from estore.findings.phrases import FEWEST
from estore.snapshot.manifest import Manifest

EVENT_TYPES = ("view", "cart", "purchase")


@dataclass(frozen=True)
class Shown:
    """The data of a published version that pages show."""

    manifest: Manifest
    days: DataDays
    cubes: dict[str, Cube]
    tables: dict[tuple[str, str], CubeAnswer]  # (page, query) → rows
    findings: list[dict[str, Any]]
    options: dict[str, list[str]]
    design_effects: dict[str, float] = field(default_factory=dict)  # of the conversion rates
    event_types: tuple[str, ...] = EVENT_TYPES  # that the source sends at all

    @property
    def version(self) -> str:
        """The version's name."""
        return self.manifest.version

    def answer(self, query: Query, selection: Selection) -> CubeAnswer:
        """The rows of a query; older snapshots may lack them."""
        if query.table:
            answer = self.tables[query.page, query.name]
            return _in_days(answer, selection) if "period" in query.obeys else answer
        cube = self.cubes.get(query.cube or "")
        return cube.answer(query, selection) if cube else MISSING

    def about(self) -> dict[str, Any]:
        """The facts about the data that every page shows."""
        return {
            "version": self.version,
            "published_at": self.manifest.published_at,
            "as_of_date": self.manifest.as_of_date,
            "first_date": _day(self.days.first),
            "last_date": _day(self.days.last),
            "last_complete_date": _day(self.days.last_complete),
            "thresholds": self.manifest.thresholds,
            "min_customers": FEWEST,
            "design_effects": self.design_effects,
            "event_types": list(self.event_types),
            "currency": asdict(self.manifest.currency),
        }


def _in_days(answer: CubeAnswer, selection: Selection) -> CubeAnswer:
    """The rows of a table within the period."""
    days = selection.days()
    if days is None or answer.is_missing:
        return answer
    column = next(place for place, name in enumerate(answer.columns) if name in DAY_COLUMNS)
    first, last = map(str, days)
    rows = [row for row in answer.rows if first <= str(row[column]) <= last]
    return replace(answer, rows=rows, obeys=("period",), days=days)


def _day(day: date | None) -> str | None:
    return str(day) if day else None
