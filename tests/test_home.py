"""Only its owner can read a home, or a group if it is shared."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Workshop

from estore.cli import main
from estore.orchestration.alerts import Alert, Outbox


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    """The usual umask: everyone can read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def run(workshop: Workshop, *command: str) -> str:
    ended = CliRunner().invoke(main, ["--home", str(workshop.settings.home), *command])
    assert ended.exit_code == 0, ended.output
    return ended.output


def modes(home: Path) -> set[int]:
    """The permissions of group and others on everything in the home."""
    return {path.lstat().st_mode & 0o077 for path in (home, *home.rglob("*"))}


def test_a_new_home_is_readable_only_by_its_owner(workshop: Workshop) -> None:
    workshop.write("a.csv", [{"event_type": "purchase"}, {"event_time": "yesterday"}] * 9)
    (workshop.landing / "b.csv").write_text((workshop.landing / "a.csv").read_text() + "x,y\n")
    said = (
        CliRunner()
        .invoke(main, ["--home", str(workshop.settings.home), "load", str(workshop.landing)])
        .output
    )
    Outbox(workshop.settings.home, pause=0, repeat=1).add(Alert("a", "b", "c", "d", "e"), 1)
    assert "all users of this machine can read it" not in said
    assert modes(workshop.settings.home) == {0}
    before = os.umask(0o022)
    os.umask(before)
    assert before == 0o022, "the umask is unchanged"


def test_a_published_home_is_readable_only_by_its_owner(published_home: Workshop) -> None:
    home = published_home.settings.home
    assert modes(home) == {0}
    run(published_home, "publish")
    assert modes(home) == {0}


def test_a_home_that_is_shared_with_a_group_stays_so(published_home: Workshop) -> None:
    home = published_home.settings.home
    home.chmod(0o750)
    assert "all users of this machine can read it" not in run(published_home, "publish")
    folder = home / "published" / "v000002"
    assert folder.stat().st_mode & 0o777 == 0o750
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}


def test_a_home_that_everyone_can_read_is_reported_with_the_fix(published_home: Workshop) -> None:
    home = published_home.settings.home
    home.chmod(0o755)
    assert f"Run `chmod -R o-rwx {home}`" in run(published_home, "publish")
