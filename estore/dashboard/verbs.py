"""Verbs: the commands `estore serve` and `report`."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from estore.arguments import GivenPath, near
from estore.escaping import printable

_day = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8321, show_default=True,
    help="0 picks any free port.",
)  # fmt: skip
@click.option("--name", "names", multiple=True, help="A host name under which a proxy reaches it.")
@click.option("--without-auth", is_flag=True, help="Allow everyone who can reach --host.")
@click.pass_obj
def serve(context: Any, host: str, port: int, names: tuple[str, ...], without_auth: bool) -> None:
    """Serve the dashboard of the latest snapshot, even while a run is in progress."""
    from estore.dashboard.serve import serve as serve_dashboard

    serve_dashboard(
        context.settings, host=host, port=port, names=names, without_auth=without_auth,
        on_ready=lambda url: _say(f"the dashboard is at {url}; press Ctrl-C to stop it"),
    )  # fmt: skip


@click.command()
@click.argument("out", type=GivenPath(path_type=Path, dir_okay=False), callback=near)
@click.option("--from", "first", type=_day, help="First day, e.g. 2020-01-31; default: all days.")
@click.option("--to", "last", type=_day, help="Last day.")
@click.option("--with-ids", is_flag=True, help="Show customers' ids and files' full paths.")
@click.option("--pdf", is_flag=True, help="Also print a PDF next to OUT; needs Chromium.")
@click.option(
    "--chromium", type=GivenPath(path_type=Path), help="The Chromium that prints the PDF."
)
@click.pass_obj
def report(
    context: Any, out: Path, first: datetime | None, last: datetime | None, with_ids: bool,
    pdf: bool, chromium: Path | None,
) -> None:  # fmt: skip
    """Write the dashboard of the latest snapshot to OUT, one file that opens without a server."""
    from estore.dashboard.report import LARGEST, make_report, print_pdf

    made = make_report(
        context.settings, first=first.date() if first else None,
        last=last.date() if last else None, with_ids=with_ids,
    )  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(made.html, encoding="utf-8")
    _say(f"{out}: {made.size / 1e6:.2f} MB")
    if made.brands < made.brands_in_all:
        _say(
            f"to stay small, it filters by only {made.brands} of {made.brands_in_all} brands; "
            "choose fewer days (--from, --to) to include more", err=True,
        )  # fmt: skip
    if made.size > LARGEST:
        _say(f"the report exceeds {LARGEST / 1e6} MB; choose fewer days", err=True)
    if pdf:
        print_pdf(out, out.with_suffix(".pdf"), chromium)
        _say(out.with_suffix(".pdf"))


def _say(said: object, *, err: bool = False) -> None:
    click.echo(printable(str(said)), err=err)
