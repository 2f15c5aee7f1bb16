"""Event types: those of a file that are not ours, with their rows, and what to do about them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

OURS = ("view", "cart", "purchase")
#: So many types of a file are named; the rows of the others are one sum, under no name.
NAMED = 20
FIX = "map them under [event_types] in shop.toml, then `estore load --again PATH`"


def kept(rows: Iterable[tuple[str, int]], total: int) -> str | None:
    """The ledger's text: type → rows, most rows first; total: rows of all types that are not ours.

    rows: the types with most rows. None where all types are ours.
    """
    counts = dict(list(rows)[:NAMED])
    if rest := total - sum(counts.values()):
        counts[""] = rest
    return json.dumps(counts) if counts else None


def total(kept: str | None) -> int:
    """How many rows have a type that is not ours."""
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
    """What a person should know of one file's types; None where all are ours."""
    if not (others := total(kept)):
        return None
    said = f"{others:,} of {loaded:,} rows have other event types: {named([kept])}"
    return f"{said}; if they are views, carts or purchases, {FIX}"


def warning(kept: str | None, loaded: int) -> str | None:
    """Where no row at all is a view, a cart or a purchase."""
    if not loaded or total(kept) < loaded:
        return None
    return (
        f"no row is a view, a cart or a purchase, so these rows are in no funnel and no sales: "
        f"{named([kept])}; {FIX}"
    )


def sentences(files: Iterable[Mapping[str, Any]]) -> list[str]:
    """What a reader of the ledger should know: of all files, and of files with no type of ours.

    files: rows of raw.files; those of a home or snapshot made before have no such column.
    """
    held = [file for file in files if file["status"] == "loaded"]
    others = [file for file in held if file.get("other_event_types")]
    if not others:
        return []
    kept = [file["other_event_types"] for file in others]
    said = [
        f"{sum(map(total, kept)):,} rows in {_files(len(others))} have event types other "
        f"than view, cart and purchase: {named(kept)}. They are events, but in no funnel and no "
        f"sales; if they are views, carts or purchases, {FIX}."
    ]
    suspect = [
        file["uri"].rsplit("/", 1)[-1]
        for file in others
        if total(file["other_event_types"]) == file["loaded"]
    ]
    if suspect:
        more = len(suspect) - 3
        shown = ", ".join(suspect[:3]) + (f" and {more:,} more" if more > 0 else "")
        said.append(f"{_files(len(suspect))} without a single view, cart or purchase: {shown}.")
    return said


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _short(name: str) -> str:
    shown = " ".join(name.split())
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
