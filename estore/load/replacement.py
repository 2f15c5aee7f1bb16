"""Replacement: a message on the rows that new content under a known path replaced."""

from collections.abc import Mapping
from datetime import date

Days = Mapping[date, int]


def note(old: Days, new: Days, successor: str | None) -> str | None:
    """A sentence on the rows loaded earlier from the path; None if there were none."""
    if not old:
        return None
    rows = sum(old.values())
    if successor:
        kept = f"its {rows:,} earlier rows stay, because {successor} has the same rows"
        return f"its content changed; {kept}"
    lost = {day: count - new.get(day, 0) for day, count in old.items() if count > new.get(day, 0)}
    said = f"replaces the {rows:,} rows of {_period(old)} loaded from this path before"
    if lost and not is_of_other_days(old, new):
        said += f"; {sum(lost.values()):,} fewer on {_period(lost)}"
    return said


def warning(old: Days, new: Days, successor: str | None) -> str | None:
    """A warning if old and new content share no day: the replacement may be a mistake."""
    if successor or not is_of_other_days(old, new):
        return None
    return (
        f"{sum(old.values()):,} rows of {_period(old)} were removed: the file's new content "
        f"covers {_period(new) or 'no day'} instead. Give each export its own name, "
        "and load the earlier export again under another name"
    )


def is_of_other_days(old: Days, new: Days) -> bool:
    """Whether the old content has days, but the new one has none of them."""
    return bool(old) and not old.keys() & new.keys()


def _period(days: Days) -> str:
    """The period in words: one day, or the first and the last."""
    if not days:
        return ""
    first, last = min(days), max(days)
    return f"{first}" if first == last else f"{first} to {last}"
