"""Error messages: what prevents access to a bucket or an object, and what to do.

It recognizes the libraries' errors by name and code, so it does not import the libraries.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from estore.errors import EstoreError, RefusedFile
from estore.escaping import shortened

_CREDENTIALS = {
    "DefaultCredentialsError", "RefreshError", "NoCredentialsError", "PartialCredentialsError",
    "CredentialRetrievalError", "ProfileNotFound", "SSOError", "TokenRetrievalError",
    "InvalidConfigError",
    # codes of S3
    "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "401",
}  # fmt: skip
_PERMISSION = {"PermissionError", "403"}
_NETWORK = {
    "ClientConnectionError", "ClientPayloadError", "ServerTimeoutError", "TransportError",
    "HTTPClientError", "ConnectionError", "RequestException", "TimeoutError", "FSTimeoutError",
    "ResponseParserError", "ServiceUnavailable", "SlowDown", "InternalError",
    "408", "429", "500", "502", "503", "504",
}  # fmt: skip
_NO_BUCKET = {"FileNotFoundError", "ParamValidationError", "InvalidBucketName"}
_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "301"}

_ADVICE = {
    "gs": {
        "credentials": "log in with `gcloud auth application-default login`, or run on a machine "
        "with a service account",
        "permission": "ask for the role roles/storage.objectViewer on the bucket",
        "network": "check the network (and STORAGE_EMULATOR_HOST, if it is set)",
    },
    "s3": {
        "credentials": "log in with `aws configure` or `aws sso login`, name a profile in "
        "AWS_PROFILE, or run on a machine with a role",
        "permission": "ask for s3:ListBucket on the bucket and s3:GetObject on its objects",
        "network": "check the network (and AWS_ENDPOINT_URL, if it is set)",
    },
}


@contextmanager
def reporting(scheme: str, bucket: str, key: str = "") -> Iterator[None]:
    """Turns a library's error from listing a bucket into an EstoreError."""
    try:
        yield
    except EstoreError:
        raise
    except Exception as error:
        said, _ = _words(error, scheme)
        raise EstoreError(f"{scheme}://{bucket}/{key}: {said}") from error


@contextmanager
def reporting_object(uri: str) -> Iterator[None]:
    """Turns a library's error from reading an object into RefusedFile if only this object is
    affected, and into an EstoreError if no object can be read."""
    try:
        yield
    except EstoreError:
        raise
    except Exception as error:
        if _is_of_this_machine(error):
            raise
        said, is_general = _words(error, uri.partition("://")[0])
        if is_general:
            raise EstoreError(f"{uri}: {said}. Loaded files stay loaded; run this again") from error
        raise RefusedFile(said) from error


def is_away(error: BaseException) -> bool:
    """Whether the network or the server is temporarily down."""
    away = (errno.EBUSY, errno.EREMOTEIO)
    return bool(_names(error) & _NETWORK) or getattr(error, "errno", None) in away


def _words(error: Exception, scheme: str) -> tuple[str, bool]:
    """What is wrong and what to do, and whether it affects every bucket."""
    names, advice, said = _names(error), _ADVICE[scheme], _said(error)
    if names & _CREDENTIALS:
        return f"no valid credentials ({said}): {advice['credentials']}", True
    if names & _PERMISSION or said.startswith("Forbidden"):
        return f"no permission to read it ({said}): {advice['permission']}", False
    if names & _REGION:
        return f"is in another region ({said}): set AWS_REGION to it", False
    if names & _NO_BUCKET:
        return "bucket not found; check its name", False
    if is_away(error):
        return f"cannot be reached after several tries ({said}): {advice['network']}", True
    if said.startswith("Invalid endpoint"):
        return f"{said}: AWS_ENDPOINT_URL must look like https://s3.example.com", True
    return f"cannot be read: {said}", False


def _names(error: BaseException) -> set[str]:
    """The names of an error's classes and the server's error codes."""
    response: Any = getattr(error.__cause__ or error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    codes = {str(code), str(getattr(error, "code", None))}
    return codes | {kind.__name__ for kind in type(error).__mro__}


def _said(error: Exception) -> str:
    return shortened(str(error), 200) or type(error).__name__


def _is_of_this_machine(error: Exception) -> bool:
    wants = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
    return isinstance(error, OSError) and error.errno in wants
