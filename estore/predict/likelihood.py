"""Maximum likelihood: the best parameters of a model, and how certain they are."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
#: A function of the parameters' logarithms: the log-likelihood and its gradient.
LogLikelihood = Callable[[Floats], tuple[float, Floats]]

#: Parameters are positive; outside this range of logarithms a model no longer changes.
LOG_RANGE = (-9.0, 12.0)


def maximized(log_likelihood: LogLikelihood, starts: Sequence[Floats]) -> tuple[Floats, float]:
    """The logarithms of the best parameters found from several starts, and their log-likelihood."""
    found = []
    for start in starts:
        result = minimize(
            lambda logs: _negative(log_likelihood(logs)), start, jac=True, method="L-BFGS-B",
            bounds=[LOG_RANGE] * len(start),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-6},
        )  # fmt: skip
        if np.isfinite(result.fun):
            found.append((float(result.fun), np.asarray(result.x, dtype=np.float64)))
    if not found:
        raise FloatingPointError("no start gives a finite likelihood")
    worst, best = min(found, key=lambda pair: pair[0])
    return best, -worst


def polished(
    log_likelihood: LogLikelihood, start: Floats, curvature: Floats
) -> tuple[Floats, float]:
    """The same from a start close to the best, in few evaluations (Newton's method).

    curvature: negative second derivatives at about the same place.
    """
    here, (value, gradient) = start, log_likelihood(start)
    for _ in range(50):
        step = np.linalg.solve(curvature, gradient)
        for _ in range(20):
            there = np.clip(here + step, *LOG_RANGE)
            new_value, new_gradient = log_likelihood(there)
            if new_value >= value - 1e-9 * abs(value):
                break
            step = step / 2
        here, value, gradient = there, new_value, new_gradient
        if np.abs(step).max() < 1e-7:
            break
    return here, value


def curvature(log_likelihood: LogLikelihood, best: Floats) -> Floats:
    """The negative second derivatives at the best parameters, without directions of no effect."""
    step = 1e-4
    rows = []
    for shift in step * np.eye(len(best)):
        difference = log_likelihood(best + shift)[1] - log_likelihood(best - shift)[1]
        rows.append(-difference / (2 * step))
    values, vectors = np.linalg.eigh((np.array(rows) + np.array(rows).T) / 2)
    # A direction that the data do not determine is at most as uncertain as a factor of e.
    return np.asarray(vectors @ np.diag(np.maximum(values, 1.0)) @ vectors.T)


def directions(curvature: Floats) -> list[Floats]:
    """Independent changes of the parameters' logarithms, one standard error each."""
    values, vectors = np.linalg.eigh(curvature)
    return [vectors[:, index] / np.sqrt(value) for index, value in enumerate(values)]


def _negative(value: tuple[float, Floats]) -> tuple[float, Floats]:
    return -value[0], -value[1]
