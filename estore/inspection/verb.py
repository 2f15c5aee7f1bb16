"""Verb: the command `estore inspect`."""

import sys
from pathlib import Path
from typing import Any

import click

from estore.errors import EstoreError
from estore.escaping import printable


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--mapping", type=click.Path(path_type=Path), help="A shop.toml to load the sample with."
)
@click.option("--save", "is_saved", is_flag=True, help="Write the proposed shop.toml to the home.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object per file.")
@click.pass_obj
def inspect(
    context: Any, paths: tuple[str, ...], mapping: Path | None, is_saved: bool, is_json: bool
) -> None:
    """Show what PATHS are, the preset or shop.toml that loads them, and their first events."""
    from estore.inspection import inspect_files, save
    from estore.inspection.text import as_json, as_text, next_step, toml_of
    from estore.landing import look
    from estore.tables import to_json

    settings = context.settings
    found = look(paths)
    if not found.files:
        raise EstoreError("; ".join([*found.problems, *found.notes]))
    shop = context.shop(mapping) if mapping or settings.shop_file.is_file() else None
    results = inspect_files(found.files, settings, shop)
    if is_saved:
        save(settings.shop_file, toml_of(results))
    if is_json:
        click.echo(printable(to_json([as_json(result) for result in results])))
    else:
        click.echo(printable("\n\n".join(as_text(result) for result in results)))
        for problem in found.problems:
            click.echo(printable(f"not read: {problem}"), err=True)
        if shop:
            click.echo(f"\n(read with {mapping or settings.shop_file})", err=True)
        if is_saved:
            click.echo(f"\nwrote {settings.shop_file}")
        click.echo(
            "\n" + printable(next_step(results, settings.home, is_saved=is_saved or bool(shop)))
        )
    is_wrong = any(result.error or not result.shape for result in results)
    sys.exit(1 if is_wrong or found.problems else 0)
