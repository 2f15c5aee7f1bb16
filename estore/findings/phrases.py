"""Phrases: numbers as the words of a sentence."""

import math
from typing import Any

#: Below this many customers or sessions a share says little; the finding is then not made.
FEWEST = 30
#: A share of fewer is not printed beside the number itself.
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
    """A share of things counted; of few, on either side, with its 95 % interval (Wilson's).

    Nothing and everything are words: 0.0% of few would read as known.
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
    """With a capital letter."""
    return text[:1].upper() + text[1:]


def part_of(part: int, whole: int) -> str:
    """So many of so many; as a share, too, where it is of more than a few."""
    share = f" ({pct(part, whole)})" if part >= FEW else ""
    return f"{grouped(part)} of {grouped(whole)}{share}"


def listed(parts: list[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
