"""Inspection: what a file is, how it would be loaded, and the shop.toml that loads it."""

from estore.inspection.inspection import Inspection, inspect_files
from estore.inspection.proposal import as_toml, save

__all__ = ["Inspection", "as_toml", "inspect_files", "save"]
