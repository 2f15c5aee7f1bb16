"""make dev: a part of Dagster that crashes is started again, and one that cannot start ends all."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

#: Replaces Python: writes down what was started, and runs until it is killed.
STAND_IN = """#!/bin/sh
echo "$2 $$" >> "{log}"
[ "$2" = "{failing}" ] && exit 7
[ "$2" = dagster ] && : > "$6"
exec sleep 600
"""
DRIVER = """
import sys, time
from estore.orchestration import dev
sys.executable, pause = sys.argv.pop(1), time.sleep
dev.PAUSE, time.sleep = 0, lambda seconds: pause(0.02)
dev.dev()
"""
PARTS = ["dagster", "dagster._daemon", "estore.orchestration.webserver"]


class Dev:
    """`make dev` with stand-ins for its parts."""

    def __init__(self, folder: Path, failing: str = "") -> None:
        self.log, stand_in = folder / "log", folder / "python"
        stand_in.write_text(STAND_IN.format(log=self.log, failing=failing))
        stand_in.chmod(0o755)
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(stand_in), "--port", "0"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def started(self) -> list[tuple[str, int]]:
        """(part, process id) of every start so far."""
        rows = self.log.read_text().splitlines() if self.log.exists() else []
        return [(name, int(number)) for name, number in map(str.split, rows)]

    def until(self, holds: Callable[[list[tuple[str, int]]], bool]) -> list[tuple[str, int]]:
        """Wait until the starts fit."""
        while not holds(found := self.started()):
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)
        return found


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_crashes_is_started_again(tmp_path: Path, part: str) -> None:
    dev = Dev(tmp_path)
    first = dev.until(lambda found: len(found) == 3)
    assert [name for name, _ in first] == PARTS
    os.kill(dict(first)[part], signal.SIGKILL)
    again = dev.until(lambda found: len(found) == 4)[-1]
    assert again[0] == part
    dev.process.terminate()
    _, said = dev.process.communicate(timeout=60)
    assert dev.process.returncode == 0, said
    assert "ended (-9); restarting it" in said
    for _, number in dev.started():
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_a_part_that_never_starts_ends_all_with_its_name(tmp_path: Path) -> None:
    dev = Dev(tmp_path, failing=PARTS[1])
    _, said = dev.process.communicate(timeout=60)
    assert dev.process.returncode == 1
    assert "the daemon ended 3 times in a row (7)" in said
    assert [name for name, _ in dev.started()].count(PARTS[1]) == 3
