"""An error or a full disk at any write: one sentence, no partial result, the next run completes.

`make test-long` tries all writes, `make test` a few chosen by a seed.
"""

import errno
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from conftest import Workshop
from failing_disk import Disk, failing

from estore.cli import main
from estore.orchestration.alerts import Alert, Outbox
from estore.snapshot.manifest import check_snapshot, current_version

ERRORS = (errno.EIO, errno.ENOSPC)
LEDGER = "select parse_filename(uri), status, lines, loaded, rejected from raw.files order by all"


def few(count: int) -> Any:
    """The number of writes to try; None: all."""
    return pytest.mark.parametrize(
        "count",
        [pytest.param(count, id="few"), pytest.param(None, id="all", marks=pytest.mark.long)],
    )


def estore(home: Workshop, *command: str) -> tuple[int, str]:
    """Exit code and output."""
    ended = CliRunner().invoke(main, ["--home", str(home.settings.home), *command])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    assert "Traceback" not in ended.output
    return ended.exit_code, ended.stderr


def contents(home: Workshop) -> dict[str, Any]:
    """The ledger and every published table, without numbers and dates of loads."""
    folder = current_version(home.settings)
    assert folder
    found: dict[str, Any] = {"ledger": home.query(LEDGER)}
    for path in folder.glob("*.parquet"):
        if path.stem != "raw_files":
            found[path.stem] = duckdb.sql(f"from '{path}' order by all").fetchall()
    return found


def try_each(
    home: Workshop, tmp_path: Path, command: list[str], count: int | None,
    same: Callable[[Workshop], Any],
) -> None:  # fmt: skip
    """Let the disk fail once at each write of a command, and check the result."""
    before = tmp_path / "before"
    shutil.copytree(home.settings.home, before)
    with failing(Disk()) as disk:
        assert estore(home, *command)[0] == 0
    wanted, moments = same(home), range(len(disk.moments))
    chosen = random.Random(1).sample(moments, min(count, len(moments))) if count else moments
    for moment in chosen:
        shutil.rmtree(home.settings.home)
        shutil.copytree(before, home.settings.home)
        with failing(Disk(moment, ERRORS[moment % 2])) as broken:
            code, said = estore(home, *command)
        what = f"{moment}: {broken.moments[-1]}"
        assert code in (0, 3), (what, said)
        if code == 3:
            last = said.splitlines()[-1]
            assert last.startswith("error: "), (what, said)
            assert "unexpected error" not in last, (what, said)
        folder = current_version(home.settings)
        assert folder
        assert check_snapshot(folder), what
        assert estore(home, "status")[0] == 0, what
        assert estore(home, "findings")[0] == 0, what
        code, said = estore(home, *command)
        assert code == 0, (what, said)
        assert same(home) == wanted, what
        assert not list(home.settings.published.glob("*.tmp")), what


@few(8)
def test_a_publish_survives_every_failing_write(
    published_home: Workshop, tmp_path: Path, count: int | None
) -> None:
    try_each(published_home, tmp_path, ["publish"], count, contents)


@few(2)
def test_a_load_and_a_build_survive_every_failing_write(
    published_home: Workshop, tmp_path: Path, count: int | None
) -> None:
    shutil.rmtree(published_home.landing)
    published_home.landing.mkdir()
    rows = [{"event_time": f"2019-10-02 10:00:{second:02d} UTC"} for second in range(20)]
    published_home.write("b.csv", [*rows, {"price": "dear"}])
    try_each(published_home, tmp_path, ["run", str(published_home.landing)], count, contents)


def test_alerts_are_sent_whatever_moment_fails(tmp_path: Path) -> None:
    def play(home: Path, disk: Disk) -> list[str]:
        sent: list[str] = []
        outbox = Outbox(home, pause=0, repeat=3600)
        with failing(disk):
            for now in range(4):
                for step in (
                    lambda now=now: outbox.add(Alert("failure", f"{now}", "s", "w", "d"), now),
                    lambda now=now: outbox.deliver(
                        lambda alerts: sent.extend(one.key for one in alerts), now
                    ),
                ):
                    try:
                        step()
                    except OSError:  # the tick fails, which Dagster shows; the next one continues
                        step()
        return sent

    undisturbed = Disk()
    wanted = play(tmp_path / "undisturbed", undisturbed)
    assert wanted == ["0", "1", "2", "3"]
    assert len(undisturbed.moments) > 20
    for moment in range(len(undisturbed.moments)):
        for error in ERRORS:
            home = tmp_path / f"{moment}-{error}"
            assert play(home, Disk(moment, error)) == wanted, undisturbed.moments[moment]
