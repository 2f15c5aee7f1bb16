"""A cut, overwritten or missing warehouse is reported with the fix, and never as busy."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Workshop
from damaged import estore
from orchestrating import Watched, names, watched

from estore.errors import Busy, Damaged
from estore.orchestration.notifications import ledger_alerts
from estore.reading import ledger

WAY_OUT = "Restore it from a backup, or move it away and load all files again: `estore run PATH`"
DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "zeros": lambda path: path.write_bytes(bytes(50_000)),
    "garbage": lambda path: path.write_bytes(os.urandom(100_000)),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.fixture
def home(published_home: Workshop) -> Workshop:
    """A published home for one test to damage."""
    return published_home


@pytest.fixture
def landing(home: Workshop) -> Iterator[Watched]:
    """Its landing under watch."""
    yield from watched(home)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_warehouse_is_named_although_a_snapshot_exists(home: Workshop, how: str) -> None:
    DAMAGES[how](home.settings.warehouse)
    for command in (["status"], ["query", "select 1"], ["rejects"], ["publish"], ["build"]):
        code, said = estore(home, *command)
        assert (code, said.count("\n")) == (3, 1), said
        assert said.startswith(f"error: {home.settings.warehouse} cannot be read: ")
        assert said.endswith(f"{WAY_OUT}\n")
        assert "a run is writing" not in said
    assert estore(home, "findings")[0] == 0
    assert home.settings.warehouse.exists(), "a person decides about the damaged file"


@pytest.mark.parametrize("how", ["cut", "zeros"])
def test_a_sensor_fails_its_tick_over_a_damaged_ledger_and_alerts(
    landing: Watched, how: str
) -> None:
    DAMAGES[how](landing.workshop.settings.warehouse)
    with pytest.raises(Damaged):
        landing.tick()
    (pending,) = landing.outbox.waiting()
    assert (pending.kind, pending.subject) == ("landing", "warehouse")
    assert WAY_OUT in pending.words
    assert ledger_alerts(landing.shop) == [pending], "the sensor of the data says the same"


def test_a_missing_warehouse_is_an_empty_ledger_and_the_landing_is_loaded_again(
    landing: Watched,
) -> None:
    landing.workshop.write("b.csv", [{"event_time": "2019-10-02 10:00:00 UTC"}])
    (request,) = landing.tick()
    assert names(request) == ["a.csv", "b.csv"], "the copied landing folder has a different path"
    assert landing.run(request).success

    landing.workshop.settings.warehouse.unlink()
    assert ledger(landing.workshop.settings) == []
    (request,) = landing.tick()
    assert names(request) == ["a.csv", "b.csv"], "as one run, however often they were loaded before"
    assert landing.run(request).success
    assert landing.tick() == []


def test_a_missing_warehouse_is_named_and_only_a_load_creates_a_new_one(
    home: Workshop,
) -> None:
    home.settings.warehouse.unlink()
    for command in (["status"], ["query", "select 1"], ["publish"], ["build"], ["run"]):
        code, said = estore(home, *command)
        assert (code, said.count("\n")) == (3, 1), said
        assert f"{home.settings.warehouse} is missing, although" in said
        assert not home.settings.warehouse.exists()
    code, said = estore(home, "load", str(home.landing))
    assert code == 0
    assert "a new one is created. It contains only the files that this run names" in said
    assert estore(home, "status")[0] == 0


def test_only_a_lock_means_that_another_process_writes(home: Workshop) -> None:
    """A damaged file in a folder with "lock" in its name is not a lock."""
    folder = home.settings.home.parent / "deadlock"
    home.settings.home.rename(folder)
    settings = home.settings.model_copy(update={"home": folder})
    DAMAGES["cut"](settings.warehouse)
    with pytest.raises(Damaged):
        ledger(settings)


def test_a_file_that_another_program_has_open_is_busy_and_not_damaged(home: Workshop) -> None:
    code = (
        f"import duckdb; c = duckdb.connect({str(home.settings.warehouse)!r}); print(1, flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(Busy):
            ledger(home.settings)
        assert "a run is writing to the warehouse" in estore(home, "status")[1]
        other.kill()


def test_flipped_bytes_end_a_command_with_3_and_a_sentence(home: Workshop) -> None:
    """The flipped bytes may be anywhere, and the engine may read them late."""
    whole = home.settings.warehouse.read_bytes()
    for place in range(12_288, len(whole) - 4096, len(whole) // 3):
        flipped = bytearray(whole)
        flipped[place : place + 3000] = bytes(byte ^ 0xFF for byte in flipped[place : place + 3000])
        home.settings.warehouse.write_bytes(flipped)
        code, said = estore(home, "build", "--full-refresh")
        assert code in (0, 3), said
        assert code == 0 or said.splitlines()[-1].startswith("error: "), said
