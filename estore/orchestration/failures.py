"""Failures: what may pass by itself is tried again, what cannot is told at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from estore.buckets.error_messages import is_away
from estore.errors import Busy, EstoreError, RefusedFile, engine_advice
from estore.escaping import printable

#: What a run says of its failure: metadata of it, and a tag where it may pass.
WHAT_TO_DO, PASSING_TAG = "what to do", "estore/may_pass"
WAIT = (
    "nothing: it was tried several times, and `load_files` and `transform` are started again by "
    "themselves; any other job is yours to launch again"
)


def may_pass(error: BaseException) -> bool:
    """Whether the same again, later, may well work: a lock held, a network that is away."""
    if isinstance(error, RefusedFile):
        return False
    if isinstance(error, Busy) or is_away(error):
        return True
    cause = error.__cause__
    return cause is not None and may_pass(cause)


def retry_policy(seconds: int) -> dg.RetryPolicy:
    """Three more tries, each after twice the time."""
    return dg.RetryPolicy(
        max_retries=3, delay=seconds, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
    )


@contextmanager
def told(context: dg.AssetExecutionContext, what_to_do: str) -> Iterator[None]:
    """Turns an error that a person can act on into a failure in its own words.

    what_to_do: for one that stays. One that may pass is raised so that the op is tried again.
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
                raise  # a fault of ours, with its traceback
            raise failure(words, what_to_do) from error
        context.log.warning(f"may pass, so it is tried again: {printable(str(error))}")
        context.instance.add_run_tags(context.run.run_id, {PASSING_TAG: type(error).__name__})
        raise dg.Failure(
            description=words or printable(f"{type(error).__name__}: {error}"),
            metadata={WHAT_TO_DO: WAIT}, allow_retries=True,
        ) from error  # fmt: skip


def failure(words: str, what_to_do: str, **metadata: Any) -> dg.Failure:
    """A failure that no second try can mend."""
    return dg.Failure(
        description=words, metadata={WHAT_TO_DO: what_to_do, **metadata}, allow_retries=False
    )
