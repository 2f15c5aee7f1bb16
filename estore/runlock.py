"""Run lock: one writing command at a time in a home, and readers that never block it.

It locks two files with flock, which the kernel releases when their process dies. The writing
command holds `run.lock` and names itself in it. Readers of the warehouse share `readers.lock`: a
run waits for them, and they read the warehouse only while no run is active. So DuckDB's own file
lock never meets a second process of ours.
Each reader names itself in its own file in `readers/`, so a waiting run can name it.
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

#: A reader holds run.lock for microseconds during its check; a run holds it for seconds.
_LOOKS, _PAUSE = 10, 0.02
#: Seconds after which waiting for readers is reported.
_PATIENCE = 1.0
#: Seconds for a reader to end when a run waits for it, and for the run to wait. The run waits
#: longer, because a stopped reader (Ctrl-Z) cannot end itself.
GRACE, LONGEST_WAIT = 10.0, 20.0
#: The length of a reader's query as shown to others.
_SHOWN = 200


@contextmanager
def run_lock(
    home: Path, command: str, on_wait: Callable[[str], None] = lambda text: None
) -> Iterator[None]:
    """The only writer in a home, after all readers of its warehouse have ended.

    Raises Busy with the holder of the lock, or with the remaining readers.
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
    """Whether no run is active; if so, none starts to write before this block ends.

    what: the command or query, shown by a waiting run.
    """
    try:
        run, readers = (home / "run.lock").open("rb"), (home / "readers.lock").open("rb")
    except FileNotFoundError:
        yield True  # there was never a run here
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
    """The command that writes in a home or waits to write, as text; None if there is none."""
    try:
        with (home / "run.lock").open("r", encoding="utf-8") as file:
            return None if _try(file, fcntl.LOCK_SH) else _who(file)
    except FileNotFoundError:
        return None


@contextmanager
def _named(home: Path, what: str) -> Iterator[None]:
    """A file that names the reader, locked while it reads; unlocked files are of dead readers."""
    folder = home / "readers"
    with ExitStack() as stack:
        with suppress(OSError):  # a missing name must not stop the answer
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
    """The current readers of the warehouse. Removes files of dead readers."""
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
    """Close the lock in forked children, so they do not keep it if the parent dies."""
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
    """Wait for readers of the warehouse; new ones see the run lock and use the snapshot."""
    since, is_reported = time.monotonic(), False
    while not _try(readers, fcntl.LOCK_EX):
        waited = time.monotonic() - since
        if waited > LONGEST_WAIT:
            names, pids = _reading(home)
            raise Busy(
                f"{home}: {names} still reads the warehouse after {LONGEST_WAIT:.0f} seconds. "
                f"End it (`kill -KILL {pids}`), then run this again"
            )
        if not is_reported and waited > _PATIENCE:
            on_wait(f"waiting for {_reading(home)[0]} to end, {LONGEST_WAIT:.0f} seconds at most")
            is_reported = True
        time.sleep(_PAUSE)


def _reading(home: Path) -> tuple[str, str]:
    """The readers as text, and their process ids."""
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
        f"{home}: {_who(file)} is writing here; run this again after it ends. Until then, query, "
        "findings, status and rejects answer from the last snapshot"
    )


def _who(file: IO[str]) -> str:
    file.seek(0)
    with suppress(ValueError, TypeError, KeyError):  # it has just started or just ended
        holder = json.loads(file.read())
        return f"`estore {holder['command']}` (process {holder['pid']}, since {holder['since']})"
    return "another command"


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
