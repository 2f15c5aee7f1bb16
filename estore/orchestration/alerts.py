"""Alerts: what a person must hear, kept until it is delivered; one message at a time."""

import fcntl
import json
import logging
import os
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
from estore.home import make_home

#: Alerts that one message spells out; the others are counted.
SPELT_OUT = 10
#: Seconds that a receiver may take.
TIMEOUT = 10
#: Days after which it is forgotten that something was told once.
MEMORY_DAYS = 400
#: Seconds until a message that may have arrived is sent again: so many, then twice, up to the most.
FIRST_WAIT, LONGEST_WAIT = 60, 3600
#: Times that a receiver is sent what it took without an answer; then it counts as delivered.
UNANSWERED = 3
log = logging.getLogger(__name__)
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


class Undelivered(EstoreError):
    """A message that a receiver did not confirm.

    may_have_arrived: it was sent before that failed. is_unanswered: without any answer.
    """

    def __init__(
        self, words: str, *, may_have_arrived: bool = True, is_unanswered: bool = False
    ) -> None:
        super().__init__(words)
        self.may_have_arrived, self.is_unanswered = may_have_arrived, is_unanswered


class Outbox:
    """Alerts that wait, and what was told when. Times are seconds since 1970."""

    def __init__(self, home: Path, *, pause: float, repeat: float) -> None:
        """pause: seconds between two messages; repeat: between two tellings of the same."""
        self.path, self.pause, self.repeat = home / "alerts.json", pause, repeat
        self._unsaved: dict[str, Any] | None = None

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

        What send raises goes on to the caller, and the alerts stay. What may have arrived
        nevertheless is sent again only after a while, and without any answer three times at most.
        """
        with self._state() as state:
            if not state["waiting"] or now - state["sent_at"] < self.pause:
                return 0
            if now < state.get("not_before", 0):
                return 0
            alerts = [Alert(**alert) for alert in state["waiting"]]
        try:
            send(alerts)
        except Undelivered as error:
            if error.may_have_arrived:
                self._note_try(len(alerts), now, is_unanswered=error.is_unanswered)
            raise
        self._note_sent(len(alerts), now)
        return len(alerts)

    def was_told(self, prefix: str, since: float) -> bool:
        """Whether an alert whose key begins so was kept since then."""
        with self._state() as state:
            return any(key.startswith(prefix) and at >= since for key, at in state["told"].items())

    def _note_sent(self, count: int, now: float) -> None:
        with self._state() as state:
            state["waiting"], state["sent_at"] = state["waiting"][count:], now
            state["tries"], state["not_before"] = 0, 0
            state["told"] = {
                key: at for key, at in state["told"].items() if now - at < MEMORY_DAYS * 86_400
            }

    def _note_try(self, count: int, now: float, *, is_unanswered: bool) -> None:
        with self._state() as state:
            tries = state["tries"] = state.get("tries", 0) + 1
            state["not_before"] = now + min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
        if is_unanswered and tries >= UNANSWERED:
            self._note_sent(count, now)

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        """What is kept, for one at a time; written back unless an error interrupts.

        Where it cannot be written, as on a full disk, this process remembers it: else the same
        alert would be sent at every look, or none.
        """
        with self._alone():
            state = self._unsaved or self._read()
            before = json.dumps(state)
            yield state
            if self._unsaved or json.dumps(state) != before:
                try:
                    self._write(json.dumps(state))
                    self._unsaved = None
                except OSError as error:
                    self._unsaved = state
                    log.warning("%s cannot be written: %s", self.path, error.strerror)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time. On a disk that fails even here, each for itself: not in silence."""
        try:
            make_home(self.path.parent)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            log.warning("%s cannot be locked: %s", self.path, error.strerror)
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> dict[str, Any]:
        """What is kept; a file that cannot be understood is set aside, which is an alert itself."""
        empty: dict[str, Any] = {"waiting": [], "told": {}, "sent_at": 0.0}
        try:
            kept: dict[str, Any] = empty | json.loads(self.path.read_text(encoding="utf-8"))
            _ = [Alert(**alert) for alert in kept["waiting"]], dict(kept["told"])
            if isinstance(kept["waiting"], list) and isinstance(kept["sent_at"], (int, float)):
                return kept
        except FileNotFoundError:
            return empty
        except (ValueError, TypeError):
            pass
        aside = self.path.with_suffix(".damaged")
        self.path.replace(aside)
        damaged = Alert(
            "failure", f"damaged {self.path}", str(self.path),
            f"was damaged and is set aside as {aside.name}; alerts that waited in it are lost",
            "nothing: what still lasts is told again", is_repeated=True,
        )  # fmt: skip
        return empty | {"waiting": [asdict(damaged)]}

    def _write(self, text: str) -> None:
        """Whole or not at all, also after a power cut."""
        unfinished = self.path.with_suffix(".tmp")
        with os.fdopen(os.open(unfinished, _NEW_FILE, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


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
        answer = requests.post(
            url, json=told, timeout=TIMEOUT, allow_redirects=False, stream=True
        )  # its body may never end
        answer.close()
    except requests.RequestException as error:
        raise _undelivered(
            address.hostname, type(error).__name__,
            may_have_arrived=not any(sign in repr(error) for sign in _NOT_SENT),
            is_unanswered=isinstance(error, requests.ReadTimeout),
        ) from None  # fmt: skip
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
        raise _undelivered(
            "slack.com", type(error).__name__, may_have_arrived=isinstance(error, TimeoutError),
            is_unanswered=isinstance(error, TimeoutError),
        ) from None  # fmt: skip


#: What an error has in it that came before anything was sent.
_NOT_SENT = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeout",
    "InvalidURL",
    "SSLError",
)


def _undelivered(
    host: str, why: str, *, may_have_arrived: bool = True, is_unanswered: bool = False
) -> Undelivered:
    return Undelivered(
        f"alerts could not be delivered to {host}: {why}. They wait; check ESTORE_ALERT_URL",
        may_have_arrived=may_have_arrived, is_unanswered=is_unanswered,
    )  # fmt: skip
