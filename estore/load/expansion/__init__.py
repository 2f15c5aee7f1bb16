"""Expansion: turns a file of any shape into rows of our columns, with a source's SQL."""

from estore.load.expansion.expansion import Expanded, Expansion

__all__ = ["Expanded", "Expansion"]
