"""Ctrl-C ends every phase within seconds, and the next run continues."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Workshop

from estore import pipeline
from estore.console import Console
from estore.landing import find_files
from estore.synth import SyntheticShop, write_shop

STOPPED = "stopped; no partial changes remain. Run the command again to continue\n"
#: Three seconds are promised; the rest is for a busy machine.
SECONDS = 10
DEAF = """
import time
from estore.cli import main

@main.command()
def deaf():
    said = "working"
    while True:
        try:
            if said:
                said = print(said, flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass

main()
"""


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """A command started in the background ignores Ctrl-C, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(run: subprocess.Popen[str]) -> float:
    """Send Ctrl-C to the process group. Returns the seconds until its end."""
    began = time.monotonic()
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(60) == 130
    return time.monotonic() - began


def test_work_that_ignores_the_signal_is_ended_from_outside() -> None:
    """A statement may ignore the signal: the engine checks for signals only between tasks."""
    run = subprocess.Popen(
        [sys.executable, "-c", DEAF, "deaf"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert run.stdout and run.stdout.readline() == "working\n"
    assert 1 < interrupt(run) < SECONDS
    assert run.communicate()[1] == STOPPED


def test_after_an_interrupt_in_each_phase_the_next_run_gives_the_same_tables(
    open_workshop: Callable[..., Workshop],
) -> None:
    alone, disturbed = open_workshop(), open_workshop()
    for workshop in (alone, disturbed):
        write_shop(workshop.landing, SyntheticShop(events=60_000, months=1, seed=2, faults=()))
    home, log = disturbed.settings.home, disturbed.settings.logs / "dbt.log"
    said = home.parent / "said"
    phases: dict[str, Callable[[str, str], bool]] = {
        "load": lambda lock, text: '"run"' in lock,
        "build": lambda lock, text: "load: " in text and "START sql" in _text(log),
        "publish": lambda lock, text: "build: " in text,
    }
    for phase, is_there in phases.items():
        log.unlink(missing_ok=True)
        with said.open("w") as output:
            run = subprocess.Popen(
                [sys.executable, "-m", "estore.cli", "--home", str(home), "run",
                 str(disturbed.landing)],
                stdout=output, stderr=output, text=True, start_new_session=True,
            )  # fmt: skip
        while not is_there(_text(home / "run.lock"), _text(said)):
            assert run.poll() is None, f"it ended before {phase}: {said.read_text()}"
            time.sleep(0.005)
        assert interrupt(run) < SECONDS, phase
        assert said.read_text().endswith(STOPPED), phase
        assert "Traceback" not in said.read_text()
        assert not (disturbed.settings.published / "CURRENT").exists()

    for workshop in (alone, disturbed):
        files = find_files([str(workshop.landing)])
        pipeline.run(workshop.settings, workshop.shop, files, Console(quiet=True))
    wanted, found = alone.everything(), disturbed.everything()
    assert found.keys() == wanted.keys()
    for table, rows in wanted.items():
        assert found[table] == rows, table


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
