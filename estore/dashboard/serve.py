"""Serve: runs the dashboard on a port until it is stopped."""

import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType

from estore.dashboard.access import FORMS, LOCAL_NAMES, Credentials, is_local
from estore.dashboard.app import make_app
from estore.dashboard.snapshots import Snapshots
from estore.errors import EstoreError
from estore.settings import Settings

HOST, PORT = "127.0.0.1", 8321


def serve(
    settings: Settings,
    *,
    host: str = HOST,
    port: int = PORT,
    names: Sequence[str] = (),
    without_auth: bool = False,
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Answer requests until interrupted. names: additional host names of the server.

    Raises EstoreError for a port in use, and for an address that others can reach without
    signing in.
    """
    import uvicorn

    from estore.dashboard.connections import BoundedConnection

    secret = settings.dashboard_auth
    credentials = Credentials(secret.get_secret_value()) if secret else None
    if not (credentials or without_auth or is_local(host)):
        raise EstoreError(
            f"others can reach {host}: set ESTORE_DASHBOARD_AUTH to {FORMS}, put a proxy that "
            "signs people in in front of 127.0.0.1, or use --without-auth"
        )
    hosts = None
    if credentials is None and is_local(host):
        hosts = [*LOCAL_NAMES, host, *(name.lower() for name in names)]
    app = make_app(Snapshots(settings), credentials=credentials, hosts=hosts)
    with _listening(host, port) as listener:
        shown = f"[{host}]" if ":" in host else "localhost" if host == HOST else host
        on_ready(f"http://{shown}:{listener.getsockname()[1]}")
        logging.basicConfig(format="%(message)s", level=logging.WARNING)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, lifespan="on",
            timeout_graceful_shutdown=1, proxy_headers=False,
            http=partial(BoundedConnection, waiting={}),  # type: ignore[arg-type]
        )  # fmt: skip
        server = uvicorn.Server(config)
        server.capture_signals = partial(_ended_by_signals, server.handle_exit)  # type: ignore[method-assign]
        server.run(sockets=[listener])


@contextmanager
def _ended_by_signals(end: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Ctrl-C stops the server normally, so the signal is not raised again."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, end) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)  # requests before startup wait
    except OSError as error:
        listener.close()
        raise EstoreError(
            f"cannot listen on {host}:{port}: {error.strerror}; change --host or --port"
        ) from error
    return listener
