"""Failures: temporary errors are retried, permanent errors are reported at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from estore.buckets.error_messages import is_away
from estore.errors import Busy, EstoreError, RefusedFile, engine_advice
from estore.escaping import printable

#: The metadata key of a failure's fix, and the tag of a temporary failure.
WHAT_TO_DO, PASSING_TAG = "what to do", "estore/may_pass"
WAIT = (
    "nothing for `load_files` and `transform`: after several tries they restart automatically; "
    "launch any other job again"
)


def may_pass(error: BaseException) -> bool:
    """Whether a later retry may work: the lock was held, or the network was down."""
    if isinstance(error, RefusedFile):
        return False
    if isinstance(error, Busy) or is_away(error):
        return True
    cause = error.__cause__
    return cause is not None and may_pass(cause)


def retry_policy(seconds: int) -> dg.RetryPolicy:
    """Three more tries, each after twice the delay."""
    return dg.RetryPolicy(
        max_retries=3, delay=seconds, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
    )


@contextmanager
def reporting(context: dg.AssetExecutionContext, what_to_do: str) -> Iterator[None]:
    """Turns an error that a person can act on into a failure with its message.

    what_to_do: the fix for a permanent error. A temporary one makes Dagster retry the op.
    """
    try:
        yield
    except dg.Failure:
        raise
    except Exception as error:
        words = str(error) if isinstance(error, EstoreError) else engine_advice(str(error))
        words = printable(words) if words else None
        if not may_pass(error):
            if words is None:
                raise  # our own bug, with its traceback
            raise failure(words, what_to_do) from error
        context.log.warning(f"temporary error, so it is retried: {printable(str(error))}")
        context.instance.add_run_tags(context.run.run_id, {PASSING_TAG: type(error).__name__})
        raise dg.Failure(
            description=words or printable(f"{type(error).__name__}: {error}"),
            metadata={WHAT_TO_DO: WAIT}, allow_retries=True,
        ) from error  # fmt: skip


def failure(words: str, what_to_do: str, **metadata: Any) -> dg.Failure:
    """A failure that a retry cannot fix."""
    return dg.Failure(
        description=words, metadata={WHAT_TO_DO: what_to_do, **metadata}, allow_retries=False
    )
