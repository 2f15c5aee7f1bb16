"""The home: the folder of everything written. It holds customers' ids, so it is its owner's alone.

What is written inside is as open as the home itself: `chmod 750 HOME` shares it with a group.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OTHERS = 0o007


def make_home(home: Path) -> None:
    """Make the folder, where it is not there, for its owner alone."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)


@contextmanager
def as_open_as(home: Path) -> Iterator[None]:
    """Files that this process makes meanwhile can be read by whom the home lets in, if any."""
    before = os.umask(~home.stat().st_mode & 0o077)
    try:
        yield
    finally:
        os.umask(before)


def openness(home: Path) -> str | None:
    """A warning about a home that everyone on the machine can read, as older versions made it."""
    if home.stat().st_mode & _OTHERS:
        return (
            f"{home} can be read by everyone on this machine, and it holds customers' ids: "
            f"`chmod -R o-rwx {home}` ends that"
        )
    return None
