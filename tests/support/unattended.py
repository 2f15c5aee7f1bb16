"""An unattended shop: Dagster's real servers and daemon, and a receiver of alerts."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import dagster as dg
import duckdb
import psutil
import yaml
from emulators import free_port

from estore.errors import EstoreError
from estore.orchestration import launcher
from estore.settings import Settings
from estore.snapshot.manifest import current_version
from estore.snapshot.reader import open_snapshot

T = TypeVar("T")
SHIPPED = Path(launcher.__file__).with_name("dagster.yaml")
#: Timeout of a test's waits, in seconds.
PATIENCE = 600


@dataclass(frozen=True)
class Ran:
    """A run, with times in seconds since 1970; a running one has no end."""

    job: str
    status: str
    launched_at: float
    ended_at: float | None


class Receiver:
    """An HTTP server that keeps every message."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.answer = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.answer == 200:
                    message = {"path": self.path, "authorization": self.headers["Authorization"]}
                    receiver.received.append({**message, **_read(self.headers, body)})
                self.send_response(receiver.answer)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(b'{"ok": true}')

            def log_message(self, format: str, *args: Any) -> None:
                """No log in the test's output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def text(self) -> str:
        """All received alerts."""
        return "\n".join(message["text"] for message in self.received)

    def close(self) -> None:
        """Stop the server."""
        self.server.shutdown()
        self.server.server_close()


def _read(headers: Any, body: bytes) -> dict[str, Any]:
    if "json" in headers["Content-Type"]:
        return dict(json.loads(body))
    return dict(parse_qsl(body.decode()))


class Unattended:
    """One home. `start` and `kill` are the actions of an operator or a power cut."""

    def __init__(
        self, folder: Path, alert_url: str, environment: Mapping[str, str], *, poll: int = 2,
        **settings: Any,
    ) -> None:  # fmt: skip
        """environment: where emulators are; poll: seconds; settings: the shop's own."""
        self.folder, self.home = folder, folder / "home"
        for made in (self.home, folder / "dagster"):
            made.mkdir(parents=True)
        (self.home / "shop.toml").write_text(
            f"[orchestration]\npoll_seconds = {poll}\nalert_seconds = 0\nretry_seconds = 1\n"
        )
        instance = yaml.safe_load(SHIPPED.read_text())
        instance["run_monitoring"]["poll_interval_seconds"] = 2
        instance["run_queue"] = {"dequeue_interval_seconds": 1}
        (folder / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(instance))
        self.ports = {name: free_port() for name in ("code", "web")}
        (folder / "workspace.yaml").write_text(
            yaml.safe_dump({"load_from": [{"grpc_server": {
                "host": "127.0.0.1", "port": self.ports["code"], "location_name": "estore"}}]})
        )  # fmt: skip
        self.environment = {
            **os.environ, **environment, "DAGSTER_HOME": str(folder / "dagster"),
            "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "1",
            "ESTORE_ALERT_URL": alert_url,
        }  # fmt: skip
        self.settings = Settings()
        self.use(home=self.home, threads=2, **settings)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.stack = ExitStack()

    def use(self, **settings: Any) -> None:
        """Change the settings of processes that start later."""
        self.settings = self.settings.model_copy(update=settings)
        self.environment |= {f"ESTORE_{name.upper()}": str(settings[name]) for name in settings}

    def __enter__(self) -> "Unattended":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # ------------------------------------------------------------------ processes

    def start(self, *names: str) -> None:
        """Start the code server, the daemon or the web server."""
        workspace = str(self.folder / "workspace.yaml")
        commands = {
            "code": ["dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(self.ports["code"]),
                     "-m", "estore.orchestration.definitions", "--location-name", "estore"],
            "daemon": ["dagster-daemon", "run", "-w", workspace],
            "web": ["dagster-webserver", "-h", "127.0.0.1", "-p", str(self.ports["web"]),
                    "-w", workspace],
        }  # fmt: skip
        for name in names:
            log = self.stack.enter_context((self.folder / f"{name}.log").open("ab"))
            program = Path(sys.executable).with_name(commands[name][0])
            self.processes[name] = subprocess.Popen(
                [sys.executable, str(program), *commands[name][1:]], cwd=self.folder,
                env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            if name == "code":
                self.wait(lambda: is_open(self.ports["code"]), "the code server")

    def kill(self, *names: str) -> None:
        """Kill processes and their children, like a power cut."""
        for name in names:
            process = self.processes.pop(name)
            if process.poll() is not None:
                continue
            family = [*psutil.Process(process.pid).children(recursive=True), process]
            for member in family:
                with suppress(psutil.NoSuchProcess):
                    os.kill(member.pid, signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        """Leave nothing running."""
        self.kill(*list(self.processes))
        self.stack.close()

    # ------------------------------------------------------------------ checking

    def wait(self, seen: Callable[[], T], what: str) -> T:
        """Poll until a condition is true. A failure shows Dagster's last output."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := seen():
                return found
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended: {self.said()}"
            time.sleep(0.3)
        raise AssertionError(f"{what} did not come: {self.said()}")

    def said(self) -> str:
        """The last output of every process."""
        return "\n".join(
            f"--- {path.stem}\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log")
        )

    def ask(self, query: str, **variables: Any) -> Any:
        """A GraphQL query to the web server."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports['web']}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def runs(self, job: str, *statuses: str) -> list[dict[str, Any]]:
        """Runs of a job, newest first, from the web server."""
        content = self.ask(RUNS, filter={"pipelineName": job, "statuses": list(statuses)})
        return content["runsOrError"]["results"] if content else []

    def history(self) -> list[Ran]:
        """Every launched run in order, from Dagster's database."""
        found = []
        with dg.DagsterInstance.from_config(str(self.folder / "dagster")) as instance:
            for record in instance.get_run_records():
                run, launch = record.dagster_run, dg.DagsterEventType.RUN_STARTING
                for event in instance.all_logs(run.run_id, of_type=launch):
                    found.append(
                        Ran(run.job_name, run.status.value, event.timestamp, record.end_time)
                    )
        return sorted(found, key=lambda ran: ran.launched_at)

    def is_building(self) -> bool:
        """Whether a run is running the transforms."""
        with suppress(OSError, ValueError):
            return bool(json.loads((self.home / "run.lock").read_text())["command"] == "build")
        return False

    def published(self) -> str:
        """The newest snapshot's name."""
        folder = current_version(self.settings)
        return folder.name if folder else ""

    def events(self) -> int:
        """Loaded rows, from the newest snapshot."""
        with suppress(EstoreError, FileNotFoundError, duckdb.IOException):
            with open_snapshot(self.settings) as (snapshot, _):
                (loaded,) = snapshot.execute(
                    "select sum(loaded) from raw_files where status = 'loaded'"
                ).fetchone() or (0,)
            return int(loaded)
        return 0


RUNS = """
query Runs($filter: RunsFilter) {
  runsOrError(filter: $filter) { ... on Runs { results { runId status jobName } } }
}
"""


def is_open(port: int) -> bool:
    """Whether a server listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
