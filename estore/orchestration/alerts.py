"""Alerts: what a person must hear, kept until it is delivered; one message at a time."""

import fcntl
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from dagster_slack import SlackResource

from estore.errors import EstoreError
from estore.escaping import chat, one_line, printable, slack

#: Alerts that one message spells out; the others are counted.
SPELT_OUT = 10
#: Seconds that a receiver may take.
TIMEOUT = 10
#: Days after which it is forgotten that something was told once.
MEMORY_DAYS = 400
SLACK_API = "https://slack.com/api/"


@dataclass(frozen=True)
class Alert:
    """kind: failure, landing, freshness or quality; key: what makes it the same as one before."""

    kind: str
    key: str
    subject: str  # which job, file or table
    words: str
    what_to_do: str
    is_repeated: bool = False  # told again while it lasts

    def __str__(self) -> str:
        return printable(
            f"[{self.kind}] {one_line(self.subject)}: {self.words}\n  What to do: {self.what_to_do}"
        )


class Outbox:
    """Alerts that wait, and what was told when. Times are seconds since 1970."""

    def __init__(self, home: Path, *, pause: float, repeat: float) -> None:
        """pause: seconds between two messages; repeat: between two tellings of the same."""
        self.path, self.pause, self.repeat = home / "alerts.json", pause, repeat

    def add(self, alert: Alert, now: float) -> bool:
        """Keep an alert for the next message, unless it was told; whether it is kept."""
        with self._state() as state:
            told_at = state["told"].get(alert.key)
            if told_at is not None and not (alert.is_repeated and now - told_at >= self.repeat):
                return False
            state["told"][alert.key] = now
            state["waiting"].append(asdict(alert))
        return True

    def waiting(self) -> list[Alert]:
        """Alerts not delivered yet."""
        with self._state() as state:
            return [Alert(**alert) for alert in state["waiting"]]

    def deliver(self, send: Callable[[Sequence[Alert]], None], now: float) -> int:
        """Send all that waits as one message, if the pause is over; how many were sent.

        What send raises goes on to the caller, and the alerts stay.
        """
        with self._state() as state:
            if not state["waiting"] or now - state["sent_at"] < self.pause:
                return 0
            alerts = [Alert(**alert) for alert in state["waiting"]]
            send(alerts)
            state["waiting"], state["sent_at"] = [], now
            state["told"] = {
                key: at for key, at in state["told"].items() if now - at < MEMORY_DAYS * 86_400
            }
        return len(alerts)

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        """What is kept, for one at a time; written back unless an error interrupts."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = {"waiting": [], "told": {}, "sent_at": 0.0}
            if self.path.is_file():
                state = json.loads(self.path.read_text(encoding="utf-8"))
            before = json.dumps(state)
            yield state
            if (after := json.dumps(state)) != before:
                unfinished = self.path.with_suffix(".tmp")
                unfinished.write_text(after, encoding="utf-8")
                unfinished.replace(self.path)


def message(alerts: Sequence[Alert]) -> str:
    """Alerts in words, the first of them in full."""
    lines = [str(alert) for alert in alerts[:SPELT_OUT]]
    if (more := len(alerts) - SPELT_OUT) > 0:
        lines.append(f"... and {more} more: `estore status` and the runs in Dagster tell them")
    return "\n".join(lines)


def send(url: str, alerts: Sequence[Alert], *, slack_api: str = SLACK_API) -> None:
    """Deliver to a Slack hook, a Slack channel (slack://TOKEN@CHANNEL) or any webhook as JSON.

    Raises EstoreError that says why it failed, without the address: it is a secret.
    """
    address = urlsplit(url)
    if address.scheme == "slack":
        token, _, channel = address.netloc.rpartition("@")
        _send_as_bot(token, channel, alerts, slack_api)
        return
    if address.scheme not in ("http", "https") or not address.hostname:
        raise EstoreError(
            "ESTORE_ALERT_URL must be an http(s) address or slack://TOKEN@CHANNEL; see .env.example"
        )
    told = body(address.hostname, alerts)
    try:
        answer = requests.post(url, json=told, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise _undelivered(address.hostname, type(error).__name__) from None
    if answer.status_code >= 300:
        raise _undelivered(address.hostname, f"it answered {answer.status_code}")


def body(host: str, alerts: Sequence[Alert]) -> dict[str, Any]:
    """What a webhook is sent: the words, in which no name can call people or make a link, and the
    exact parts of each unless it is Slack's, which takes nothing that it does not know."""
    if host == "slack.com" or host.endswith(".slack.com"):
        return {"text": slack(message(alerts)), "unfurl_links": False, "unfurl_media": False}
    return {"text": chat(message(alerts)), "alerts": [asdict(alert) for alert in alerts]}


def _send_as_bot(token: str, channel: str, alerts: Sequence[Alert], api: str) -> None:
    from slack_sdk.errors import SlackApiError

    client = SlackResource(token=token).get_client()
    client.base_url = api
    try:
        client.chat_postMessage(
            channel=channel, text=slack(message(alerts)), unfurl_links=False, unfurl_media=False
        )
    except SlackApiError as error:
        raise _undelivered("slack.com", str(error.response["error"])) from None
    except OSError as error:
        raise _undelivered("slack.com", type(error).__name__) from None


def _undelivered(host: str, why: str) -> EstoreError:
    return EstoreError(
        f"alerts could not be delivered to {host}: {why}. They wait; check ESTORE_ALERT_URL"
    )
