"""Phrases: numbers formatted for a sentence."""

import math
from typing import Any

#: A finding needs at least this many customers or sessions: a share of fewer says little.
FEWEST = 30
#: A share of fewer than this is not printed next to the number.
FEW = 5


def counted(number: int, noun: str) -> str:
    """1 day, 2 days."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def grouped(number: Any) -> str:
    """1,234."""
    return f"{int(number):,}"


def pct(part: Any, whole: Any) -> str:
    """12.3%."""
    return f"{float(part) / float(whole):.1%}" if whole else "none"


def share_of(part: Any, whole: Any) -> str:
    """A share of a count, with its 95 % interval (Wilson's) if either side is small.

    Writes "none" and "all" in words: 0.0% of a few would look certain.
    """
    part, whole = int(part), int(whole)
    if min(part, whole - part) >= FEWEST:
        return pct(part, whole)
    z = 1.96
    middle, margin = part + z * z / 2, z * math.sqrt(part * (whole - part) / whole + z * z / 4)
    low, high = (max(0.0, (middle + sign * margin) / (whole + z * z)) for sign in (-1, 1))
    if not part:
        return f"none (95% interval up to {high:.1%})"
    if part == whole:
        return f"all (95% interval from {low:.1%})"
    return f"{pct(part, whole)} (95% interval {low:.1%} to {min(high, 1.0):.1%})"


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def part_of(part: int, whole: int) -> str:
    """ "12 of 345", also as a share unless it is only a few."""
    share = f" ({pct(part, whole)})" if part >= FEW else ""
    return f"{grouped(part)} of {grouped(whole)}{share}"


def listed(parts: list[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
