"""Measure: runs a command and records its time, memory and disk use."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO

import psutil

MEMORY_EVERY, DISK_EVERY = 0.1, 1.0  # seconds


@dataclass
class Run:
    """The cost of one command. peak_memory: resident bytes of it and its children together (the
    file cache is not in it); peak_disk: bytes of the watched folder; code is None when stopped.
    """

    seconds: float = 0.0
    peak_memory: int = 0
    peak_disk: int = 0
    code: int | None = None
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def held(self, *, codes: Sequence[int] = (0,)) -> "Run":
        """Returns itself if it succeeded, or raises RuntimeError with its last output."""
        if self.code not in codes:
            raise RuntimeError("\n".join([f"exit code {self.code}", *self.out, *self.err][-30:]))
        return self


def run(
    command: Sequence[str | Path],
    *,
    watched: Path,
    environment: Mapping[str, str] | None = None,
    limit: float | None = None,
) -> Run:
    """Run a command and measure the bytes of a folder. Stop it after `limit` seconds."""
    watched.mkdir(parents=True, exist_ok=True)
    result, started = Run(), time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=_clean() | dict(environment or {}), cwd=watched,
    )  # fmt: skip
    readers = [
        threading.Thread(target=_gather, args=(stream, lines))
        for stream, lines in ((process.stdout, result.out), (process.stderr, result.err))
    ]
    for reader in readers:
        reader.start()
    done = threading.Event()
    disk = threading.Thread(target=_watch_disk, args=(result, watched, done))
    disk.start()
    try:
        result.code = _watch_memory(result, process, started, limit)
    finally:
        result.seconds = time.perf_counter() - started
        if process.poll() is None:  # too long, or interrupted
            _kill(process)
        for reader in readers:
            reader.join()
        done.set()
        disk.join()
    return result


def median_seconds(
    command: Sequence[str | Path],
    times: int,
    *,
    watched: Path,
    environment: Mapping[str, str] | None = None,
) -> float:
    """The median of several runs of a command that must succeed."""
    runs = [run(command, watched=watched, environment=environment).held() for _ in range(times)]
    return median(one.seconds for one in runs)


def disk_bytes(folder: Path) -> int:
    """Bytes of a folder on disk. Files that vanish during the count are ignored."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.stat(os.path.join(place, name)).st_blocks * 512  # noqa: PTH116, PTH118
    return total


def _clean() -> dict[str, str]:
    """The environment without the caller's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ESTORE_")}


def _gather(stream: IO[str] | None, lines: list[str]) -> None:
    lines.extend(line.rstrip("\n") for line in stream or ())


def _watch_memory(
    result: Run, process: subprocess.Popen[str], started: float, limit: float | None
) -> int | None:
    while True:
        result.peak_memory = max(result.peak_memory, _memory(process.pid))
        with suppress(subprocess.TimeoutExpired):
            return process.wait(MEMORY_EVERY)
        if limit is not None and time.perf_counter() - started > limit:
            return None


def _memory(pid: int) -> int:
    total = 0
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.Error):
                total += process.memory_info().rss
    return total


def _watch_disk(result: Run, folder: Path, done: threading.Event) -> None:
    is_last = False
    while not is_last:
        is_last = done.wait(DISK_EVERY)
        result.peak_disk = max(result.peak_disk, disk_bytes(folder))


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
    process.kill()
    process.wait()
