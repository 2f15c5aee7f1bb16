"""Faults: what stands in the way of a bucket, in words that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from estore.errors import EstoreError


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Turns what a library says of the bucket into an EstoreError."""
    try:
        yield
    except EstoreError:
        raise
    except Exception as error:
        raise EstoreError(in_words(error, uri)) from error


def in_words(error: Exception, uri: str) -> str:
    """What is wrong with the bucket or object, and what to do."""
    if isinstance(error, FileNotFoundError):
        return f"{uri}: there is no such bucket, or no such object; is its name right?"
    return f"{uri}: cannot be read: {error}"
