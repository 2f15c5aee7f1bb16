"""The dashboard's connections: no client can block the others."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import pytest
import uvicorn

from estore.dashboard import connections
from estore.dashboard.connections import BoundedConnection

HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-a: "
WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
LARGE = 64_000_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    """A server that responds at once; /large exceeds every socket buffer."""
    body = b"x" * LARGE if scope["path"] == "/large" else b"ok"
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served() -> Iterator[Any]:
    """Opens connections to a server."""
    config = uvicorn.Config(
        app, port=0, log_config=None, lifespan="off",
        http=partial(BoundedConnection, waiting={}),  # type: ignore[arg-type]
    )  # fmt: skip
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        opened: list[socket.socket] = []

        def connect(text: bytes) -> socket.socket:
            client = socket.create_connection(listener.getsockname(), timeout=20)
            opened.append(client)
            client.sendall(text)
            return client

        try:
            yield connect
        finally:
            for client in opened:
                client.close()
            server.should_exit = True
            thread.join()


def is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def answer(client: socket.socket) -> bytes:
    with closing(client):
        return client.recv(1_000)


@pytest.mark.parametrize(
    "start",
    [b"", b"G", HALF, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", WHOLE + HALF],
    ids=["nothing", "a letter", "half a head", "half a body", "half of the next"],
)
def test_a_request_that_does_not_end_is_closed(
    monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)
    with served() as connect:
        client = connect(start)
        while not is_closed(client):
            pass


def test_a_client_that_sends_a_byte_at_a_time_is_closed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.3)
    with served() as connect:
        client = connect(HALF)
        client.settimeout(0.02)
        for _ in range(1_000):
            try:
                client.sendall(b"x")
                if is_closed(client):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    raise AssertionError("it stays open")


def test_many_unfinished_requests_do_not_block_other_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MOST", 20)
    with served() as connect:
        halves = [connect(HALF) for _ in range(60)]
        assert answer(connect(WHOLE)).startswith(b"HTTP/1.1 200")
        assert all(is_closed(client) for client in halves[:40]), "the oldest go first"
        halves[-1].sendall(b"y\r\n\r\n")
        assert answer(halves[-1]).startswith(b"HTTP/1.1 200")


def test_a_response_that_no_client_reads_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.2)
    with served() as connect:
        client = connect(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        threading.Event().wait(1)
        received = 0
        try:
            while part := client.recv(1_000_000):
                received += len(part)
        except ConnectionResetError:
            pass
        assert received < LARGE


def test_a_slow_client_gets_its_complete_response(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)
    with served() as connect:
        client = connect(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = 0
        while received < LARGE:
            part = client.recv(1_000_000)
            assert part, received
            received += len(part)
            threading.Event().wait(0.01)


def test_a_low_limit_of_open_files_means_fewer_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for allowed, most in ((64, 32), (1_024, 500), (-1, 500), (1, 1)):
        monkeypatch.setattr(connections.resource, "getrlimit", lambda kind, n=allowed: (n, n))
        assert connections.most_connections() == most
