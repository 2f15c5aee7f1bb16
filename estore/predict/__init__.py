"""Predictions: models fitted on counts of customers in cells, and what they expect per cell."""

from estore.predict.step import clear, predict, prepare
from estore.predict.tables import Needs

__all__ = ["Needs", "clear", "predict", "prepare"]
