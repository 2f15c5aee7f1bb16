"""Verbs: the commands `estore audience list`, `show`, `export` and `lift`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from estore.escaping import printable

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_name = click.argument("name")


@click.group()
def audience() -> None:
    """Select customers, export them with a control group, and measure the lift."""


@audience.command("list")
@_json
@click.pass_obj
def list_all(context: Any, as_json: bool) -> None:
    """List all audiences with their size in the newest snapshot."""
    from estore.audiences.customers import open_customers
    from estore.audiences.definitions import read_definitions
    from estore.tables import to_json, to_table

    definitions = read_definitions(context.settings)
    found = list(definitions.audiences.values())
    with open_customers(context.settings, definitions) as customers:
        sizes, total = customers.sizes(found), customers.count()
    if as_json:
        _say(to_json([{"name": each.name, "customers": sizes[each.name],
                       "all_customers": total, "where": each.where, "is_ready": each.is_ready,
                       "description": each.description} for each in found]))  # fmt: skip
        return
    rows = [
        [each.name, sizes[each.name], f"{sizes[each.name] / total:.1%}" if total else "",
         each.description or " ".join(each.where.split())]
        for each in found
    ]  # fmt: skip
    _say(to_table(["audience", "customers", "share", "what to do"], rows))
    click.echo(f"{total:,} customers; define your own audiences in {definitions.path}", err=True)


@audience.command()
@_name
@click.option(
    "--limit", type=click.IntRange(0), default=10, show_default=True,
    help="Print at most this many customers.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table",
    show_default=True,
)  # fmt: skip
@click.pass_obj
def show(context: Any, name: str, limit: int, form: str) -> None:
    """Show the definition of an audience and its first customers."""
    from estore.audiences.customers import SHOWN, open_customers
    from estore.audiences.definitions import read_definitions
    from estore.tables import render

    definitions = read_definitions(context.settings)
    found = definitions.named(name)
    with open_customers(context.settings, definitions) as customers:
        size = customers.sizes([found])[name]
        rows = customers.rows(found, SHOWN, min(limit, size))
        as_of = customers.manifest.as_of_date
    if form == "table":
        _say(f"{name}: {size:,} customers as of {as_of}")
        for entry in ("description", "where", "order_by", "limit", "control_share",
                      "cooldown_days", "schedule"):  # fmt: skip
            if value := getattr(found, entry):
                _say(f"  {entry}: {' '.join(str(value).split())}")
        _say("")
    _say(render(SHOWN, rows, form))


@audience.command()
@_name
@click.option(
    "--format", "form", type=click.Choice(["csv", "google-ads", "meta", "klaviyo", "mailchimp"]),
    help="The kind of file; default: the audience's own, or csv.",
)  # fmt: skip
@click.option("--out", help="The file, or a folder or bucket; default: here, NAME-NUMBER.csv.")
@click.option(
    "--contacts", type=click.Path(path_type=Path),
    help="A CSV with user_id, email, phone, consent; default: contacts.csv in the home, if any.",
)  # fmt: skip
@click.option(
    "--suppress", type=click.Path(path_type=Path),
    help="A CSV of people to leave out; default: suppress.csv in the home, if any.",
)  # fmt: skip
@click.option("--only-new", is_flag=True, help="Leave out those who were in an export before.")
@click.option(
    "--raw", is_flag=True,
    help="Keep ids that look like formulas; by default they get a ' in front.",
)  # fmt: skip
@_json
@click.pass_obj
def export(
    context: Any, name: str, form: str | None, out: str | None, contacts: Path | None,
    suppress: Path | None, only_new: bool, raw: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write the customers of an audience to a file, without its control group; record it."""
    from estore.audiences.definitions import read_definitions
    from estore.audiences.exports import Request, export_audience
    from estore.audiences.words import export_json, export_text
    from estore.tables import to_json

    definitions = read_definitions(context.settings)
    found = definitions.named(name)
    exports = replace(
        definitions.exports, contacts=contacts or definitions.exports.contacts,
        suppress=suppress or definitions.exports.suppress,
    )  # fmt: skip
    request = Request(
        found, form or found.format, out, exports, only_new=only_new or found.only_new, raw=raw
    )
    done = export_audience(context.settings, definitions, request)
    _say(to_json(export_json(done)) if as_json else export_text(done))


@audience.command()
@_name
@click.option(
    "--days", type=click.IntRange(1, 400), default=30, show_default=True,
    help="Count orders in this many days after the export.",
)  # fmt: skip
@click.option("--export", "number", type=click.IntRange(1), help="Only this export.")
@_json
@click.pass_obj
def lift(context: Any, name: str, days: int, number: int | None, as_json: bool) -> None:
    """Compare later orders of exported customers with those of the control group."""
    from dataclasses import asdict

    from estore.audiences.published import snapshot_lift
    from estore.audiences.words import lift_text
    from estore.tables import to_json

    found, currency = snapshot_lift(context.settings, name, days, number)
    _say(to_json(asdict(found)) if as_json else lift_text(found, currency))


def _say(text: str) -> None:
    click.echo(printable(text) if sys.stdout.isatty() else text)
