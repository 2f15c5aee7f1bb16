"""Connections: limits on a client's time and on the number of connections, before any sign-in.

uvicorn does not limit the time to receive a request or to send an answer. So a few hundred
incomplete requests could block all users, without any credentials.
"""

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds to receive a request, and to receive the next one after an answer.
REQUEST_SECONDS = 10.0
#: Seconds in which the client must receive LEAST bytes of an answer, or all of the rest.
ANSWER_SECONDS, LEAST = 20.0, 16_384
#: Maximum connections; above it, the one that has been idle longest is closed.
MOST = 500


class BoundedConnection(H11Protocol):
    """A connection that closes when its client is idle or too slow."""

    #: Connections without a request, oldest first, of one event loop.
    waiting: "dict[BoundedConnection, None]"

    def __init__(self, *args: Any, waiting: "dict[BoundedConnection, None]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = waiting
        self._deadline: asyncio.TimerHandle | None = None
        self._left_to_send = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_request()
        if len(self.connections) > most_connections():
            next(iter(self.waiting)).end()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._stop_waiting_once_asked()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._stop_waiting()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        self._wait_for_request()
        super().on_response_complete()  # this may begin the next request
        self._stop_waiting_once_asked()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def end(self) -> None:
        """Close at once."""
        self._stop_waiting()
        self.transport.abort()

    def _stop_waiting_once_asked(self) -> None:
        if self.cycle and not self.cycle.response_complete and not self.cycle.more_body:
            self._stop_waiting()

    def _wait_for_request(self) -> None:
        self._stop_waiting()
        self.waiting[self] = None
        self._left_to_send = self.transport.get_write_buffer_size()
        seconds = ANSWER_SECONDS if self._left_to_send else REQUEST_SECONDS
        self._deadline = self.loop.call_later(seconds, self._at_deadline)

    def _stop_waiting(self) -> None:
        self.waiting.pop(self, None)
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _at_deadline(self) -> None:
        """Extend the deadline of a slow client that is still receiving."""
        left = self.transport.get_write_buffer_size()
        if left and self._left_to_send - left >= LEAST:
            self._wait_for_request()
        else:
            self.end()


def most_connections() -> int:
    """The maximum number of connections, within the system's limit for this process."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if allowed == resource.RLIM_INFINITY else max(min(MOST, allowed // 2), 1)
