"""A cloud machine as its scripts see it: metadata, secrets, a registry, containers.

The scripts and curl are real. Replacements of `docker`, `systemctl` and `gcloud` send requests to
this server.
"""

import base64
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "registry/estore@sha256:" + "{:064x}"

DOCKER = r"""
case $1 in
pull) curl --silent --fail "$CLOUD/registry/${*: -1}" ;;
run)  shift; while [ "$1" != python ]; do shift; done; shift
      exec {python} "${1/\/config/$ESTORE_CONFIG}" "${@:2}" ;;
esac
"""
SYSTEMCTL = r"""
[ "$1" = restart ] || exit 0
curl --silent --request PUT --data "$(cat "$ESTORE_RUN/image")" "$CLOUD/running"
"""
GCLOUD = r"""
[ "$1 $2 $4" = "compute instances estore" ] || exit 9
case $3 in
describe) curl --silent --fail "$CLOUD/image" || true ;;
add-metadata)
    value="${*: -1}"
    curl --silent --request PUT --data "${value#estore-image=}" "$CLOUD/image" ;;
get-guest-attributes) curl --silent --fail "$CLOUD/guest/$(grep -oP '(?<=estore/)\w+' <<< "$*")" ;;
esac
"""


class Machine:
    """One machine. sound: images that become healthy; pullable: images in the registry."""

    def __init__(self, folder: Path) -> None:
        self.image = ""
        self.running = ""
        self.guest: dict[str, str] = {}
        self.history: list[str] = []
        self.secrets: dict[str, str] = {}
        self.sound: set[str] = set()
        self.pullable: set[str] = set()
        self.objects: dict[str, str] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.folder = folder
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        for name in ("bin", "config", "run", "keep"):
            (folder / name).mkdir(parents=True)
        commands = {"docker": DOCKER.replace("{python}", sys.executable), "systemctl": SYSTEMCTL,
                    "gcloud": GCLOUD, "docker-credential-gcr": ""}  # fmt: skip
        for name, body in commands.items():
            path = folder / "bin" / name
            path.write_text(f"#!/bin/bash\n{body}")
            path.chmod(0o755)
        reader = (ROOT / "terraform" / "vm" / "read-secrets").read_text()
        config = {"read-secrets": reader, "registry-host": "registry", "project": "shop",
                  "landing-bucket": "shop-landing\n",
                  "secret-names": "estore-alert-url\nestore-dashboard-auth\n"}  # fmt: skip
        for name, body in config.items():
            (folder / "config" / name).write_text(body)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the scripts."""
        return {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "CLOUD": self.url,
            "ESTORE_METADATA_URL": f"{self.url}/metadata",
            "ESTORE_SECRETS_URL": f"{self.url}/secrets",
            "ESTORE_HEALTH_URL": f"{self.url}/healthz",
            **{f"ESTORE_{name.upper()}": str(self.folder / name)
               for name in ("config", "run", "keep")},
            "ESTORE_UNITS": "estore-daemon.service estore-dashboard.service",
            "ESTORE_STORAGE_URL": f"{self.url}/storage",
            "ESTORE_OWNER": f"{os.getuid()}:{os.getgid()}",
            "ESTORE_SETTINGS_PAUSE": "0",
            "ESTORE_PAUSE": "0.2",
            "ESTORE_PATIENCE": "3",
        }  # fmt: skip

    def boot(self) -> subprocess.Popen[bytes]:
        """The service that runs the image named in the metadata."""
        return subprocess.Popen(
            ["bash", str(ROOT / "terraform" / "vm" / "switch-image")],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def deploy(self, image: str) -> subprocess.CompletedProcess[str]:
        """Deploy an image or roll back."""
        return subprocess.run(
            [str(ROOT / ".ci" / "deploy-image"), "shop", "zone", image],
            env={**self.environment, "ESTORE_PATIENCE": "30"}, capture_output=True, text=True,
        )  # fmt: skip


def _handler(machine: Machine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *said: object) -> None:
            pass

        def _answer(self, text: str | None, status: int = 200) -> None:
            body = (text or "").encode()
            self.send_response(status if text is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path = unquote(self.path).strip("/")
            name = path.rpartition("/")[2]
            if path.startswith("metadata") and self.headers["Metadata-Flavor"] != "Google":
                return self._answer("", 403)
            if path in ("metadata/instance/attributes/estore-image", "image"):
                return self._answer(machine.image or None)
            if path == "metadata/instance/service-accounts/default/token":
                return self._answer(json.dumps({"access_token": "short-lived"}))
            is_private = path.startswith(("secrets/", "storage/"))
            if is_private and self.headers["Authorization"] != "Bearer short-lived":
                return self._answer("", 403)
            if path.startswith("storage/storage/v1/b/shop-landing/o/"):
                name, _, query = path.partition("/o/")[2].partition("?")
                return self._answer(machine.objects.get(name) if query == "alt=media" else None)
            if path.startswith("secrets/projects/shop/secrets/"):
                value = machine.secrets.get(path.split("/")[4])
                data = base64.b64encode(value.encode()).decode() if value else ""
                return self._answer(json.dumps({"payload": {"data": data}}) if value else None)
            if path.startswith("registry/"):
                return self._answer("" if path[9:] in machine.pullable else None)
            if path == "healthz":
                return self._answer("ok" if machine.running in machine.sound else None)
            return self._answer(machine.guest.get(name))

        def do_PUT(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/image":
                machine.image = text
            elif self.path == "/running":
                machine.running = text.strip().removeprefix("ESTORE_IMAGE=")
                machine.history.append(machine.running)
            else:
                machine.guest[self.path.rpartition("/")[2]] = text
            self._answer("")

    return Handler
