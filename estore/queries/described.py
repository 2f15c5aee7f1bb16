"""Described: the dbt project's descriptions of tables and columns. Needs no warehouse."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment

from estore.build.dbt_project import project_folder
from estore.errors import EstoreError

#: Schemas in list order; the others are intermediate and only listed on request.
FOR_READERS = ("metrics", "marts", "dashboard", "snapshots", "raw")


@dataclass(frozen=True)
class Column:
    """A column with its description."""

    name: str
    kind: str
    description: str


@dataclass(frozen=True)
class Table:
    """A table with its description."""

    schema: str
    name: str
    description: str
    columns: list[Column] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The first sentence of its description."""
        return self.description.split(". ")[0].rstrip(".") + "."


def tables(target: str, *, with_steps: bool = False) -> list[Table]:
    """All tables that the project describes. target: the engine that names the types."""
    project = project_folder()
    found = [
        table
        for path in sorted(project.rglob("*.yml"))
        for table in _tables_of(path.relative_to(project), path, target)
        if with_steps or table.schema in FOR_READERS
    ]
    return sorted(found, key=lambda table: (_place(table.schema), table.name))


def table(name: str, target: str) -> Table:
    """A table by name, with or without schema; raises EstoreError if it does not exist."""
    known = {
        key: each
        for each in reversed(tables(target, with_steps=True))
        for key in (each.name, f"{each.schema}.{each.name}", f"{each.schema}_{each.name}")
    }
    if name.lower() in known:
        return known[name.lower()]
    close = difflib.get_close_matches(name.lower(), known, n=1)
    raise EstoreError(
        f"no table is named {name}"
        + (f"; did you mean {close[0]}?" if close else "")
        + " `estore tables` lists them"
    )


def _tables_of(path: Path, file: Path, target: str) -> Iterator[Table]:
    text = file.read_text(encoding="utf-8")
    parsed = yaml.safe_load(text) or {}
    schema = {"seeds": "marts", "snapshots": "snapshots"}.get(path.parts[0])
    for kind in ("models", "seeds", "snapshots"):
        for node in parsed.get(kind) or ():
            if isinstance(node, dict) and (schema or path.parts[0] == "models"):
                yield _table(schema or path.parts[1], node, target)
    for source in parsed.get("sources") or ():
        if source["name"] == "raw":
            for node in source["tables"]:
                yield _table("raw", node, target)


def _table(schema: str, node: dict[str, Any], target: str) -> Table:
    columns = [
        Column(
            column["name"],
            Environment(autoescape=False)
            .from_string(str(column.get("data_type") or ""))
            .render(target={"type": target}),
            _line(column),
        )
        for column in node.get("columns") or ()
    ]
    return Table(schema, node["name"], _line(node), columns)


def _line(node: dict[str, Any]) -> str:
    return " ".join(str(node.get("description") or "").split())


def _place(schema: str) -> int:
    return FOR_READERS.index(schema) if schema in FOR_READERS else len(FOR_READERS)
