"""Deployments: a machine runs the named image, goes back by itself, and can be rolled back."""

import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import IMAGE, Machine

FIRST, SECOND, BROKEN, MISSING = (IMAGE.format(number) for number in (1, 2, 3, 4))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A running machine with one image."""
    machine = Machine(tmp_path)
    machine.pullable = {FIRST, SECOND, BROKEN}
    machine.sound = {FIRST, SECOND}
    machine.secrets = {"estore-dashboard-auth": "basic:shop:a long password"}
    machine.image = FIRST
    service = machine.boot()
    deadline = time.monotonic() + 30
    while machine.guest.get("deployment") != f"healthy {FIRST}":
        assert service.poll() is None and time.monotonic() < deadline, machine.guest
        time.sleep(0.1)
    yield machine
    service.kill()
    service.wait()
    machine.server.shutdown()


def test_a_healthy_image_runs_and_can_be_rolled_back(machine: Machine) -> None:
    done = machine.deploy(SECOND)
    assert done.returncode == 0, done.stderr
    assert (machine.running, machine.image) == (SECOND, SECOND)

    back = machine.deploy("before")
    assert back.returncode == 0, back.stderr
    assert (machine.running, machine.image) == (FIRST, FIRST)
    assert machine.history == [FIRST, SECOND, FIRST]


@pytest.mark.parametrize(
    ("image", "reason", "history"),
    [(BROKEN, "not healthy", [FIRST, BROKEN, FIRST]), (MISSING, "not be pulled", [FIRST, FIRST])],
)
def test_an_image_that_does_not_run_is_replaced_by_the_previous_one(
    machine: Machine, image: str, reason: str, history: list[str]
) -> None:
    done = machine.deploy(image)
    assert done.returncode == 1
    assert reason in done.stderr and f"running {FIRST}" in done.stderr
    assert (machine.running, machine.image) == (FIRST, FIRST), "the metadata name the running image"
    time.sleep(2)
    assert machine.history == history, "no container is restarted"


def test_secrets_reach_only_the_containers(machine: Machine) -> None:
    path = machine.folder / "run" / "secrets"
    assert path.read_text() == "ESTORE_DASHBOARD_AUTH=basic:shop:a long password\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_shop_file_comes_from_the_bucket_and_is_kept_without_it(machine: Machine) -> None:
    path = machine.folder / "keep" / "shop.toml"

    def wait_for(content: str) -> None:
        deadline = time.monotonic() + 30
        while not path.exists() or path.read_text() != content:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    assert not path.exists()
    for content in ('time_zone = "Europe/Berlin"\n', 'time_zone = "Asia/Tokyo"\n'):
        machine.objects["_settings/shop.toml"] = content
        wait_for(content)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    machine.objects.clear()
    assert machine.deploy(SECOND).returncode == 0
    assert path.read_text() == content


def test_an_image_by_tag_is_refused(machine: Machine) -> None:
    done = machine.deploy("registry/estore:latest")
    assert done.returncode == 2 and "by its digest" in done.stderr
    assert machine.image == FIRST


def test_without_a_previous_image_there_is_no_rollback(machine: Machine) -> None:
    done = machine.deploy("before")
    assert done.returncode == 2 and "knows of no image before" in done.stderr
