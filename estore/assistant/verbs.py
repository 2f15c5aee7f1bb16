"""Verbs: the command `estore mcp`."""

from typing import Any

import click


@click.command()
@click.option("--with-ids", is_flag=True, help="Also show customers' ids and files' full paths.")
@click.pass_obj
def mcp(context: Any, with_ids: bool) -> None:
    """Answer an AI assistant's questions from the latest snapshot, read-only, over stdio (MCP)."""
    from estore.assistant.server import serve

    serve(context.settings, with_ids=with_ids)
