"""Quoting: text and paths as literals of DuckDB's SQL."""

import re
from pathlib import Path


def quoted(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def exact_path(path: str | Path) -> str:
    """A path as an SQL literal that matches only this file, whatever its name."""
    return quoted(re.sub(r"([*?\[])", r"[\1]", str(path)))
