"""Alerts: the outbox that keeps alerts until they are delivered, one message at a time."""

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

#: The number of alerts a message shows in full; it only counts the others.
SPELT_OUT = 10
#: Seconds that a receiver may take to answer.
TIMEOUT = 10
#: Days after which a sent alert is forgotten.
MEMORY_DAYS = 400
#: The key of sent alerts in stored outboxes, whose name predates this wording.
SENT = "told"
#: Seconds until a message that may have arrived is sent again; the delay doubles up to the limit.
FIRST_WAIT, LONGEST_WAIT = 60, 3600
#: Times that an unanswered message is sent; after that it counts as delivered.
UNANSWERED = 3
log = logging.getLogger(__name__)
SLACK_API = "https://slack.com/api/"


@dataclass(frozen=True)
class Alert:
    """One alert. kind: failure, landing, freshness or quality; key: identifies repeats."""

    kind: str
    key: str
    subject: str  # the job, file or table
    words: str
    what_to_do: str
    is_repeated: bool = False  # sent again while the problem lasts

    def __str__(self) -> str:
        return printable(
            f"[{self.kind}] {one_line(self.subject)}: {self.words}\n  What to do: {self.what_to_do}"
        )


class Undelivered(EstoreError):
    """A message that a receiver did not confirm.

    may_have_arrived: it was sent before the failure. is_unanswered: there was no answer at all.
    """

    def __init__(
        self, words: str, *, may_have_arrived: bool = True, is_unanswered: bool = False
    ) -> None:
        super().__init__(words)
        self.may_have_arrived, self.is_unanswered = may_have_arrived, is_unanswered


class Outbox:
    """Waiting alerts, and when each alert was sent. Times are seconds since 1970."""

    def __init__(self, home: Path, *, pause: float, repeat: float) -> None:
        """pause: seconds between two messages; repeat: seconds between repeats of an alert."""
        self.path, self.pause, self.repeat = home / "alerts.json", pause, repeat
        self._unsaved: dict[str, Any] | None = None

    def add(self, alert: Alert, now: float) -> bool:
        """Keep an alert for the next message unless it was sent; returns whether it is kept."""
        with self._state() as state:
            sent_at = state[SENT].get(alert.key)
            if sent_at is not None and not (alert.is_repeated and now - sent_at >= self.repeat):
                return False
            state[SENT][alert.key] = now
            state["waiting"].append(asdict(alert))
        return True

    def waiting(self) -> list[Alert]:
        """Alerts not delivered yet."""
        with self._state() as state:
            return [Alert(**alert) for alert in state["waiting"]]

    def deliver(self, send: Callable[[Sequence[Alert]], None], now: float) -> int:
        """Send all waiting alerts as one message if the pause is over; returns how many were sent.

        If send raises, the error goes to the caller and the alerts stay. A message that may have
        arrived is sent again only after a delay, and without an answer at most three times.
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

    def was_sent(self, prefix: str, since: float) -> bool:
        """Whether an alert whose key starts with this prefix was kept since then."""
        with self._state() as state:
            return any(key.startswith(prefix) and at >= since for key, at in state[SENT].items())

    def _note_sent(self, count: int, now: float) -> None:
        with self._state() as state:
            state["waiting"], state["sent_at"] = state["waiting"][count:], now
            state["tries"], state["not_before"] = 0, 0
            state[SENT] = {
                key: at for key, at in state[SENT].items() if now - at < MEMORY_DAYS * 86_400
            }

    def _note_try(self, count: int, now: float, *, is_unanswered: bool) -> None:
        with self._state() as state:
            tries = state["tries"] = state.get("tries", 0) + 1
            state["not_before"] = now + min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
        if is_unanswered and tries >= UNANSWERED:
            self._note_sent(count, now)

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        """The stored state, locked for one process; it is written back unless an error occurs.

        If it cannot be written, as on a full disk, this process remembers it. Otherwise the same
        alert would be sent on every check, or never.
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
        """Lock the outbox. If the disk fails even here, log it and go on without the lock."""
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
        """The stored state; a damaged file is renamed, which is an alert itself."""
        empty: dict[str, Any] = {"waiting": [], SENT: {}, "sent_at": 0.0}
        try:
            kept: dict[str, Any] = empty | json.loads(self.path.read_text(encoding="utf-8"))
            _ = [Alert(**alert) for alert in kept["waiting"]], dict(kept[SENT])
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
            f"was damaged and was renamed to {aside.name}; alerts waiting in it are lost",
            "nothing: lasting problems are reported again", is_repeated=True,
        )  # fmt: skip
        return empty | {"waiting": [asdict(damaged)]}

    def _write(self, text: str) -> None:
        """Write the state completely or not at all, even if the power fails."""
        unfinished = self.path.with_suffix(".tmp")
        with os.fdopen(os.open(unfinished, _NEW_FILE, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def message(alerts: Sequence[Alert]) -> str:
    """The alerts as text; the first ones in full."""
    lines = [str(alert) for alert in alerts[:SPELT_OUT]]
    if (more := len(alerts) - SPELT_OUT) > 0:
        lines.append(f"... and {more} more; see `estore status` and the runs in Dagster")
    return "\n".join(lines)


def send(url: str, alerts: Sequence[Alert], *, slack_api: str = SLACK_API) -> None:
    """Deliver to a Slack hook, a Slack channel (slack://TOKEN@CHANNEL) or any webhook as JSON.

    Raises EstoreError with the reason but without the address, which is a secret.
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
    content = body(address.hostname, alerts)
    try:
        answer = requests.post(
            url, json=content, timeout=TIMEOUT, allow_redirects=False, stream=True
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
    """The body for a webhook: text in which no name can mention people or make a link, and the
    parts of each alert, except for Slack, which rejects unknown fields."""
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


#: Texts of errors that occur before anything is sent.
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
        f"alerts could not be delivered to {host}: {why}. They stay queued; check ESTORE_ALERT_URL",
        may_have_arrived=may_have_arrived, is_unanswered=is_unanswered,
    )  # fmt: skip
