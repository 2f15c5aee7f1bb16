"""Webserver: `dagster-webserver` behind the guard, with the same options and `--name`."""

import sys
from typing import Any

import click
from dagster_webserver import cli

from estore.dashboard.access import LOCAL_NAMES
from estore.orchestration.guard import PageGuard


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.option("--name", "names", multiple=True, help="A host name under which a proxy reaches it.")
@click.option("-p", "--port", type=click.IntRange(0, 65_535), default=3000)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def serve(names: tuple[str, ...], port: int, options: tuple[str, ...]) -> None:
    """Serve Dagster's pages under this server's own host names."""
    untyped: Any = cli
    # If Dagster renames it, nothing is served, so nothing is unguarded.
    make_app = untyped.create_app_from_workspace_process_context

    def make_guarded_app(*arguments: Any, **further: Any) -> PageGuard:
        return PageGuard(make_app(*arguments, **further), [*LOCAL_NAMES, *names])

    untyped.create_app_from_workspace_process_context = make_guarded_app
    sys.argv[1:] = ["--port", str(port), *options]
    untyped.main()


if __name__ == "__main__":
    serve()
