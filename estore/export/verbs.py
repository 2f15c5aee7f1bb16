"""Verbs: the commands `estore export …`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from estore.escaping import printable

if TYPE_CHECKING:
    from estore.export.source import Source

_with_ids = click.option(
    "--with-ids", is_flag=True,
    help="Include customers' ids, rejected rows and files' full paths.",
)  # fmt: skip
_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_folder = click.argument("directory", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def export() -> None:
    """Write the latest snapshot as files for other programs."""


@export.command("duckdb")
@_file
@_with_ids
@click.pass_obj
def to_duckdb(context: Any, file: Path, with_ids: bool) -> None:
    """Write all tables to FILE, one read-only DuckDB database with descriptions as comments."""
    from estore.export.files import write_duckdb

    _write(context, file, write_duckdb, with_ids=with_ids)


@export.command("xlsx")
@_file
@_with_ids
@click.pass_obj
def to_xlsx(context: Any, file: Path, with_ids: bool) -> None:
    """Write FILE, an Excel workbook with one sheet for each question, and charts."""
    from estore.export.excel.book import write_book

    _write(context, file, write_book, with_ids=with_ids)


@export.command("csv")
@_folder
@_with_ids
@click.option(
    "--raw", is_flag=True,
    help="Keep texts that look like formulas; by default they get a ' in front.",
)  # fmt: skip
@click.pass_obj
def to_csv(context: Any, directory: Path, with_ids: bool, raw: bool) -> None:
    """Write each table to DIRECTORY as a CSV file."""
    from estore.export.files import write_folder

    _write(context, directory, partial(write_folder, form="csv", raw=raw), with_ids=with_ids)


@export.command("parquet")
@_folder
@_with_ids
@click.pass_obj
def to_parquet(context: Any, directory: Path, with_ids: bool) -> None:
    """Write each table to DIRECTORY as a Parquet file."""
    from estore.export.files import write_folder

    _write(context, directory, partial(write_folder, form="parquet"), with_ids=with_ids)


@export.command("tableau")
@_file
@_with_ids
@click.pass_obj
def to_tableau(context: Any, file: Path, with_ids: bool) -> None:
    """Write FILE.twbx, a Tableau workbook with dashboards and all tables as an extract."""
    from estore.export.tableau.extract import hyper_api
    from estore.export.tableau.workbook import write_package

    if file.suffix != ".twbx":
        raise click.UsageError(f"{file}: the name of a packaged workbook ends in .twbx")
    hyper_api()
    _write(context, file, write_package, with_ids=with_ids)


def _write(
    context: Any, path: Path, write: Callable[["Source", Path], list[Path]], *, with_ids: bool
) -> None:
    """Export to a path and print what was written. write: returns the files."""
    from estore.export.source import open_source
    from estore.export.target import checked

    path = checked(context.settings, path)
    with open_source(context.settings, with_ids=with_ids) as source:
        size = sum(file.stat().st_size for file in write(source, path)) / 1e6
        rows = sum(table.rows for table in source.tables.values())
        click.echo(printable(
            f"{path}: {len(source.tables)} tables, {rows:,} rows of snapshot "
            f"{source.manifest.version} (as of {source.manifest.as_of_date}), {size:.1f} MB"
        ))  # fmt: skip
