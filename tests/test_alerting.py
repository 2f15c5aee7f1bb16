"""Alerts: their content, frequency and delivery, at a real HTTP server."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from conftest import Workshop
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._utils.error import serializable_error_info_from_exc_info
from unattended import Receiver

from estore.build.builder import Transform
from estore.errors import EstoreError
from estore.orchestration.alerts import Alert, Outbox, body, message, send
from estore.orchestration.context import ShopContext
from estore.orchestration.notifications import (
    failure_alert,
    freshness_alerts,
    notification_sensors,
    refusal_alerts,
)
from estore.reading import Known, ledger
from estore.snapshot.writer import publish

HOUR = 3600.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook."""
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """At most one message a minute; the same alert again after an hour."""
    return Outbox(tmp_path, pause=60, repeat=HOUR)


def alert(key: str = "a", *, is_repeated: bool = False) -> Alert:
    return Alert("failure", key, "transform", f"{key} broke", "fix it", is_repeated=is_repeated)


def test_a_webhook_gets_the_message_and_its_fields(outbox: Outbox, receiver: Receiver) -> None:
    outbox.add(alert(), now=1000)
    assert outbox.deliver(lambda alerts: send(receiver.url + "/hook", alerts), now=1000) == 1
    (got,) = receiver.received
    assert got["path"] == "/hook"
    assert got["text"] == "[failure] transform: a broke\n  What to do: fix it"
    assert got["alerts"][0]["what_to_do"] == "fix it"


def test_each_pause_ends_with_one_message_of_all_pending_alerts(
    outbox: Outbox, receiver: Receiver
) -> None:
    def deliver(now: float) -> int:
        return outbox.deliver(lambda alerts: send(receiver.url, alerts), now)

    outbox.add(alert("a"), now=1000)
    assert deliver(1000) == 1
    for name in "bcd":
        outbox.add(alert(name), now=1010)
    assert deliver(1059) == 0
    assert deliver(1060) == 3
    assert len(receiver.received) == 2
    assert all(f"{name} broke" in receiver.received[1]["text"] for name in "bcd")
    assert deliver(2000) == 0, "no alert is pending"


def test_an_alert_is_sent_once_and_a_lasting_one_again_after_a_while(outbox: Outbox) -> None:
    assert outbox.add(alert(), now=0)
    assert not outbox.add(alert(), now=50 * HOUR)
    assert outbox.add(alert("b", is_repeated=True), now=0)
    assert not outbox.add(alert("b", is_repeated=True), now=HOUR - 1)
    assert outbox.add(alert("b", is_repeated=True), now=HOUR)


def test_an_undelivered_alert_waits_and_its_address_stays_secret(
    outbox: Outbox, receiver: Receiver
) -> None:
    outbox.add(alert(), now=1000)
    receiver.answer, secret, gone = 500, "".join(["hook", "-", "key"]), Receiver()
    gone.close()
    for url, why in ((gone.url, "ConnectionError"), (receiver.url, "it answered 500")):
        with pytest.raises(EstoreError, match=why) as raised:
            outbox.deliver(lambda alerts, to=f"{url}/{secret}": send(to, alerts), now=1000)
        shown = serializable_error_info_from_exc_info(raised._excinfo or (None, None, None))
        assert secret not in str(shown), "Dagster keeps this in a tick"
    receiver.answer = 200
    assert outbox.deliver(lambda alerts: send(receiver.url, alerts), now=1059) == 0
    assert outbox.deliver(lambda alerts: send(receiver.url, alerts), now=1060) == 1
    assert receiver.received[0]["text"].startswith("[failure]")


def test_a_slack_channel_gets_alerts_with_a_bot_token(receiver: Receiver) -> None:
    send("slack://xoxb-1-AbC@C0Shop", [alert()], slack_api=receiver.url + "/api/")
    (got,) = receiver.received
    assert got["path"] == "/api/chat.postMessage"
    assert got["channel"] == "C0Shop"
    assert got["authorization"] == "Bearer xoxb-1-AbC"
    assert "a broke" in got["text"]


def test_a_slack_hook_gets_only_text() -> None:
    assert set(body("hooks.slack.com", [alert()])) == {"text", "unfurl_links", "unfurl_media"}
    assert set(body("example.com", [alert()])) == {"text", "alerts"}


@pytest.mark.parametrize("url", ["hooks.slack.com/services/1", "ftp://a/b", "https://"])
def test_a_wrong_address_is_reported(url: str) -> None:
    with pytest.raises(EstoreError, match=r"ESTORE_ALERT_URL must be"):
        send(url, [alert()])


def test_many_alerts_are_counted() -> None:
    said = message([alert(str(number)) for number in range(25)])
    assert said.count("What to do") == 10
    assert "and 15 more" in said


def known(status: str, hours: float, error: str | None = None) -> Known:
    at = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=hours)
    return Known(f"/landing/{status}.csv", "1", status, at, error)


def test_no_new_data_for_too_long_is_an_alert() -> None:
    assert not list(freshness_alerts([], 24))
    assert not list(freshness_alerts([known("loaded", 30), known("loaded", 23)], 24))
    (reported,) = freshness_alerts([known("loaded", 30), known("refused", 1, "no")], 24)
    assert reported.words.startswith("no new data for 30 hours, since ")
    assert reported.is_repeated


def test_a_refused_file_is_an_alert_with_its_error(workshop: Workshop) -> None:
    workshop.write("a.csv", [{}])
    (workshop.landing / "bad.csv").write_text("this,is\nno,event\n")
    workshop.load()
    (reported,) = refusal_alerts(ledger(workshop.settings))
    assert reported.subject.endswith("/bad.csv")
    assert "event_time" in reported.words


def test_an_alert_about_the_data_is_sent_once(workshop: Workshop, outbox: Outbox) -> None:
    start = datetime(2019, 10, 1)
    hours = [hour for hour in range(28 * 24) if hour // 24 != 20]
    workshop.write("a.csv", [
        {"event_time": f"{start + timedelta(hours=hour, minutes=m)} UTC", "user_session": str(hour),
         "event_type": "purchase" if m == 0 and hour % 5 == 0 else "view"}
        for hour in hours for m in (0, 20, 40)
    ])  # fmt: skip
    (workshop.landing / "bad.csv").write_text("this,is\nno,event\n")
    workshop.load()
    workshop.query("update raw.files set loaded_at = loaded_at - interval 37 hours")
    workshop.build()
    publish(workshop.settings, Transform(workshop.settings, workshop.shop))
    look = sensor(workshop, outbox, "data_sensor")
    look()
    found = outbox.waiting()
    assert {alert.kind for alert in found} == {"quality", "freshness"}
    subjects = {alert.subject.rsplit("/")[-1] for alert in found}
    assert {"no_events (high)", "bad.csv", "landing"} <= subjects
    publish(workshop.settings, Transform(workshop.settings, workshop.shop))
    assert look() == f"{len(found)} found, 0 new"


def test_the_alert_of_a_run_that_took_too_long_says_so() -> None:
    @dg.op
    def endless() -> None:
        raise DagsterExecutionInterruptedError

    @dg.job
    def transform() -> None:
        endless()

    with dg.DagsterInstance.ephemeral() as instance:
        with pytest.raises(DagsterExecutionInterruptedError):
            transform.execute_in_process(instance=instance)
        (run,) = instance.get_runs()
        words = "Exceeded maximum runtime of 43200 seconds."  # the daemon's message
        event = instance.report_run_failed(run, words)
        context = dg.build_run_status_sensor_context("failure_sensor", event, instance, run)
        reported = failure_alert(context.for_run_failure())
    assert reported.words == words
    assert "timeout_hours" in reported.what_to_do


def test_without_an_address_alerts_are_in_the_log_of_the_tick(
    workshop: Workshop, outbox: Outbox, capfd: pytest.CaptureFixture[str]
) -> None:
    outbox.add(alert(), now=1000)
    assert sensor(workshop, outbox, "alert_sensor")() == "1 delivered, 0 waiting"
    reported = (
        "ESTORE_ALERT_URL is not set, so alerts appear only here:\n[failure] transform: a broke"
    )
    assert reported in capfd.readouterr().err


def sensor(workshop: Workshop, outbox: Outbox, name: str) -> Callable[[], str]:
    """One check of a sensor. Returns its message."""
    (found,) = [
        one
        for one in notification_sensors(ShopContext(workshop.settings), outbox)
        if one.name == name
    ]

    def look() -> str:
        with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance) as tick:
            answer: Any = found(tick)
            return str(answer.skip_message)

    return look
