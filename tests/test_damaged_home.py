"""Every file of a home is deleted, cut, zeroed and overwritten: no traceback, and a stated fix.

`make test-long` tries all files, `make test` a few chosen by a seed.
"""

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import Workshop

from estore.cli import main
from estore.orchestration.alerts import Alert, Outbox
from estore.snapshot.manifest import check_snapshot, current_version

DAMAGES: dict[str, Callable[[Path, bytes], object]] = {
    "deleted": lambda path, content: path.unlink(),
    "cut": lambda path, content: path.write_bytes(content[: len(content) // 2]),
    "zeros": lambda path, content: path.write_bytes(bytes(len(content))),
    "garbage": lambda path, content: path.write_bytes(random.Random(1).randbytes(len(content) + 9)),
}
COMMANDS = (["status"], ["findings"], ["query", "select 1"], ["rejects"], ["publish"], ["run"])
#: Fix that a message may name → the action of a person in the home.
WAREHOUSE_LOST = re.compile(r"warehouse\.duckdb (cannot be read|is missing)")


def estore(home: Workshop, *command: str) -> tuple[int, str]:
    """Exit code and the last line of stderr."""
    ended = CliRunner().invoke(main, ["--home", str(home.settings.home), *command])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    assert "Traceback" not in ended.output
    assert "unexpected error" not in ended.output, ended.output
    return ended.exit_code, (ended.stderr.splitlines() or [""])[-1]


def follow(home: Workshop, said: str) -> None:
    """Apply the fix that a message names."""
    if WAREHOUSE_LOST.search(said):
        if home.settings.warehouse.exists():
            home.settings.warehouse.rename(home.settings.home / "damaged")
        assert estore(home, "run", str(home.landing))[0] == 0
    elif "`estore publish` writes a new snapshot" in said:
        assert estore(home, "publish")[0] == 0
    else:
        raise AssertionError(f"no way out: {said}")


@pytest.mark.parametrize(
    "count", [pytest.param(6, id="few"), pytest.param(None, id="all", marks=pytest.mark.long)]
)
def test_every_command_survives_each_file_damaged_in_each_way(
    published_home: Workshop, tmp_path: Path, count: int | None
) -> None:
    home, whole = published_home, tmp_path / "whole"
    Outbox(home.settings.home, pause=0, repeat=1).add(Alert("a", "b", "c", "d", "e"), 1)
    shutil.copytree(home.settings.home, whole)
    paths = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    cases: list[tuple[Path, str]] = [
        (path, how) for path in paths if "compiled" not in path.parts and "run" not in path.parts
        for how in DAMAGES
    ]  # fmt: skip
    assert len(cases) > 100
    for path, how in random.Random(2).sample(cases, count) if count else cases:
        shutil.rmtree(home.settings.home)
        shutil.copytree(whole, home.settings.home)
        damaged = home.settings.home / path
        DAMAGES[how](damaged, damaged.read_bytes())
        named: list[str] = []
        for command in COMMANDS[:4]:
            code, said = estore(home, *command)
            assert code in (0, 3), (path, how, command, said)
            if code == 3:
                assert said.startswith("error: "), (path, how, said)
                named.append(said)
        if named:
            follow(home, named[0])
        else:
            for command in COMMANDS[4:]:
                assert estore(home, *command)[0] == 0, (path, how, command)
        assert_intact(home, (path, how))


def assert_intact(home: Workshop, what: Any) -> None:
    """Every command works, and the snapshot is unchanged."""
    for command in COMMANDS:
        assert estore(home, *command)[0] == 0, (what, command)
    folder = current_version(home.settings)
    assert folder
    assert check_snapshot(folder), what
    outbox = Outbox(home.settings.home, pause=0, repeat=1)
    assert outbox.add(Alert("x", "y", "z", "d", "e"), 2), what
