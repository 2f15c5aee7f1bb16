"""Starts the Python emulator of BigQuery without the spatial extension, which needs a download."""

from bqemulator.cli import main
from bqemulator.storage.engine import DuckDBEngine

DuckDBEngine._load_spatial = lambda engine: None
main()
