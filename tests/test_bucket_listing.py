"""Which objects a place in a bucket means: the rules of folders, on both kinds of bucket."""

import subprocess
import sys

import pytest
from emulators import Buckets

from estore.errors import EstoreError
from estore.landing import find_files

KEYS = (
    "2019-Nov.csv.gz",
    "2019-Oct.csv",
    "deep/2019-Oct.csv",
    "deep/er/a#b c?[1]ü.parquet",
    "deep/er/x.csv.zst",
    "deep/notes.txt",
    "deep/.hidden.csv",
    "deep/_half.csv",
    "deep/_tmp/part.csv",
    "deep/.tmp/part.csv",
    "deeper.csv",
)


@pytest.fixture
def bucket(buckets: Buckets) -> str:
    """A bucket with these objects."""
    uri = buckets.new_bucket()
    for key in KEYS:
        buckets.put(f"{uri}/{key}", key.encode())
    return uri


def test_an_address_in_a_bucket_means_what_a_path_in_a_folder_means(bucket: str) -> None:
    deep = ["deep/2019-Oct.csv", "deep/er/a#b c?[1]ü.parquet", "deep/er/x.csv.zst"]
    for place, keys in {
        "": ["2019-Nov.csv.gz", "2019-Oct.csv", *deep, "deeper.csv"],
        "/": ["2019-Nov.csv.gz", "2019-Oct.csv", *deep, "deeper.csv"],
        "/deep": deep,
        "/deep/": deep,
        "/2019-*.csv*": ["2019-Nov.csv.gz", "2019-Oct.csv"],
        "/2019-*.csv": ["2019-Oct.csv"],
        "/2019-[MN]o?.csv.gz": ["2019-Nov.csv.gz"],
        "/**/*.csv": ["2019-Oct.csv", "deep/2019-Oct.csv", "deeper.csv"],
        "/d*/*.csv": ["deep/2019-Oct.csv"],
        "/deep/er/a#b c?[1]ü.parquet": ["deep/er/a#b c?[1]ü.parquet"],
        "/2019-Oct.csv": ["2019-Oct.csv"],
        "/deep/_half.csv": ["deep/_half.csv"],
        "/deep/notes.txt": ["deep/notes.txt"],
    }.items():
        found = [file.uri for file in find_files([bucket + place])]
        assert found == [f"{bucket}/{key}" for key in keys], place


def test_an_object_is_listed_with_its_size_and_kind(bucket: str) -> None:
    file, *_ = find_files([f"{bucket}/deep/er/x.csv.zst"])
    assert (file.name, file.format, file.compression) == ("x.csv.zst", "csv", "zstd")
    assert file.bytes == len("deep/er/x.csv.zst")
    assert file.is_object


def test_overlapping_addresses_name_an_object_once(bucket: str) -> None:
    files = find_files([f"{bucket}/deep/er/", f"{bucket}/deep", f"{bucket}/deep/er/x.csv.zst"])
    assert [file.name for file in files] == ["2019-Oct.csv", "a#b c?[1]ü.parquet", "x.csv.zst"]


def test_different_content_is_a_different_generation(bucket: str, buckets: Buckets) -> None:
    place = f"{bucket}/deeper.csv"
    (before,) = find_files([place])
    assert [before] == find_files([place])
    buckets.put(place, b"DEEPER.csv")
    (after,) = find_files([place])
    assert before.generation != after.generation
    assert before.bytes == after.bytes


@pytest.mark.parametrize("place", ["/none.csv", "/none/", "/none-*.csv", "/deep/*.txt"])
def test_an_address_without_event_files_is_an_error(bucket: str, place: str) -> None:
    with pytest.raises(EstoreError, match="contains no event files") as raised:
        find_files([bucket + place])
    assert str(raised.value).startswith(bucket + place)


def test_the_error_of_an_invalid_address_shows_a_valid_one() -> None:
    for place in ("gs://", "s3:///key.csv", "https://shop.example/2019-Oct.csv", "gs:///"):
        with pytest.raises(EstoreError, match="s3://bucket/folder/"):
            find_files([place])


def test_an_invalid_pattern_is_reported(bucket: str) -> None:
    with pytest.raises(EstoreError, match="invalid pattern"):
        find_files([f"{bucket}/2019**.csv"])


def test_bucket_libraries_are_imported_only_when_a_bucket_is_named() -> None:
    code = (
        "import sys, estore.cli, estore.pipeline, estore.landing\n"
        "print({'fsspec', 'gcsfs', 's3fs', 'botocore', 'google.auth'} & sys.modules.keys())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
