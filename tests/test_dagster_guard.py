"""Dagster's pages respond only to their own host names and pages, and to programs."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from emulators import free_port
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from estore.orchestration.dev import dev
from estore.orchestration.guard import PageGuard
from estore.orchestration.webserver import serve

MUTATION = "mutation { reloadWorkspace { __typename } }"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real webserver, with an empty workspace."""
    port = free_port()
    command = [sys.executable, "-m", "estore.orchestration.webserver", "-p", str(port),
               "--name", "Dagster.example", "--empty-workspace"]  # fmt: skip
    home = tmp_path_factory.mktemp("dagster")
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with subprocess.Popen(
        command, env={**os.environ, "DAGSTER_HOME": str(home)}, stderr=subprocess.PIPE
    ) as server:
        try:
            until = time.monotonic() + 120
            while time.monotonic() < until:
                try:
                    requests.get(f"http://127.0.0.1:{port}/server_info", timeout=5)
                    break
                except requests.ConnectionError:
                    assert server.poll() is None, server.stderr and server.stderr.read()
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def ask(url: str, headers: dict[str, str], **options: Any) -> int:
    body = options.pop("data", '{"query": "{ version }"}')
    answer = requests.post(f"{url}/graphql", body, headers=headers, timeout=20, **options)
    if answer.status_code == 200:
        assert "errors" not in answer.json()
    return answer.status_code


def test_its_own_pages_and_programs_get_a_response(url: str) -> None:
    own = url.removeprefix("http://")
    assert ask(url, JSON) == 200
    assert ask(url, {**JSON, "origin": url, "sec-fetch-site": "same-origin"}) == 200
    assert ask(url, {"content-type": "application/json; charset=utf-8", "host": own}) == 200
    assert ask(url, {**JSON, "host": "dagster.example", "origin": "https://dagster.example"}) == 200
    page = requests.get(f"{url}/", timeout=20)
    assert page.status_code == 200 and page.headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**JSON, "host": "evil.example"}, 421),
        ({**JSON, "host": "localhost.evil.example"}, 421),
        ({**JSON, "host": ""}, 421),
        ({**JSON, "origin": "http://evil.example"}, 403),
        ({**JSON, "origin": "null"}, 403),
        ({**JSON, "origin": "http://127.0.0.1:1"}, 403),
        ({**JSON, "sec-fetch-site": "cross-site"}, 403),
        ({**JSON, "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "text/plain; application/json"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "multipart/form-data; boundary=a"}, 415),
        ({}, 415),
    ],
    ids=str,
)
def test_requests_that_a_page_of_another_site_can_send_are_refused(
    url: str, headers: dict[str, str], status: int
) -> None:
    assert ask(url, headers) == status


def test_a_get_request_changes_nothing(url: str) -> None:
    for query in (MUTATION, "{ version }"):
        answer = requests.get(f"{url}/graphql", params={"query": query}, timeout=20)
        assert answer.status_code == 405 and "POST" in answer.text
    assert ask(url, {"content-type": "text/plain"}, data="", params={"query": MUTATION}) == 415
    image = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert requests.get(f"{url}/server_info", headers=image, timeout=20).status_code == 403
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert requests.get(f"{url}/", headers=link, timeout=20).status_code == 200


def test_web_sockets_are_guarded_too() -> None:
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")

    async def page(request: Any) -> PlainTextResponse:
        return PlainTextResponse("page")

    app = Starlette(routes=[WebSocketRoute("/graphql", echo), Route("/", page)])
    with TestClient(PageGuard(app, ["localhost"]), base_url="http://localhost:3000") as client:
        own = {"host": "localhost:3000", "origin": "http://localhost:3000"}
        with client.websocket_connect("/graphql", headers=own) as socket:
            assert socket.receive_text() == "hello"
        for headers in ({**own, "origin": "http://evil.example"}, {**own, "host": "evil.example"}):
            with (
                pytest.raises(WebSocketDisconnect),
                client.websocket_connect("/graphql", headers=headers),
            ):
                pass


@pytest.mark.parametrize("command", [serve, dev])
@pytest.mark.parametrize("port", ["99999", "-1"])
def test_an_invalid_port_is_misuse(command: Any, port: str) -> None:
    answer = CliRunner().invoke(command, ["--port", port])
    assert answer.exit_code == 2 and "0<=x<=65535" in answer.stderr


def test_every_way_to_serve_dagster_uses_the_guard() -> None:
    root = Path(__file__).resolve().parents[1]
    for name in ("compose.yaml", "terraform/machine.tf"):
        text = (root / name).read_text()
        assert "estore.orchestration.webserver" in text and "dagster-webserver" not in text
    assert "estore.orchestration.dev" in (root / "Makefile").read_text()
    assert "dagster dev" not in (root / "Makefile").read_text()
