"""The run lock: there is one named writer. Readers never wait for it and never block it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import Workshop

from estore import pipeline, reading, runlock
from estore.console import Console
from estore.errors import Busy, EstoreError
from estore.landing import find_files
from estore.queries.ask import ask
from estore.reading import duckdb_reader, limits
from estore.runlock import reading_lock, run_lock
from estore.settings import Settings

HOLD = """
import sys, time
from pathlib import Path
from estore.landing import find_files
from estore.runlock import run_lock
with run_lock(Path(sys.argv[1]), "run"):
    {inside}
    print("held", flush=True)
    time.sleep(600)
"""
#: One child that execs and one that only forks; both outlive the owner of the lock.
CHILDREN = """import os, subprocess
    subprocess.Popen(["sleep", "60"], close_fds=False)
    if not os.fork(): time.sleep(60)"""


def hold(home: Path, inside: str = "pass") -> subprocess.Popen[str]:
    """A process of its own group that holds the lock until it is killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(inside=inside), str(home)],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert holder.stdout and holder.stdout.readline() == "held\n"
    return holder


def kill(holder: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(holder.pid, signal.SIGKILL)
    holder.wait()
    assert holder.stdout
    holder.stdout.close()


def test_the_second_of_two_runs_learns_who_writes_and_what_still_works(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("")
    holder = hold(tmp_path / "home")
    try:
        for command in (["run"], ["load", "."], ["build"], ["publish"], ["withdraw", "day.csv"],
                        ["record-history"]):  # fmt: skip
            began = time.monotonic()
            ended = subprocess.run(
                [sys.executable, "-m", "estore.cli", "--home", "home", *command],
                cwd=tmp_path, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert ended.returncode == 3, command
            assert re.fullmatch(
                rf"error: home: `estore run` \(process {holder.pid}, since "
                r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\) is writing here; run this again after it "
                r"ends. Until then, query, findings, status and rejects answer from the last "
                r"snapshot\n",
                ended.stderr,
            ), ended.stderr
            assert time.monotonic() - began < 30
    finally:
        kill(holder)


@pytest.mark.parametrize("inside", ["pass", CHILDREN])
def test_a_dead_lock_owner_blocks_no_run_even_if_its_children_live(
    tmp_path: Path, inside: str
) -> None:
    holder = hold(tmp_path, inside)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    try:
        with run_lock(tmp_path, "load"):
            assert '"load"' in (tmp_path / "run.lock").read_text()
        assert (tmp_path / "run.lock").read_text() == ""
    finally:
        kill(holder)


def test_a_run_waits_for_current_readers_and_no_new_reader_overtakes_it(tmp_path: Path) -> None:
    messages: list[str] = []
    with run_lock(tmp_path, "load"):
        pass
    began = threading.Event()

    def write() -> None:
        with run_lock(tmp_path, "run", messages.append):
            began.set()

    with reading_lock(tmp_path) as may_read:
        assert may_read
        writer = threading.Thread(target=write)
        writer.start()
        while not messages:
            assert not began.wait(0.05)
        with reading_lock(tmp_path) as another:
            assert not another
    writer.join()
    assert began.is_set()
    assert len(messages) == 1
    assert re.fullmatch(
        rf"waiting for process {os.getpid()} \(since [-\d: ]+ UTC: a reader\) to end, "
        r"20 seconds at most", messages[0],
    ), messages  # fmt: skip


def test_a_run_that_waited_long_enough_names_the_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runlock, "LONGEST_WAIT", 0.3)
    with run_lock(tmp_path, "load"):
        pass
    with (
        reading_lock(tmp_path, "`estore query`: select\n 1" + "x" * 900),
        pytest.raises(Busy) as raised,
        run_lock(tmp_path, "run"),
    ):
        raise AssertionError("it must not begin")
    said = str(raised.value)
    assert f"process {os.getpid()} (since " in said and "`estore query`: select 1xxx" in said
    assert f"`kill -KILL {os.getpid()}`" in said and len(said) < 500
    with run_lock(tmp_path, "run"):
        assert not list((tmp_path / "readers").iterdir())


def test_a_reader_that_was_killed_is_not_named(tmp_path: Path) -> None:
    with run_lock(tmp_path, "load"):
        pass
    reader = (
        "import sys, time; from pathlib import Path; from estore.runlock import reading_lock\n"
        "with reading_lock(Path(sys.argv[1]), 'gone'): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", reader, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as dead:
        assert dead.stdout and dead.stdout.readline() == "held\n"
        assert len(list((tmp_path / "readers").iterdir())) == 1
        dead.kill()
    with reading_lock(tmp_path, "alive"):
        (named,) = runlock._readers(tmp_path)
    assert named["command"] == "alive"
    assert not list((tmp_path / "readers").iterdir())


def test_a_query_in_flight_makes_no_run_fail(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.write("1.csv", [{}])
    settings, shop, quiet = workshop.settings, workshop.shop, Console(quiet=True)
    pipeline.load(settings, shop, [], quiet)
    is_open, read_warehouse = threading.Event(), duckdb_reader.read_warehouse

    @contextmanager
    def announced(settings: Settings) -> Iterator[Any]:
        with read_warehouse(settings) as connection:
            is_open.set()
            yield connection

    monkeypatch.setattr(duckdb_reader, "read_warehouse", announced)
    slow = "select count(*) from range(10000000) a, range(20000) b where a.range <> b.range"
    monkeypatch.setattr(limits, "GRACE", 0.5)
    said: list[str] = []

    def run_query() -> None:
        try:
            ask(settings, slow)
        except EstoreError as error:
            said.append(str(error))

    query = threading.Thread(target=run_query)
    query.start()
    assert is_open.wait(30)
    report = pipeline.load(settings, shop, find_files([str(workshop.landing)]), quiet)
    query.join()
    assert report.count("loaded") == 1
    assert len(said) == 1 and "the query was ended: `estore load` (process" in said[0]


def test_before_the_first_snapshot_a_reader_gets_the_advice_to_wait(workshop: Workshop) -> None:
    with (
        run_lock(workshop.settings.home, "run"),
        pytest.raises(EstoreError, match="first run is in progress"),
    ):
        reading.status(workshop.settings)
