"""Pages: the declaration `pages.json`, with each page's queries on published tables."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

PAGES_FILE = Path(__file__).parent / "pages.json"
#: The day column of tables with one row per day.
DAY_COLUMNS = ("order_date", "event_date")


@dataclass(frozen=True)
class CubeShape:
    """A cube's day column, its filter columns, and the columns with `*` rows for totals."""

    date: str
    filters: dict[str, str]
    star: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A query: a cube, grouped and summed, or a table unchanged."""

    page: str
    name: str
    cube: str | None = None
    by: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    obeys: tuple[str, ...] = ()
    is_before: bool = False
    table: str | None = None
    columns: tuple[str, ...] = ()
    where: dict[str, Any] = field(default_factory=dict)
    sort: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pages:
    """The checked content of pages.json."""

    periods: dict[str, int | None]  # id → days, None for calendar periods
    default_period: str
    cubes: dict[str, CubeShape]
    queries: dict[str, dict[str, Query]]  # page → name → query
    topics: dict[str, tuple[str, ...]]

    def all_queries(self) -> Iterator[Query]:
        """All queries of all pages."""
        for named in self.queries.values():
            yield from named.values()

    def obeying(self, query: Query, filters: Iterable[str]) -> Query:
        """The query with these filters; raises ValueError if one does not apply.

        Even a chart that shows all days for comparison can be limited to some of them.
        """
        obeys = [*query.obeys]
        for name in filters:
            if name == "period" and self.day_column(query):
                obeys.append(name)
            elif name not in obeys:
                raise ValueError(
                    f"{query.page}/{query.name} cannot be filtered by {name}"
                    + (f", only by {', '.join(obeys)}" if obeys else "; leave it out")
                )
        return replace(query, obeys=tuple(dict.fromkeys(obeys)))

    def day_column(self, query: Query) -> str | None:
        """The answer's day column."""
        if query.cube:
            day = self.cubes[query.cube].date
            return day if day in query.by else None
        return next((name for name in query.columns if name in DAY_COLUMNS), None)

    def columns_of(self, cube: str) -> tuple[list[str], list[str]]:
        """A cube's dimensions and measures that any query reads, in a stable order."""
        shape = self.cubes[cube]
        asked = [query for query in self.all_queries() if query.cube == cube]
        dimensions = [*shape.filters.values(), *shape.star, *(by for q in asked for by in q.by)]
        measures = [measure for query in asked for measure in query.measures]
        others = [name for name in dict.fromkeys(dimensions) if name != shape.date]
        return [shape.date, *others], list(dict.fromkeys(measures))


@cache
def read_pages() -> Pages:
    """The package's declaration; raises ValueError if it is inconsistent."""
    declared = json.loads(PAGES_FILE.read_text(encoding="utf-8"))
    cubes = {
        name: CubeShape(cube["date"], cube["filters"], tuple(cube["star"]))
        for name, cube in declared["cubes"].items()
    }
    queries = {
        page: {name: _query(page, name, asked, cubes) for name, asked in said["queries"].items()}
        for page, said in declared["pages"].items()
    }
    return Pages(
        {period["id"]: period.get("days") for period in declared["periods"]},
        declared["default_period"],
        cubes,
        queries,
        {page: tuple(said.get("topics", ())) for page, said in declared["pages"].items()},
    )


def _query(page: str, name: str, asked: dict[str, Any], cubes: dict[str, CubeShape]) -> Query:
    if asked.get("cube") not in cubes and "table" not in asked:
        raise ValueError(f"pages.json: {page}/{name} names neither a known cube nor a table")
    lists = ("by", "measures", "obeys", "columns", "sort", "personal")
    return Query(
        page, name,
        cube=asked.get("cube"), table=asked.get("table"), where=asked.get("where", {}),
        is_before=asked.get("period") == "before",
        **{part: tuple(asked.get(part, ())) for part in lists},
    )  # fmt: skip
