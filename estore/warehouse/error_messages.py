"""Error messages: errors of BigQuery and its network, with what to do."""

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
    """Turns the client library's errors into EstoreError, or Busy if another run was first;
    other errors pass unchanged."""
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
    """What to do about BigQuery's message, if known; kind: the error's name."""
    text = _NAMES.sub("", f"{kind} {said}").lower()
    for signs, fix in _FIXES:
        if any(sign.lower() in text for sign in signs):
            return fix.format(said=_short(said), name=settings.bigquery, location=settings.location,
                              bound=settings.max_bytes_billed)  # fmt: skip
    return None


def _short(said: str) -> str:
    return shortened(said, 400)


#: Names of files, tables and jobs, which may contain a keyword by chance.
_NAMES = re.compile(r"\b(?:gs|https?)://\S+|`[^`]*`")
#: Messages of a commit that another commit preceded.
_MEANWHILE = ("another run has changed the control tables", "due to concurrent update")
#: Keywords in an error's name or text → the message; the first match wins.
_FIXES = (
    (("DefaultCredentialsError", "RefreshError", "could not automatically determine"),
     "no credentials for Google Cloud: `gcloud auth application-default login` on your machine; in "
     "the cloud, give the machine a service account ({said})"),
    (_MEANWHILE,
     "{name}: another run has written there meanwhile, so this batch was discarded; run this "
     "again after it ends"),
    (("bytes billed", "bytesBilledLimitExceeded"),
     "a query would read more than ESTORE_MAX_BYTES_BILLED = {bound} bytes, so it was not run: "
     "raise it, or set 0 for no limit ({said})"),
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
     "{name}: not found; check that the project and dataset in ESTORE_BIGQUERY exist ({said})"),
    (("InternalServerError", "BadGateway", "backendError", "internal error"),
     "internal error of BigQuery: run this again; no partial changes remain ({said})"),
    (("RetryError", "ConnectionError", "ReadTimeout", "ConnectTimeout", "TransportError",
      "ServiceUnavailable", "GatewayTimeout", "Max retries exceeded", "Connection aborted"),
     "BigQuery cannot be reached after several minutes: check the network and run this "
     "again; no partial changes remain ({said})"),
)  # fmt: skip
