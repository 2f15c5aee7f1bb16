"""Verbs: the commands `estore export …`."""

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
    from estore.export.source import open_source
    from estore.export.target import checked

    path = checked(context.settings, file)
    with open_source(context.settings, with_ids=with_ids) as source:
        write_duckdb(source, path)
        _report(source, path)


@export.command("xlsx")
@_file
@_with_ids
@click.pass_obj
def to_xlsx(context: Any, file: Path, with_ids: bool) -> None:
    """Write FILE, an Excel workbook with one sheet for each question, and charts."""
    from estore.export.excel.book import write_book
    from estore.export.source import open_source
    from estore.export.target import checked

    path = checked(context.settings, file)
    with open_source(context.settings, with_ids=with_ids) as source:
        write_book(source, path)
        _report(source, path)


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
    _write_folder(context, directory, "csv", with_ids=with_ids, raw=raw)


@export.command("parquet")
@_folder
@_with_ids
@click.pass_obj
def to_parquet(context: Any, directory: Path, with_ids: bool) -> None:
    """Write each table to DIRECTORY as a Parquet file."""
    _write_folder(context, directory, "parquet", with_ids=with_ids, raw=False)


def _write_folder(context: Any, directory: Path, form: str, *, with_ids: bool, raw: bool) -> None:
    from estore.export.files import write_folder
    from estore.export.source import open_source
    from estore.export.target import checked

    folder = checked(context.settings, directory)
    with open_source(context.settings, with_ids=with_ids) as source:
        write_folder(source, folder, form, raw=raw)
        _report(source, folder)


def _report(source: "Source", path: Path) -> None:
    """What was written."""
    rows = sum(table.rows for table in source.tables.values())
    files = [path] if path.is_file() else list(path.iterdir())
    size = sum(file.stat().st_size for file in files) / 1e6
    click.echo(printable(
        f"{path}: {len(source.tables)} tables, {rows:,} rows of snapshot "
        f"{source.manifest.version} (as of {source.manifest.as_of_date}), {size:.1f} MB"
    ))  # fmt: skip
