"""Shop: the settings file `shop.toml`, with file formats and thresholds."""

import tomllib
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from estore.errors import EstoreError
from estore.sources import (
    COLUMNS,
    EARLIEST_DATE,
    PLAIN_COLUMNS,
    SETTINGS,
    Source,
    check_source,
    is_named,
)

__all__ = ["COLUMNS", "EARLIEST_DATE", "PLAIN_COLUMNS", "ShopConfig", "Source", "read_shop"]

_TABLES = {*SETTINGS, "source", "thresholds", "orchestration"}


@dataclass(frozen=True)
class ShopConfig(Source):
    """One shop's settings for files and analytics; all empty by default.

    Top-level entries apply to files that no source names.
    """

    sources: tuple[tuple[tuple[str, ...], Source], ...] = ()  # file patterns → format
    thresholds: dict[str, Any] = field(default_factory=dict)  # dbt var → value
    orchestration: dict[str, Any] = field(default_factory=dict)  # see estore/orchestration

    def source_for(self, uri: str) -> Source:
        """This file's format: the first source that matches it, otherwise the shop's own."""
        found = (source for patterns, source in self.sources if is_named(uri, patterns))
        return next(found, self)


def read_shop(path: Path, *, must_exist: bool = False) -> ShopConfig:
    """Read a shop.toml; a missing one means all defaults, unless it must exist.

    Raises EstoreError with the file, the entry and the fix.
    """
    if not path.is_file():
        if must_exist:
            raise EstoreError(
                f"{path}: file not found; --mapping and ESTORE_SHOP must name a shop.toml"
            )
        return ShopConfig()
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EstoreError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise EstoreError(f"{path}: cannot be read: {error.strerror}") from error
    if unknown := set(entries) - _TABLES:
        raise EstoreError(f"{path}: unknown entry {_names(unknown)}; known are {_names(_TABLES)}")
    for table in ("thresholds", "orchestration"):
        if not isinstance(entries.get(table, {}), dict):
            raise EstoreError(f"{path}: [{table}] must be a table of name = value lines")
    blocks = entries.pop("source", [])
    own = {name: entries[name] for name in SETTINGS if name in entries}
    try:
        source = _source(own)
        sources = _sources(blocks, own)
    except ValueError as error:
        raise EstoreError(f"{path}: {error}") from error
    return ShopConfig(**{**entries, **vars(source)}, sources=sources)


def _sources(blocks: Any, own: dict[str, Any]) -> tuple[tuple[tuple[str, ...], Source], ...]:
    """The [[source]] blocks; missing entries default to the shop's own."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ValueError("source must be blocks that each begin with [[source]]")
    sources = []
    for number, block in enumerate(blocks, start=1):
        settings = dict(block)
        files = settings.pop("files", None)
        patterns = tuple([files] if isinstance(files, str) else files or ())
        if not patterns or not all(isinstance(each, str) and each for each in patterns):
            raise ValueError(
                f'[[source]] {number}: files must name its files, as in files = "orders-*.csv"'
            )
        if unknown := set(settings) - set(SETTINGS):
            raise ValueError(
                f"[[source]] {number}: unknown entry {_names(unknown)}; "
                f"known are {_names([*SETTINGS, 'files'])}"
            )
        try:
            sources.append((patterns, _source({**own, **settings})))
        except ValueError as error:
            raise ValueError(f"[[source]] {number}: {error}") from error
    return tuple(sources)


def _source(entries: dict[str, Any]) -> Source:
    if isinstance(first := entries.get("earliest_date"), date) and not isinstance(first, datetime):
        entries = {**entries, "earliest_date": str(first)}
    source = Source(**entries)
    check_source({each.name: getattr(source, each.name) for each in fields(Source)})
    return source


def _names(names: Any) -> str:
    return ", ".join(sorted(names))
