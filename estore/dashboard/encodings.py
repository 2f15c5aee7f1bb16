"""Encodings: the compression that a client accepts (RFC 9110, section 12.5.3)."""

from collections.abc import Sequence

#: Old names that clients may still send.
_ALIASES = {"x-gzip": "gzip"}


def best_encoding(accepted: str, offered: Sequence[str]) -> str | None:
    """The offered encoding that an Accept-Encoding header prefers; None: send it uncompressed.

    The first offered encoding wins a tie. `q=0` refuses; `*` covers all unnamed encodings.
    """
    weights = _weights(accepted)
    others = weights.get("*", 0.0)
    weight, position = max(
        ((weights.get(name, others), -position) for position, name in enumerate(offered)),
        default=(0.0, 0),
    )
    return offered[-position] if weight > 0 else None


def _weights(accepted: str) -> dict[str, float]:
    weights = {}
    for part in accepted.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights[_ALIASES.get(name, name)] = min(map(_weight, parameters), default=1.0)
    return weights


def _weight(parameter: str) -> float:
    """A parameter's weight: 1 for other parameters, 0 for a value that is not from 0 to 1."""
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
