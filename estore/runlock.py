"""Run lock: one writing command at a time in a home, and readers that are never in its way.

Two files, locked with flock: the kernel lets go of them when their process dies, however it dies.
`run.lock` is held by the command that writes, and says which one that is. `readers.lock` is shared
by those who read the warehouse: a run that begins waits for them, and they only look at it while
no run is there. So DuckDB's own lock on the file never meets a second process of ours.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from estore.errors import Busy
from estore.home import as_open_as, make_home

#: A reader holds run.lock for microseconds while it looks; a run that holds it, for seconds.
_LOOKS, _PAUSE = 10, 0.02
#: Waiting for readers is told after this many seconds.
_PATIENCE = 1.0


@contextmanager
def run_lock(
    home: Path, command: str, on_wait: Callable[[str], None] = lambda text: None
) -> Iterator[None]:
    """Alone in writing to a home, and after all who read its warehouse.

    Raises Busy with who holds the lock where another command does.
    """
    make_home(home)
    with (
        as_open_as(home),
        _file(home / "run.lock", "a+") as ours,
        _file(home / "readers.lock", "a") as readers,
    ):
        for _ in range(_LOOKS):
            if _try(ours, fcntl.LOCK_EX):
                break
            time.sleep(_PAUSE)
        else:
            raise Busy(_held(home, ours))
        _say(ours, {"pid": os.getpid(), "since": _now(), "command": command})
        try:
            _wait_for(readers, on_wait)
            yield
        finally:
            _say(ours, None)


@contextmanager
def reading_lock(home: Path) -> Iterator[bool]:
    """Whether no run is under way: while it is so, none begins to write before this ends."""
    try:
        run, readers = (home / "run.lock").open("rb"), (home / "readers.lock").open("rb")
    except FileNotFoundError:
        yield True  # no run was ever here
        return
    with readers:
        with run:
            is_free = _try(run, fcntl.LOCK_SH)
        yield is_free and _try(readers, fcntl.LOCK_SH)


@contextmanager
def _file(path: Path, mode: str) -> Iterator[IO[str]]:
    with path.open(mode, encoding="utf-8") as file:
        _open_here.add(file)
        try:
            yield file
        finally:
            _open_here.discard(file)


_open_here: set[IO[str]] = set()


def _let_go() -> None:
    """A forked child must not keep the lock when its parent dies; one that execs never has it."""
    for file in _open_here:
        file.close()


os.register_at_fork(after_in_child=_let_go)


def _try(file: IO[str] | IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for(readers: IO[str], on_wait: Callable[[str], None]) -> None:
    """Until those who read the warehouse are done; new ones see the run lock and go elsewhere."""
    since, is_told = time.monotonic(), False
    while not _try(readers, fcntl.LOCK_EX):
        if not is_told and time.monotonic() - since > _PATIENCE:
            on_wait("waiting for a query to end that reads the warehouse")
            is_told = True
        time.sleep(_PAUSE)


def _say(file: IO[str], holder: dict[str, object] | None) -> None:
    file.truncate(0)
    if holder:
        file.write(json.dumps(holder) + "\n")
    file.flush()


def _held(home: Path, file: IO[str]) -> str:
    file.seek(0)
    holder: dict[str, object] = {}
    with suppress(ValueError):  # it has just begun, or just ended
        holder = json.loads(file.read())
    who = (
        f"`estore {holder['command']}` (process {holder['pid']}, since {holder['since']})"
        if holder
        else "another command"
    )
    return (
        f"{home}: {who} is writing here; run this again when it has ended. Meanwhile query, "
        "findings, status and rejects answer from the last snapshot"
    )


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
