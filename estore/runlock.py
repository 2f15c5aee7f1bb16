"""Run lock: one writing command at a time in a home, and readers that are never in its way.

Two files, locked with flock: the kernel lets go of them when their process dies, however it dies.
`run.lock` is held by the command that writes, and says which one that is. `readers.lock` is shared
by those who read the warehouse: a run that begins waits for them, and they only look at it while
no run is there. So DuckDB's own lock on the file never meets a second process of ours.
Each reader says who it is in a file of its own in `readers/`, so that a run that waits can name it.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from estore.errors import Busy
from estore.home import as_open_as, make_home

#: A reader holds run.lock for microseconds while it looks; a run that holds it, for seconds.
_LOOKS, _PAUSE = 10, 0.02
#: Waiting for readers is told after this many seconds.
_PATIENCE = 1.0
#: Seconds that a reader has to end once a run waits for it, and that the run waits: longer, for a
#: reader that is stopped (Ctrl-Z) cannot end itself.
GRACE, LONGEST_WAIT = 10.0, 20.0
#: Of a reader's query, as it is named to others.
_SHOWN = 200


@contextmanager
def run_lock(
    home: Path, command: str, on_wait: Callable[[str], None] = lambda text: None
) -> Iterator[None]:
    """Alone in writing to a home, and after all who read its warehouse.

    Raises Busy with who holds the lock where another command does, or who still reads.
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
            _wait_for(home, readers, on_wait)
            yield
        finally:
            _say(ours, None)


@contextmanager
def reading_lock(home: Path, what: str = "a reader") -> Iterator[bool]:
    """Whether no run is under way: while it is so, none begins to write before this ends.

    what: the command or the query, for a run that waits for it.
    """
    try:
        run, readers = (home / "run.lock").open("rb"), (home / "readers.lock").open("rb")
    except FileNotFoundError:
        yield True  # no run was ever here
        return
    with readers:
        with run:
            is_free = _try(run, fcntl.LOCK_SH)
        if is_free and _try(readers, fcntl.LOCK_SH):
            with _named(home, what):
                yield True
        else:
            yield False


def writer(home: Path) -> str | None:
    """The command that writes in a home or waits to, in words; None where there is none."""
    try:
        with (home / "run.lock").open("r", encoding="utf-8") as file:
            return None if _try(file, fcntl.LOCK_SH) else _who(file)
    except FileNotFoundError:
        return None


@contextmanager
def _named(home: Path, what: str) -> Iterator[None]:
    """A file that says who reads, locked while it does: one that is not locked is of a dead one."""
    folder = home / "readers"
    with ExitStack() as stack:
        with suppress(OSError):  # a name less is no reason not to answer
            folder.mkdir(mode=0o700, exist_ok=True)
            path = folder / f"{os.getpid()}-{threading.get_ident()}.json"
            path.touch(mode=0o600)
            file = stack.enter_context(_file(path, "a+"))
            stack.callback(path.unlink, missing_ok=True)
            fcntl.flock(file, fcntl.LOCK_SH)
            shown = " ".join(what.split())
            shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
            _say(file, {"pid": os.getpid(), "since": _now(), "command": shown})
        yield


def _readers(home: Path) -> list[dict[str, object]]:
    """Who reads the warehouse now. Files of dead readers are removed."""
    found = []
    for path in sorted((home / "readers").glob("*.json")):
        with suppress(OSError, ValueError), path.open("rb") as file:
            if _try(file, fcntl.LOCK_EX):
                path.unlink()
            else:
                found.append(json.loads(file.read()))
    return found


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


def _wait_for(home: Path, readers: IO[str], on_wait: Callable[[str], None]) -> None:
    """Until those who read the warehouse are done; new ones see the run lock and go elsewhere."""
    since, is_told = time.monotonic(), False
    while not _try(readers, fcntl.LOCK_EX):
        waited = time.monotonic() - since
        if waited > LONGEST_WAIT:
            names, pids = _reading(home)
            raise Busy(
                f"{home}: {names} still reads the warehouse after {LONGEST_WAIT:.0f} seconds. "
                f"End it (`kill -KILL {pids}`), then run this again"
            )
        if not is_told and waited > _PATIENCE:
            on_wait(f"waiting for {_reading(home)[0]} to end, {LONGEST_WAIT:.0f} seconds at most")
            is_told = True
        time.sleep(_PAUSE)


def _reading(home: Path) -> tuple[str, str]:
    """The readers in words, and their process ids."""
    found = _readers(home)
    names = (
        f"process {reader['pid']} (since {reader['since']}: {reader['command']})"
        for reader in found
    )
    pids = " ".join(dict.fromkeys(str(reader["pid"]) for reader in found))
    return ", ".join(names) or "a query that reads the warehouse", pids or "PROCESS"


def _say(file: IO[str], holder: dict[str, object] | None) -> None:
    file.truncate(0)
    if holder:
        file.write(json.dumps(holder) + "\n")
    file.flush()


def _held(home: Path, file: IO[str]) -> str:
    return (
        f"{home}: {_who(file)} is writing here; run this again when it has ended. Meanwhile query, "
        "findings, status and rejects answer from the last snapshot"
    )


def _who(file: IO[str]) -> str:
    file.seek(0)
    with suppress(ValueError, TypeError, KeyError):  # it has just begun, or just ended
        holder = json.loads(file.read())
        return f"`estore {holder['command']}` (process {holder['pid']}, since {holder['since']})"
    return "another command"


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
