"""Target: a file or folder of an export. It replaces the previous one in one step."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from estore.errors import EstoreError
from estore.escaping import one_line
from estore.settings import Settings


def checked(settings: Settings, path: Path) -> Path:
    """The path, unless it is in the home, where only estore's own files belong."""
    home = settings.home.resolve()
    if path.resolve().is_relative_to(home):
        raise EstoreError(
            f"{one_line(str(path))} is in {settings.home}, which holds the shop's own data; "
            "export to another folder"
        )
    return path


@contextmanager
def replacing(path: Path, *, read_only: bool = False) -> Iterator[Path]:
    """A temporary path in the same folder, which becomes `path` if the block succeeds.

    A program that has the previous file open keeps reading it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".estore-", dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        if read_only:
            unfinished.chmod(unfinished.stat().st_mode & 0o444)
        unfinished.replace(path)
