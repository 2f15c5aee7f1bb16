"""Arguments: checks of the values on the command line."""

from pathlib import Path
from typing import Any

import click

from estore.errors import EstoreError
from estore.escaping import one_line, shortened

#: Folders in a path; Python cannot create deeper ones.
DEEPEST = 200


class GivenPath(click.Path):
    """A path. Empty text, as of a variable that is not set, does not mean the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("is empty; name a path", param, ctx)
        return super().convert(value, param, ctx)


def utf8(ctx: click.Context, option: click.Parameter | None, value: str | None) -> str | None:
    """Rejects text that is not UTF-8: no engine accepts it, and no such file is ever loaded."""
    try:
        (value or "").encode()
    except UnicodeEncodeError as error:
        raise EstoreError(f"{one_line(value or '')} is not UTF-8; use another name") from error
    return value


def near(ctx: click.Context, option: click.Parameter, value: Path) -> Path:
    """Rejects a path so deep that Python cannot create its folders, or not UTF-8."""
    utf8(ctx, option, str(value))
    if len(value.parts) > DEEPEST:
        raise EstoreError(f"{shortened(str(value), 60)} is more than {DEEPEST} folders deep")
    return value
