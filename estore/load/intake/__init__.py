"""Intake: loads one file's rows into raw.events and raw.rejects, one module per engine."""

from dataclasses import replace

from estore.landing import LandedFile
from estore.load.intake.base import Intake, NotWellFormed, OnProgress, TextIds
from estore.load.intake.duckdb import DuckDBIntake
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse import Warehouse

__all__ = ["Intake", "NotWellFormed", "OnProgress", "TextIds", "open_intake"]


def open_intake(
    warehouse: Warehouse,
    file: LandedFile,
    shop: ShopConfig,
    settings: Settings,
    on_progress: OnProgress,
) -> Intake:
    """The intake of the engine."""
    source = shop.source_for(file.uri)
    if ".tsv" in file.name.lower() and file.format == "csv" and source.delimiter == ",":
        source = replace(source, delimiter="\t")
    if warehouse.name == "bigquery":
        from estore.load.intake.bigquery import BigQueryIntake  # the libraries are optional

        return BigQueryIntake(warehouse, file, source, settings, on_progress)
    return DuckDBIntake(warehouse, file, source, settings, on_progress)
