"""Faults: what BigQuery or the way to it refuses, in words that say what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions as api
from google.auth import exceptions as auth
from requests import exceptions as network

from estore.errors import Busy, EstoreError
from estore.escaping import shortened
from estore.settings import Settings


@contextmanager
def reporting(settings: Settings) -> Iterator[None]:
    """Turns what the client library says into an EstoreError, Busy where another run came before;
    any other error passes."""
    try:
        yield
    except (api.GoogleAPIError, auth.GoogleAuthError, network.RequestException) as error:
        is_busy = any(sign in str(error) for sign in _MEANWHILE)
        raise (Busy if is_busy else EstoreError)(in_words(error, settings)) from error


def in_words(error: Exception, settings: Settings) -> str:
    """What is wrong, and the fix."""
    said = str(getattr(error, "message", None) or error)
    return advice(said, settings, kind=type(error).__name__) or f"BigQuery refused: {_short(said)}"


def advice(said: str, settings: Settings, kind: str = "") -> str | None:
    """What to do about what BigQuery said, where it is known; kind: the error's name."""
    text = _NAMES.sub("", f"{kind} {said}").lower()
    for signs, fix in _FIXES:
        if any(sign.lower() in text for sign in signs):
            return fix.format(said=_short(said), name=settings.bigquery, location=settings.location,
                              bound=settings.max_bytes_billed)  # fmt: skip
    return None


def _short(said: str) -> str:
    return shortened(said, 400)


#: Names of files, tables and jobs, in which a sign may stand by chance.
_NAMES = re.compile(r"\b(?:gs|https?)://\S+|`[^`]*`")
#: Of a commit that another one came before.
_MEANWHILE = ("another run has changed the control tables", "due to concurrent update")
#: Signs in an error's name or text → what to say; the first that fits wins.
_FIXES = (
    (("DefaultCredentialsError", "RefreshError", "could not automatically determine"),
     "no credentials for Google Cloud: `gcloud auth application-default login` on your machine; in "
     "the cloud, give the machine a service account ({said})"),
    (_MEANWHILE,
     "{name}: another run has written there meanwhile, so nothing of this step was kept; run this "
     "again when it has ended"),
    (("bytes billed", "bytesBilledLimitExceeded"),
     "a query would read more than ESTORE_MAX_BYTES_BILLED = {bound} bytes, so it was not run: "
     "raise it, or 0 for no bound ({said})"),
    (("quotaExceeded", "quota exceeded", "exceeded quota", "rateLimitExceeded",
      "exceeded rate limits"),
     "a quota of BigQuery is used up; run this again later, or raise the quota in the project "
     "({said})"),
    (("not found in location", "wrong location", "different location", "different region",
      "same location", "in different locations"),
     "{name}: not in ESTORE_LOCATION = {location}. A dataset never moves: set ESTORE_LOCATION to "
     "where dataset and bucket are, or name another dataset in ESTORE_BIGQUERY ({said})"),
    (("Forbidden", "accessDenied", "Access Denied", "does not have"),
     "{name}: no permission. You need BigQuery Data Editor and BigQuery Job User on the project, "
     "and Storage Object Viewer on the bucket ({said})"),
    (("NotFound", "notFound"),
     "{name}: not found; do project and dataset exist as ESTORE_BIGQUERY names them? ({said})"),
    (("InternalServerError", "BadGateway", "backendError", "internal error"),
     "BigQuery failed by itself: run this again; nothing is half done ({said})"),
    (("RetryError", "ConnectionError", "ReadTimeout", "ConnectTimeout", "TransportError",
      "ServiceUnavailable", "GatewayTimeout", "Max retries exceeded", "Connection aborted"),
     "BigQuery cannot be reached, although tried for minutes: check the network and run this "
     "again; nothing is half done ({said})"),
)  # fmt: skip
