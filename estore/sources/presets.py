"""Presets: known formats of other systems, each a folder with `preset.toml` and `source.sql`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from estore.sources.source import Query

_FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Preset:
    """A preset. reads: the form in which its SQL gets a file: json, columns or lines.

    required: the columns (or keys of a JSON record) by which it is recognized; a file without one
    is refused. optional: columns that are empty if a file lacks them. settings: entries of
    shop.toml that it sets. unknown: what cannot be known from this source. fields: of a line,
    for lines without a header. query: None for our own format.
    """

    name: str
    title: str
    schema: str
    reads: str
    formats: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    fields: int = 0
    supersedes: Mapping[str, str] = field(default_factory=dict)
    query: Query | None = None

    def fits(self, names: Iterable[str], reads: str) -> bool:
        """Whether a file with these columns or keys looks like this preset's."""
        if not self.required:
            return False
        held = {name.strip().lower() for name in names}
        return self.reads == reads and held >= {name.lower() for name in self.required}


@cache
def all_presets() -> dict[str, Preset]:
    """All presets by name; the one with most required columns first."""
    found = [_read(path.parent) for path in sorted(_FOLDER.glob("*/preset.toml"))]
    return {
        preset.name: preset
        for preset in sorted(found, key=lambda each: (-len(each.required), each.name))
    }


def read_preset(name: str) -> Preset:
    """The preset of this name; raises ValueError with the known names."""
    if name not in all_presets():
        known = ", ".join(sorted(all_presets()))
        raise ValueError(f"preset {name!r} is not known; known are {known}")
    return all_presets()[name]


def _read(folder: Path) -> Preset:
    entries = tomllib.loads((folder / "preset.toml").read_text(encoding="utf-8"))
    lists: dict[str, Any] = {
        name: tuple(entries.pop(name, ()))
        for name in ("formats", "required", "optional", "unknown")
    }
    sql = folder / "source.sql"
    query = None
    if sql.is_file():
        text = sql.read_text(encoding="utf-8")
        query = Query(
            f"preset {folder.name}", text, entries["reads"], lists["required"], lists["optional"],
            entries.get("supersedes", {}),
        )  # fmt: skip
    return Preset(name=folder.name, query=query, **entries, **lists)
