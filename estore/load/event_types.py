"""Event types: a file's unknown event types, their rows, and what to do about them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

OURS = ("view", "cart", "purchase")
#: The number of types stored by name; the rows of all others are one sum without a name.
NAMED = 20
FIX = "map them under [event_types] in shop.toml, then `estore load --again PATH`"


def kept(rows: Iterable[tuple[str, int]], total: int) -> str | None:
    """The ledger's JSON: type → rows, largest first. total: the rows of all unknown types.

    rows: the largest types. None if all types are known.
    """
    counts = dict(list(rows)[:NAMED])
    if rest := total - sum(counts.values()):
        counts[""] = rest
    return json.dumps(counts) if counts else None


def total(kept: str | None) -> int:
    """How many rows have an unknown type."""
    return sum(json.loads(kept).values()) if kept else 0


def named(kept: Iterable[str | None], limit: int = 5) -> str:
    """The types of one or more files with their rows, as in `view_item (300), search (12)`."""
    counts: dict[str, int] = {}
    for text in kept:
        for name, count in json.loads(text or "{}").items():
            counts[name] = counts.get(name, 0) + count
    ordered = sorted(counts.items(), key=lambda item: (not item[0], -item[1], item[0]))
    shown = [f"{_short(name)} ({count:,})" for name, count in ordered[:limit] if name]
    rest = sum(counts.values()) - sum(count for name, count in ordered[:limit] if name)
    return ", ".join(shown) + (f" and others ({rest:,})" if rest else "")


def note(kept: str | None, loaded: int) -> str | None:
    """A note on one file's unknown types; None if there are none."""
    if not (others := total(kept)):
        return None
    said = f"{others:,} of {loaded:,} rows have other event types: {named([kept])}"
    return f"{said}; if they are views, carts or purchases, {FIX}"


def warning(kept: str | None, loaded: int) -> str | None:
    """A warning if no row is a view, a cart or a purchase."""
    if not loaded or total(kept) < loaded:
        return None
    return (
        "no row is a view, a cart or a purchase, so the funnel and sales leave them out: "
        f"{named([kept])}; {FIX}"
    )


def sentences(files: Iterable[Mapping[str, Any]]) -> list[str]:
    """Sentences on unknown types: for all files, and for files with unknown types only.

    files: rows of raw.files; older homes and snapshots lack the column.
    """
    held = [file for file in files if file["status"] == "loaded"]
    others = [file for file in held if file.get("other_event_types")]
    if not others:
        return []
    kept = [file["other_event_types"] for file in others]
    said = [
        f"{sum(map(total, kept)):,} rows in {_files(len(others))} have event types other "
        f"than view, cart and purchase: {named(kept)}. The funnel and sales leave "
        f"them out; if they are views, carts or purchases, {FIX}."
    ]
    suspect = [
        file["uri"].rsplit("/", 1)[-1]
        for file in others
        if total(file["other_event_types"]) == file["loaded"]
    ]
    if suspect:
        more = len(suspect) - 3
        shown = ", ".join(suspect[:3]) + (f" and {more:,} more" if more > 0 else "")
        said.append(f"{_files(len(suspect))} without any view, cart or purchase: {shown}.")
    return said


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _short(name: str) -> str:
    shown = " ".join(name.split())
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
