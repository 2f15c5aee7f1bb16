"""Verbs: the commands `estore query`, `rejects` and `tables`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from estore.errors import EstoreError
from estore.escaping import one_line, printable

if TYPE_CHECKING:
    from estore.reading.base import Result

FAILED, CUT_OFF = 3, 141
_form = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table",
    show_default=True,
)  # fmt: skip
_limit = click.option("--limit", type=click.IntRange(0), help="Print at most this many rows.")
_raw = click.option(
    "--raw", is_flag=True,
    help="Keep CSV texts that look like formulas; by default they get a ' in front.",
)  # fmt: skip


def _utf8(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Rejects text that is not UTF-8: no engine accepts it, and no such file is ever loaded."""
    try:
        (value or "").encode()
    except UnicodeEncodeError as error:
        raise EstoreError(f"{one_line(value or '')} is not UTF-8") from error
    return value


@click.command()
@click.argument("sql", required=False, callback=_utf8)
@click.option(
    "--file", "file", type=click.File(encoding="utf-8"), help="Read SQL from a file; - is stdin."
)
@_limit
@_raw
@_form
@click.pass_obj
def query(
    context: Any, sql: str | None, file: IO[str] | None, limit: int | None, raw: bool, form: str
) -> None:
    """Answer SQL from the warehouse, or from the last snapshot while a run is in progress.

    Separate statements with semicolons; `show tables` and `describe TABLE` also work.
    """
    from estore.queries.ask import asking

    if (sql is None) == (file is None):
        raise click.UsageError('give SQL, e.g. estore query "select 1", or --file FILE')
    text = file.read() if file else sql or ""
    with _printing(), asking(context.settings, text, on_stuck=_give_up) as results:
        for number, result in enumerate(results):
            if number:
                _write("\n")
            _print(result, form, limit, raw, is_first=not number)


@click.command()
@click.argument("file", required=False, callback=_utf8)
@_limit
@_raw
@_form
@click.pass_obj
def rejects(context: Any, file: str | None, limit: int | None, raw: bool, form: str) -> None:
    """Show rejected rows with their reasons, of one FILE or of all files."""
    from estore.queries.rejects import rejected_rows

    with (
        _printing(),
        rejected_rows(context.settings, file, limit, on_stuck=_give_up) as result,
    ):
        _print(result, form, None, raw, is_first=True)


@click.command()
@click.argument("name", required=False, callback=_utf8)
@click.option("--all", "with_steps", is_flag=True, help="Also list intermediate tables.")
@_form
@click.pass_obj
def tables(context: Any, name: str | None, with_steps: bool, form: str) -> None:
    """List the tables, or the columns of the table NAME, with descriptions."""
    from estore.queries import described
    from estore.tables import render

    target = context.settings.target
    if name is None:
        listed = described.tables(target, with_steps=with_steps)
        rows = [[f"{each.schema}.{each.name}", each.summary] for each in listed]
        _write(render(["table", "description"], rows, form) + "\n")
        return
    found = described.table(name, target)
    if not found.columns:
        asked = f'estore query "describe {found.schema}.{found.name}"'
        click.echo(f"`{asked}` lists its columns", err=True)
    if form == "table":
        _write(f"{found.schema}.{found.name}: {found.description}\n\n")
    rows = [[column.name, column.kind, column.description] for column in found.columns]
    _write(render(["column", "type", "description"], rows, form) + "\n")


def _print(result: "Result", form: str, limit: int | None, raw: bool, *, is_first: bool) -> None:
    from estore.queries.output import MOST_SHOWN, write_result

    if is_first and result.source != "warehouse":
        click.echo(
            f"(answered from snapshot {result.source}: a run is writing to the warehouse)", err=True
        )
    is_cut = write_result(result, form, _write, limit=limit, raw=raw)
    if is_cut and limit is None:
        click.echo(
            f"showing only the first {MOST_SHOWN:,} rows; --limit N shows N, --format csv all",
            err=True,
        )


def _write(text: str) -> None:
    """Write unchanged to a pipe or file, and without control characters to a terminal."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def _give_up(reason: str) -> None:
    """End at once, because the reader does not read the output."""
    os.write(2, f"error: {printable(reason)}\n".encode())
    os._exit(FAILED)


@contextmanager
def _printing() -> Iterator[None]:
    """Handles a closed pipe: a reader of the first rows only (`| head`) is not an error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CUT_OFF)
