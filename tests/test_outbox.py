"""Alerts survive damage, a full disk and a slow receiver; file times reveal a standstill."""

import errno
import json
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest
from conftest import Workshop
from orchestrating import Watched, watched

from estore.orchestration import alerts as alerting
from estore.orchestration.alerts import Alert, Outbox, Undelivered, send
from estore.orchestration.standstill import GRACE, standstill_alert, standstill_sensor

HOUR = 3600.0
DAMAGED = {
    "empty": b"", "zeros": bytes(200), "half": b'{"waiting": [{"kind": "fail',
    "no UTF-8": b"\xff\xfe\x00", "other JSON": b"[1, 2]", "null": b"null",
    "other fields": b'{"waiting": [{"a": 1}], "told": {}, "sent_at": 0}',
    "other kinds": b'{"waiting": {}, "told": 5, "sent_at": "yesterday"}',
}  # fmt: skip


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """At most one message a minute."""
    return Outbox(tmp_path, pause=60, repeat=HOUR)


def alert(key: str = "a") -> Alert:
    return Alert("failure", key, "transform", f"{key} broke", "fix it")


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_set_aside_named_and_started_again(outbox: Outbox, damage: str) -> None:
    outbox.path.write_bytes(DAMAGED[damage])
    assert outbox.add(alert(), now=1000)
    pending = [one.words for one in outbox.waiting()]
    assert pending == [
        "was damaged and was renamed to alerts.damaged; alerts waiting in it are lost",
        "a broke",
    ]
    assert outbox.path.with_suffix(".damaged").read_bytes() == DAMAGED[damage]
    assert outbox.deliver(lambda alerts: None, now=1000) == 2
    assert outbox.waiting() == []


def test_the_outbox_is_flushed_to_disk_before_it_is_renamed(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after a rename must not leave an empty file."""
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: (done.append("fsync"), fsync(number))[1])
    monkeypatch.setattr(
        Path, "replace", lambda path, to: (done.append("replace"), replace(path, to))[1]
    )
    outbox.add(alert(), now=1000)
    assert done == ["fsync", "replace"]
    assert outbox.path.stat().st_mode & 0o077 == 0


def test_on_a_full_disk_each_alert_is_still_sent_and_only_once(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.add(alert("before"), now=0)
    sent: list[str] = []

    def post(alerts: Sequence[Alert]) -> None:
        sent.extend(one.key for one in alerts)

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        outbox.add(alert("full"), now=1)
        for now in (100, 200, 300):
            outbox.deliver(post, now=now)
    assert sent == ["before", "full"]
    outbox.add(alert("after"), now=400)
    assert Outbox(outbox.path.parent, pause=60, repeat=HOUR).deliver(post, now=500) == 1
    assert sent == ["before", "full", "after"]


@pytest.fixture
def slow_receiver() -> Iterator[tuple[str, list[bytes]]]:
    """A webhook that accepts messages and never responds; its address and messages."""
    got: list[bytes] = []
    kept: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            kept.append(connection)
            got.append(connection.recv(100_000))

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", got
    listener.close()
    for connection in kept:
        connection.close()


def test_a_receiver_that_does_not_answer_gets_a_message_three_times_at_most(
    outbox: Outbox, slow_receiver: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerting, "TIMEOUT", 0.2)
    url, got = slow_receiver
    outbox.add(alert(), now=0)
    tried = []
    for now in range(0, 4000, 15):  # as often as the sensor checks
        try:
            outbox.deliver(lambda alerts: send(url, alerts), now=1000 + now)
        except Undelivered:
            tried.append(now)
    assert tried == [0, 60, 180]
    assert len(got) == 3
    assert outbox.waiting() == []


def test_other_sensors_go_on_while_a_receiver_takes_its_time(outbox: Outbox) -> None:
    outbox.add(alert("a"), now=0)

    def slow(alerts: Sequence[Alert]) -> None:
        assert Outbox(outbox.path.parent, pause=60, repeat=HOUR).add(alert("b"), now=1)

    assert outbox.deliver(slow, now=100) == 1
    assert [one.key for one in outbox.waiting()] == ["b"], "later alerts are not lost"


@pytest.fixture
def landing(published_home: Workshop) -> Iterator[Watched]:
    """A published home that Dagster watches."""
    yield from watched(published_home)


def test_a_standstill_is_an_alert_although_warehouse_and_snapshot_are_broken(
    landing: Watched,
) -> None:
    home = landing.workshop.settings
    home.warehouse.write_bytes(b"x")
    (home.published / "v000001" / "manifest.json").write_text("")
    old = 1_700_000_000.0
    for path in (home.published / "CURRENT", *home.published.glob("v*/manifest.json")):
        os.utime(path, (old, old))
    late = landing.shop.thresholds.fresh_hours * HOUR + GRACE
    assert standstill_alert(landing.shop, 0, old + late - 1) is None
    pending = standstill_alert(landing.shop, 0, old + late)
    assert pending
    assert "nothing was published for 37 hours, since 2023-11-14 22:13 UTC" in pending.words

    for _ in range(2):
        look(landing)
    (waiting,) = landing.outbox.waiting()
    assert waiting.subject == "published snapshot"


def test_an_empty_landing_folder_is_reported_once_by_the_sensor_that_knows_why(
    landing: Watched,
) -> None:
    for path in landing.workshop.settings.published.glob("**/*"):
        os.utime(path, (1000, 1000))
    landing.outbox.add(Alert("freshness", "freshness 1", "landing", "no new data", ""), now=2e9)
    look(landing)
    assert [one.words for one in landing.outbox.waiting()] == ["no new data"]


def test_a_home_that_never_published_is_reported_some_time_after_the_watch_began(
    workshop: Workshop,
) -> None:
    for landing in watched(workshop):
        late = landing.shop.thresholds.fresh_hours * HOUR + GRACE
        assert standstill_alert(landing.shop, 1000, 1000 + late - 1) is None
        assert standstill_alert(landing.shop, 1000, 1000 + late)
        unwatched = landing.shop.settings.model_copy(update={"landing": None})
        landing.use(unwatched)
        assert standstill_alert(landing.shop, 1000, 1000 + late) is None


def look(landing: Watched) -> None:
    """A tick of the sensor."""
    with dg.build_sensor_context(landing.instance) as context:
        standstill_sensor(landing.shop, landing.outbox)(context)


def test_the_file_of_an_older_version_is_read(outbox: Outbox) -> None:
    outbox.path.write_text(json.dumps({"waiting": [], "told": {"a": 1}, "sent_at": 5.0}))
    assert not outbox.add(alert("a"), now=10)
    assert outbox.add(alert("b"), now=10)
