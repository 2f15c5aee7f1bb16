"""Extract: the snapshot's tables as one Hyper file, with the same types and values."""

import tempfile
from pathlib import Path
from typing import Any

from estore.errors import EstoreError
from estore.export.source import Source
from estore.warehouse.quoting import quoted

#: The schema that Tableau expects in an extract.
SCHEMA = "Extract"
#: Where the data are in the workbook's package.
INSIDE = "Data/Extracts/shop.hyper"
#: The library's own process writes no log and sends nothing.
_PARAMETERS = {"log_config": ""}


def write_extract(source: Source, path: Path) -> None:
    """Write all tables."""
    api = hyper_api()
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
        api.HyperProcess(
            telemetry=api.Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters=_PARAMETERS
        ) as process,
        api.Connection(process.endpoint, str(path), api.CreateMode.CREATE_AND_REPLACE) as hyper,
    ):
        hyper.catalog.create_schema(SCHEMA)
        for table in source.tables.values():
            part = Path(folder) / "part.parquet"
            source.connection.execute(
                f"copy (from {table.sql}) to {quoted(str(part))} (format parquet)"
            )
            hyper.execute_command(
                f'create table "{SCHEMA}"."{table.name}" as '
                f"(select * from external({quoted(str(part))}, format => 'parquet'))"
            )


def hyper_api() -> Any:
    """Tableau's library for extracts."""
    try:
        import tableauhyperapi
    except ModuleNotFoundError as error:
        raise EstoreError(
            "exports to Tableau need a library: pip install 'estore-analytics[tableau]'"
        ) from error
    return tableauhyperapi
