"""Load: event files → raw.events, exactly once, with a ledger and all rejected rows."""

from estore.load.loader import LoadReport, load_files, withdraw

__all__ = ["LoadReport", "load_files", "withdraw"]
