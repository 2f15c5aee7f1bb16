"""Replacement: what new content under a known path took away, in words."""

from collections.abc import Mapping
from datetime import date

Days = Mapping[date, int]


def note(old: Days, new: Days, successor: str | None) -> str | None:
    """A sentence on the rows that the path held before; None where it held none."""
    if not old:
        return None
    rows = sum(old.values())
    if successor:
        kept = f"those {rows:,} rows stay, as {successor} holds them"
        return f"its earlier content is another one; {kept}"
    lost = {day: count - new.get(day, 0) for day, count in old.items() if count > new.get(day, 0)}
    said = f"replaces the {rows:,} rows of {_period(old)} that this path held before"
    if lost and not is_of_other_days(old, new):
        said += f"; {sum(lost.values()):,} rows fewer on {_period(lost)}"
    return said


def warning(old: Days, new: Days, successor: str | None) -> str | None:
    """Where the new content shares no day with the old: maybe it was not meant to replace it."""
    if successor or not is_of_other_days(old, new):
        return None
    return (
        f"{sum(old.values()):,} rows of {_period(old)} are gone: the path held them before, and "
        f"its new content has {_period(new) or 'no day'}. For an export under one name, give each "
        "export a name of its own, and load the earlier one again under another name"
    )


def is_of_other_days(old: Days, new: Days) -> bool:
    """Whether the old content has days, and the new one none of them."""
    return bool(old) and not old.keys() & new.keys()


def _period(days: Days) -> str:
    """One day, or the first and the last."""
    if not days:
        return ""
    first, last = min(days), max(days)
    return f"{first}" if first == last else f"{first} to {last}"
