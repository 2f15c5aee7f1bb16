"""Home: the folder for all output. It contains customers' ids, so only its owner can read it.

Files inside have the home's permissions: `chmod 750 HOME` shares it with a group.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OTHERS = 0o007


def make_home(home: Path) -> None:
    """Create the folder if it is missing, readable only by its owner."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)


@contextmanager
def as_open_as(home: Path) -> Iterator[None]:
    """Files created inside the block get the home's permissions."""
    before = os.umask(~home.stat().st_mode & 0o077)
    try:
        yield
    finally:
        os.umask(before)


def openness(home: Path) -> str | None:
    """A warning about a home that all users can read, as created by older versions."""
    if home.stat().st_mode & _OTHERS:
        return (
            f"{home} contains customers' ids, and all users of this machine can read it. "
            f"Run `chmod -R o-rwx {home}`"
        )
    return None
