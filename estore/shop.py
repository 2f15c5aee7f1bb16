"""Shop: the settings file `shop.toml`, with file formats and thresholds."""

import tomllib
from collections.abc import Mapping
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
    Query,
    Source,
    check_source,
    is_named,
    read_preset,
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
    if not path.exists() and not path.is_symlink():  # a broken link is an error
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
    if isinstance(blocks, dict) and "files" not in blocks:  # the same as entries at the top
        if unknown := set(blocks) - set(SETTINGS):
            raise EstoreError(
                f"{path}: [source]: unknown entry {_names(unknown)}; known are {_names(SETTINGS)}"
            )
        entries, blocks = {**entries, **blocks}, []
    own = {name: entries[name] for name in SETTINGS if name in entries}
    try:
        source = _source(own, path.parent)
        sources = _sources(blocks, own, path.parent)
    except ValueError as error:
        raise EstoreError(f"{path}: {error}") from error
    return ShopConfig(**{**entries, **vars(source)}, sources=sources)


def shop_of(entries: dict[str, Any]) -> ShopConfig:
    """A shop with these entries of shop.toml; raises EstoreError if one is wrong."""
    try:
        return ShopConfig(**vars(_source(entries, Path())))
    except ValueError as error:
        raise EstoreError(str(error)) from error


def with_preset(shop: ShopConfig, name: str) -> ShopConfig:
    """The shop, but all files are read with this preset; raises EstoreError if it is unknown."""
    own = {entry: value for entry, value in vars(shop).items() if entry in SETTINGS}
    own = {**own, "preset": name, "sql": "", "kept_event_types": None, "columns": {}}
    if shop.preset:  # its event types are not the shop's own
        own["event_types"] = {}
    defaults = vars(Source())
    own = {entry: value for entry, value in own.items() if value != defaults[entry]}
    try:
        source = _source(own, Path())
    except ValueError as error:
        raise EstoreError(str(error)) from error
    return ShopConfig(**{**vars(shop), **vars(source), "sources": ()})


def _sources(
    blocks: Any, own: dict[str, Any], folder: Path
) -> tuple[tuple[tuple[str, ...], Source], ...]:
    """The [[source]] blocks; missing entries default to the shop's own."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ValueError("source must be blocks that each begin with [[source]]")
    sources = []
    for number, block in enumerate(blocks, start=1):
        settings = dict(block)
        files = settings.pop("files", None)
        patterns = tuple(files if isinstance(files, list) else [files])
        if not patterns or not all(isinstance(each, str) and each.strip() for each in patterns):
            raise ValueError(
                f'[[source]] {number}: files must name its files, as in files = "orders-*.csv"'
            )
        if unknown := set(settings) - set(SETTINGS):
            raise ValueError(
                f"[[source]] {number}: unknown entry {_names(unknown)}; "
                f"known are {_names([*SETTINGS, 'files'])}"
            )
        try:
            sources.append((patterns, _source(_under(own, settings), folder)))
        except ValueError as error:
            raise ValueError(f"[[source]] {number}: {error}") from error
    return tuple(sources)


def _under(own: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A block's settings on top of the shop's own; its preset or SQL replaces the shop's."""
    if "preset" in settings or "sql" in settings:
        dropped = ("preset", "sql", "kept_event_types")
        own = {name: value for name, value in own.items() if name not in dropped}
    return {**own, **settings}


def _source(entries: dict[str, Any], folder: Path) -> Source:
    """The source of these entries. folder: where its SQL file is."""
    if isinstance(first := entries.get("earliest_date"), date) and not isinstance(first, datetime):
        entries = {**entries, "earliest_date": str(first)}
    query = None
    if isinstance(name := entries.get("preset"), str) and name:
        preset = read_preset(name)
        entries, query = _on_top(entries, preset.settings), preset.query
    elif isinstance(name := entries.get("sql"), str) and name:
        query = Query(name, _sql_text(folder / name))
    source = Source(**entries, query=query)
    check_source({each.name: getattr(source, each.name) for each in fields(Source)})
    return source


def _on_top(entries: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Entries on top of a preset's settings; event types that they do not name stay mapped."""
    types, own = settings.get("event_types", {}), entries.get("event_types", {})
    merged = {**settings, **entries}
    if types and isinstance(own, dict):
        named = {name.lower() for name in own}
        merged["event_types"] = {
            **{name: ours for name, ours in types.items() if name not in named}, **own,
        }  # fmt: skip
    return merged


def _sql_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ValueError(
            f"sql = {path.name!r}: {path} cannot be read: {said}. Its path starts at the folder of "
            "shop.toml"
        ) from error


def _names(names: Any) -> str:
    return ", ".join(sorted(names))
