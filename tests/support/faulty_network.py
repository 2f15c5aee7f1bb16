"""A network that can fail: a proxy in front of an emulator, controlled by the test."""

import http.client
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

#: Responses of the real services that the emulators do not give.
REFUSALS = {
    "gs": b'{"error": {"code": 403, "message": "shop@example.com does not have '
    b'storage.objects.get access to the Google Cloud Storage object."}}',
    "s3": b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
}


@dataclass
class Fault:
    """A fault of the requests that match a pattern, at most `times` of them.

    status and body: the response instead; cut: only half of the bytes arrive; lost: the request is
    done, but its response is lost; edit: changes the response; before: is called first.
    """

    pattern: str
    times: int = 1_000_000
    status: int | None = None
    body: bytes = b""
    cut: bool = False
    lost: bool = False
    edit: Callable[[bytes], bytes] = lambda body: body
    before: Callable[[], Any] = lambda: None


class FaultyNetwork:
    """The requests of clients, and the faults."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).netloc
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def fault_for(self, asked: str) -> Fault | None:
        """The fault for a request such as `GET /bucket/key BODY`."""
        with self._lock:
            self.asked.append(asked)
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.pattern, asked):
                    fault.times -= 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that are gone: some tests kill them."""


@contextmanager
def faulty_network(target: str) -> Iterator[tuple[FaultyNetwork, str]]:
    """A proxy in front of an endpoint, and the address that a client must use."""
    network = FaultyNetwork(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            payload = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = network.fault_for(
                f"{self.command} {self.path}{' ' if payload else ''}{payload.decode('latin-1')}"
            )
            if fault:
                fault.before()
            if fault and fault.status:
                self._answer(fault.status, {}, fault.body)
                return
            there = http.client.HTTPConnection(network.target, timeout=60)
            there.request(self.command, self.path, payload or None, dict(self.headers))
            answer = there.getresponse()
            body = answer.read()
            there.close()
            if fault and fault.lost:
                self.close_connection = True
                return
            if fault and answer.status < 300:
                body = fault.edit(body)
            self._answer(answer.status, dict(answer.getheaders()), body, bool(fault and fault.cut))

        do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def _answer(
            self, status: int, headers: dict[str, str], body: bytes, cut: bool = False
        ) -> None:
            self.send_response(status)
            length = headers.get("Content-Length", str(len(body)))
            dropped = ("transfer-encoding", "content-length", "connection", "date", "server")
            for name, value in headers.items():
                if name.lower() not in dropped:
                    self.send_header(name, value)
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

        def log_message(self, *_: object) -> None:
            """No log output: `asked` has the requests."""

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    try:
        yield network, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
