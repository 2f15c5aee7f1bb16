"""0: the synthetic shop, calibrated to the published counts of the real one."""

from estore.synth.shop import Shop, write_months, write_shop

__all__ = ["Shop", "write_months", "write_shop"]
