"""A full disk or too little memory in each phase: a message with the fix, the next run works."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Workshop
from emulators import CloudStorage

from estore.cli import main
from estore.settings import Settings
from estore.snapshot.manifest import current_version
from estore.synth import SyntheticShop, write_shop

FULL = "Free some space, or move everything to a larger disk and name it with --home (ESTORE_HOME)"
SHORT = "Raise ESTORE_MEMORY_LIMIT, or lower ESTORE_THREADS or ESTORE_CHUNK_ROWS"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 60 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    ) if shutil.which("mount") else None  # fmt: skip
    if not mounted or mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (it takes root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def leave(disk: Path, free: int) -> None:
    """Fill the disk until so many bytes are free."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    stat = os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_frsize - free)


def estore(home: Path, *command: str) -> tuple[int, str]:
    """Exit code and the last message."""
    ended = CliRunner().invoke(main, ["--home", str(home), *command])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    assert "Traceback" not in ended.output and "Logging error" not in ended.output
    return ended.exit_code, ended.output.splitlines()[-1]


def test_a_full_disk_is_reported_in_each_phase_and_leaves_nothing_half_done(
    small_disk: Path, open_workshop: Callable[..., Workshop]
) -> None:
    home, landing = small_disk / "home", open_workshop().landing
    (day,) = write_shop(landing, SyntheticShop(events=20_000, months=1, seed=3, faults=()))

    leave(small_disk, 1_000_000)
    code, said = estore(home, "load", str(day))
    assert (code, FULL in said) == (3, True), said
    (small_disk / "ballast").unlink()
    assert estore(home, "load", str(day))[0] == 0
    assert estore(home, "query", "select count(*) from raw.events", "--format", "csv")[1] == "20000"

    for free in (0, 3_500_000):  # when dbt starts, and when it writes tables
        leave(small_disk, free)
        code, said = estore(home, "build")
        assert (code, FULL in said) == (3, True), said
        assert current_version(Settings(home=home)) is None
    (small_disk / "ballast").unlink()
    assert estore(home, "build")[0] == 0

    leave(small_disk, 50_000)
    code, said = estore(home, "publish")
    assert (code, FULL in said) == (3, True), said
    assert current_version(Settings(home=home)) == home / "published" / "v000001"
    assert estore(home, "findings")[0] == 0
    (small_disk / "ballast").unlink()
    assert estore(home, "publish") == (0, f"{home}/published/v000002")


def test_a_disk_too_small_for_the_copy_of_an_object_is_reported(
    small_disk: Path,
    cloud_storage: CloudStorage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud_storage.endpoint)
    home, bucket = small_disk / "home", cloud_storage.new_bucket()
    small, large = write_shop(tmp_path, SyntheticShop(events=60_000, months=2, seed=3, faults=()))
    for day in small, large:
        cloud_storage.put(f"{bucket}/{day.name}", day.read_bytes())
    assert estore(home, "load", f"{bucket}/{small.name}")[0] == 0
    leave(small_disk, 1_000_000)
    code, said = estore(home, "load", bucket)
    assert (code, FULL in said) == (3, True), said
    assert not list(home.glob("tmp/objects/*"))
    (small_disk / "ballast").unlink()
    assert estore(home, "load", bucket)[0] == 0


def test_too_little_memory_is_reported_in_load_and_build(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = workshop.settings.home
    (day,) = write_shop(workshop.landing, SyntheticShop(events=60_000, months=1, seed=3, faults=()))
    for command in (["load", str(day)], ["build"]):
        with monkeypatch.context() as patched:
            patched.setenv("ESTORE_MEMORY_LIMIT", "8MB")
            code, said = estore(home, *command)
            assert (code, SHORT in said) == (3, True), said
        assert estore(home, *command)[0] == 0
