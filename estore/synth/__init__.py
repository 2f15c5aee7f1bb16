"""Synth: a synthetic shop, calibrated to published counts of a real shop, with known truth."""

from estore.synth.customers import Behavior
from estore.synth.faults import ALL_FAULTS, USUAL_FAULTS, named_faults
from estore.synth.generator import TRUTH, SyntheticShop, write_months, write_shop

__all__ = [
    "ALL_FAULTS",
    "TRUTH",
    "USUAL_FAULTS",
    "Behavior",
    "SyntheticShop",
    "named_faults",
    "write_months",
    "write_shop",
]
