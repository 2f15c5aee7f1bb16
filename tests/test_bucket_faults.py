"""Faults of buckets: each has a message with the fix, and leaves nothing half visible."""

import re
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from emulators import S3, Buckets, free_port
from faulty_network import REFUSALS, Fault, FaultyNetwork, faulty_network
from landing_files import lines, text
from test_buckets import BucketHome

from estore.buckets import stores
from estore.errors import EstoreError
from estore.landing import find_files
from estore.load.copies import Copies

ENDPOINTS = {"gs": "STORAGE_EMULATOR_HOST", "s3": "AWS_ENDPOINT_URL"}
#: Pattern of the requests for the bytes of a named object.
BYTES = {"gs": r"GET /download/.*{}", "s3": r"GET /.*{}$"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries retry as often as usual, but do not wait."""
    import gcsfs.retry
    import s3fs.core

    async def at_once(_: float) -> None: ...

    for module in (gcsfs.retry, s3fs.core):
        monkeypatch.setattr(module, "asyncio", SimpleNamespace(**{
            **vars(module.asyncio), "sleep": at_once
        }))  # fmt: skip
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.fixture
def network(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyNetwork]:
    """The network between estore and the buckets."""
    with faulty_network(buckets.endpoint) as (network, endpoint):
        monkeypatch.setenv(ENDPOINTS[buckets.scheme], endpoint)
        yield network


@pytest.fixture
def home(tmp_path: Path, buckets: Buckets) -> BucketHome:
    """A bucket with three objects of five rows."""
    home = BucketHome(tmp_path, buckets)
    for number, name in enumerate(("a.csv", "b.csv", "c.csv")):
        home.put(name, text(lines(5, first=1000 + 10 * number)))
    return home


def bytes_of(home: BucketHome, name: str) -> str:
    """The pattern of the requests for an object's bytes."""
    return BYTES[home.buckets.scheme].format(name.replace(".", r"\."))


def test_a_temporary_error_is_retried(home: BucketHome, network: FaultyNetwork) -> None:
    busy = b'{"error": {"code": 503, "message": "busy"}}'
    if home.buckets.scheme == "s3":
        busy = b"<Error><Code>SlowDown</Code><Message>SlowDown</Message></Error>"
    network.faults = [
        Fault(bytes_of(home, "a.csv"), times=2, cut=True),
        Fault(bytes_of(home, "b.csv"), times=2, status=503, body=busy),
    ]
    assert home.load_bucket().count("loaded") == 3
    assert len(home.products()) == 15
    assert not [fault for fault in network.faults if fault.times], "the faults did not happen"


def test_the_next_object_comes_while_one_is_loaded_and_no_further_one(
    home: BucketHome, network: FaultyNetwork, tmp_path: Path
) -> None:
    coming = threading.Event()
    network.faults = [Fault(bytes_of(home, "b.csv"), before=coming.set)]
    files = find_files([home.bucket])
    copies = Copies(files, tmp_path / "objects")
    first = copies.fetch(files[0], lambda done: None)
    assert coming.wait(30)
    assert not [asked for asked in network.asked if "c.csv" in asked]
    second = copies.fetch(files[1], lambda done: None)
    assert (first.path.read_bytes(), second.path.read_bytes()) == (
        text(lines(5, first=1000)), text(lines(5, first=1010)),
    )  # fmt: skip
    asked = [asked for asked in network.asked if re.search(bytes_of(home, "b.csv"), asked)]
    assert len(asked) == 1


def test_a_network_that_stays_down_ends_the_load_and_the_next_one_continues(
    home: BucketHome, network: FaultyNetwork
) -> None:
    network.faults = [Fault(bytes_of(home, "b.csv"), cut=True)]
    with pytest.raises(
        EstoreError, match=r"b\.csv: cannot be reached after several tries"
    ) as raised:
        home.load_bucket()
    assert ENDPOINTS[home.buckets.scheme] in str(raised.value)
    assert home.statuses() == {"a.csv": "loaded"}
    assert len(home.products()) == 5
    assert not home.query("select * from raw.rejects")
    network.faults.clear()
    assert [outcome.status for outcome in home.load_bucket().outcomes] == [
        "unchanged", "loaded", "loaded",
    ]  # fmt: skip


def test_an_object_that_may_not_be_read_is_refused_alone(
    home: BucketHome, network: FaultyNetwork
) -> None:
    scheme = home.buckets.scheme
    network.faults = [
        Fault("(GET|HEAD) .*b.csv", status=403, body=REFUSALS[scheme]),
    ]
    (refused,) = home.load_bucket().refused
    assert "b.csv no permission to read it" in (refused.error or "")
    assert {"gs": "storage.objectViewer", "s3": "s3:GetObject"}[scheme] in (refused.error or "")
    assert home.statuses() == {"a.csv": "loaded", "b.csv": "refused", "c.csv": "loaded"}
    network.faults.clear()
    assert home.load_bucket().count("loaded") == 1


def test_an_object_replaced_while_it_is_read_is_refused_and_never_mixed(
    home: BucketHome, network: FaultyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "BLOCK", 500)
    before, after = text(lines(20, first=1000)), text(lines(20, first=2000))
    home.put("b.csv", before)
    seen = count()

    def replace() -> None:
        if next(seen) == 1:
            home.put("b.csv", after)

    network.faults = [Fault(bytes_of(home, "b.csv"), before=replace)]
    (refused,) = home.load_bucket().refused
    assert "b.csv changed while it was being read; run again" in (refused.error or "")
    assert len(home.products()) == 10
    assert next(seen) == 2, "it must be replaced before its second block"
    assert home.load_bucket().count("loaded") == 1
    assert len(home.products()) == 30


def test_an_object_replaced_before_it_is_read_is_refused(home: BucketHome) -> None:
    files = find_files([home.bucket])
    home.put("b.csv", text(lines(5, first=2000)))  # as many bytes
    (refused,) = home.load_found(files).refused
    assert "b.csv changed while it was being read; run again" in (refused.error or "")
    assert len(home.products()) == 10
    assert home.load_bucket().count("loaded") == 1


def test_a_truncated_object_is_refused(home: BucketHome, network: FaultyNetwork) -> None:
    """A complete response that is not the object, for example from a proxy."""
    network.faults = [Fault(bytes_of(home, "b.csv"), status=206, body=text(lines(2)))]
    assert [refused.uri for refused in home.load_bucket().refused] == [f"{home.bucket}/b.csv"]
    assert len(home.products()) == 10


def test_an_object_that_vanishes_is_refused_alone(home: BucketHome, network: FaultyNetwork) -> None:
    def delete() -> None:
        home.buckets.delete(f"{home.bucket}/b.csv")

    network.faults = [Fault("(GET|HEAD) .*b.csv", times=1, before=delete)]
    (refused,) = home.load_bucket().refused
    assert "b.csv no longer exists" in (refused.error or "")
    assert len(home.products()) == 10
    assert home.load_bucket().count("unchanged") == 2


def test_a_bucket_without_list_permission_is_reported(
    home: BucketHome, network: FaultyNetwork
) -> None:
    network.faults = [Fault("GET", status=403, body=REFUSALS[home.buckets.scheme])]
    with pytest.raises(EstoreError, match="no permission to read it") as raised:
        find_files([home.bucket])
    assert str(raised.value).startswith(home.bucket)


def test_a_bucket_that_does_not_exist_is_reported(buckets: Buckets) -> None:
    for place in ("/", "/folder", "/folder/", "/2019-*.csv", "/2019-Oct.csv"):
        uri = f"{buckets.scheme}://no-such-bucket{place}"
        with pytest.raises(EstoreError, match="bucket not found; check its name"):
            find_files([uri])


def test_an_endpoint_without_a_server_is_reported_with_its_setting(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = ENDPOINTS[buckets.scheme]
    monkeypatch.setenv(setting, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(EstoreError, match=f"cannot be reached after several tries .*{setting}"):
        find_files([f"{buckets.scheme}://shop/"])


@pytest.fixture
def logged_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a login."""
    for name in stores.bucket_environment():
        monkeypatch.delenv(name[0])
    for name, value in {
        "HOME": tmp_path, "CLOUDSDK_CONFIG": tmp_path, "NO_GCE_CHECK": "true",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": tmp_path / "config",
        "AWS_SHARED_CREDENTIALS_FILE": tmp_path / "credentials",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))


@pytest.mark.parametrize(
    ("scheme", "said"), [("gs", "gcloud auth application-default login"), ("s3", "aws configure")]
)
@pytest.mark.usefixtures("logged_out")
def test_without_credentials_the_error_says_how_to_log_in(scheme: str, said: str) -> None:
    with pytest.raises(EstoreError, match=f"shop/: no valid credentials .*{said}"):
        find_files([f"{scheme}://shop/"])


@pytest.mark.usefixtures("logged_out")
def test_an_invalid_profile_or_endpoint_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:9")
    with pytest.raises(EstoreError, match="AWS_ENDPOINT_URL must look like https://"):
        find_files(["s3://shop/"])
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(EstoreError, match=r"no-such-profile.* AWS_PROFILE"):
        find_files(["s3://shop/"])


def test_unknown_or_unauthorized_keys_are_reported_by_a_server_that_checks(
    s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable, value in s3.environment.items():
        monkeypatch.setenv(variable, value)
    bucket = s3.new_bucket()
    s3.put(f"{bucket}/a.csv", text(lines(5)))
    keys = s3.new_user("no-rights")
    with s3.who_asks_is_checked():
        with pytest.raises(EstoreError, match="no valid credentials"):
            find_files([bucket])
        for name, value in keys.items():
            monkeypatch.setenv(name.upper(), value)
        with pytest.raises(EstoreError, match=r"no permission to read it .*s3:ListBucket"):
            find_files([bucket])


@pytest.mark.parametrize(
    ("scheme", "module", "extra"), [("gs", "gcsfs", "bigquery"), ("s3", "s3fs", "s3")]
)
def test_the_error_of_a_missing_library_names_its_extra(
    scheme: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("AWS_REGION", "of another environment")  # hence a store of its own
    with pytest.raises(EstoreError, match=rf"pip install 'estore-analytics\[{extra}\]'"):
        find_files([f"{scheme}://shop/"])
