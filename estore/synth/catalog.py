"""Catalog: the shop's products with ids, categories, brands, prices and popularity."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from estore.synth import calibration as real
from estore.synth.draws import Array, deck, mixed, positions, spread

CARDS = 1 << 22  # ten for each product of the real set
GOLDEN = 0.6180339887498949
SYLLABLES = (
    *("bel", "cor", "dan", "fen", "gar", "hol", "jun", "kas", "lim", "mor"),
    *("nev", "pol", "ran", "sil", "tor", "vex", "wil", "yar", "zen"),
)
CODES: list[str | None] = [None, *real.TOP_CODES, *real.OTHER_CODES.split()]
FIRST_OTHER_CODE = 1 + len(real.TOP_CODES)
OTHER_CODES = len(CODES) - FIRST_OTHER_CODE


@dataclass(frozen=True)
class Catalog:
    """One element per product; pairs are values before and after the new taxonomy.

    A product is drawn as a card of `deck`, which contains it as often as it is seen. The cards of
    code `c` are together, from `card_edges[c]` to `card_edges[c + 1]`.
    """

    deck: Array
    card_edges: Array
    product_id: Array
    code: tuple[Array, Array]  # positions in CODES, 0 for none
    category_id: tuple[Array, Array]
    brand: tuple[Array, Array]  # positions in brand_names, 0 for none
    brand_names: list[str | None]
    list_cents: Array
    most_cents: int
    is_unpriced: Array

    def cents(self, month: int) -> Array:
        """Each product's price in a month: the list price ± 3 %."""
        percent = 97 + mixed(np.arange(len(self.list_cents)) << 8 | month) % np.uint64(7)
        cents = self.list_cents * percent.astype(np.int64) // 100
        prices: Array = np.clip(cents, 1, self.most_cents)
        return prices


def make_catalog(
    events: int, seed: int, faults: Collection[str] = (), *, spend: float = 1.0
) -> Catalog:
    """The products of a shop with this many events: proportional to the real set, at least 2,000.

    `faults` may contain `taxonomy-break`, `zero-prices` and `price-cap`; `spend` multiplies prices.
    """
    rng = np.random.default_rng([seed, 0])
    shares = _code_shares()
    code, rank = _products(max(real.FEWEST_PRODUCTS, int(events * real.PRODUCTS_PER_EVENT)), shares)
    products = len(code)
    popularity = 1 / (rank + 10.0)
    popularity *= (shares / np.bincount(code, popularity))[code]
    cards = deck(popularity, max(CARDS, 8 * products), at_least=1)
    seen = np.bincount(cards)

    # Golden-ratio steps spread an attribute evenly over the popular and the rare products.
    spin, turn = ((rank * GOLDEN + rng.random(len(shares))[code]) % 1 for _ in range(2))
    other_code = FIRST_OTHER_CODE + (rng.random(products) * OTHER_CODES).astype(np.int64)
    later_code = np.where((code == 0) & (turn < real.UNCODED_RECODED), other_code, code)
    if "taxonomy-break" in faults:
        later_code = _renamed(np.random.default_rng([seed, 5]), code, later_code)
    house_brands = max(real.FEWEST_BRANDS, products // real.PRODUCTS_PER_BRAND)
    house_brands = min(house_brands, len(SYLLABLES) ** 3)
    place = rng.random(products)
    house = (place * (1 + place) / 2 * house_brands).astype(np.int64)  # the first ones larger
    house_brand = 1 + len(real.BRANDS) + house
    brand = _brands(code, spin, house_brand)
    later_brand = np.where((brand == 0) & (turn < real.BRANDLESS_NAMED), house_brand, brand)

    step = 99_000_000 // products
    most = real.PRICE_CAP if "price-cap" in faults else real.PRICE_EDGES[-1]
    shuffled = np.argsort(rng.random(products), kind="stable")
    return Catalog(
        deck=cards,
        card_edges=np.searchsorted(code[cards], np.arange(len(shares) + 1)),
        product_id=1_000_000 + shuffled * step + (rng.random(products) * step).astype(np.int64),
        code=(code, later_code),
        category_id=_category_ids(rng, code, later_code),
        brand=(brand, later_brand),
        brand_names=[None, *real.BRANDS, *map(_house_brand, range(house_brands))],
        list_cents=(_list_cents(rng, code, seen) * spend).astype(np.int64),
        most_cents=round(100 * spend * most),
        is_unpriced=_unpriced(rng, seen) & ("zero-prices" in faults),
    )


def _renamed(rng: np.random.Generator, code: Array, later: Array) -> Array:
    """The later codes of a shop that assigns most products a wrong code: one new code per code.

    Smartphones then become tools. Products without an earlier code may keep their new one.
    """
    others = np.array([CODES.index(name) for name in real.OTHER_CODES.split()])
    wrong = others[np.argsort(rng.random(len(others)), kind="stable")]
    wrong = np.concatenate([[0], np.resize(wrong, len(CODES) - 1)])
    tools = CODES.index("construction.tools.light")
    wrong[CODES.index("electronics.smartphone")] = tools
    wrong[wrong == np.arange(len(CODES))] = tools
    moves = (code > 0) & (rng.random(len(code)) < real.RENAMED)
    return np.where(moves, wrong[code], later)


def _code_shares() -> Array:
    """The share of rows of each of CODES: published for the top codes, then decreasing."""
    tail = 1 / (np.arange(OTHER_CODES) + 8)
    tail *= (1 - real.UNCODED - math.fsum(real.TOP_CODES.values())) / np.cumsum(tail)[-1]
    return np.array([real.UNCODED, *real.TOP_CODES.values(), *tail])


def _products(wanted: int, shares: Array) -> tuple[Array, Array]:
    """(code, popularity rank in it) of each product; a code's range grows as its square root."""
    roots = np.sqrt(shares)
    counts = np.maximum(3, wanted * roots / np.cumsum(roots)[-1]).astype(np.int64)
    return np.repeat(np.arange(len(shares)), counts), positions(counts)


def _category_ids(rng: np.random.Generator, code: Array, later: Array) -> tuple[Array, Array]:
    """A 19-digit id for each product, from a range of ids that always belongs to its code."""
    families = 1 + np.bincount(code) // real.PRODUCTS_PER_CATEGORY
    begins = np.cumsum(families) - families
    step = 50_000_000_000_000
    ids = 2_053_013_551_000_000_000 + np.arange(int(np.sum(families))) * step
    ids += (rng.random(len(ids)) * step).astype(np.int64)
    member = rng.random(len(code))

    def chosen(of: Array) -> Array:
        ids_of: Array = ids[begins[of] + (member * families[of]).astype(np.int64)]
        return ids_of

    return chosen(code), chosen(later)


def _brands(code: Array, spin: Array, house_brand: Array) -> Array:
    brand = np.empty_like(code)
    for index, name in enumerate(CODES):
        here = code == index
        known = real.BRAND_SHARES.get(name or "")
        shares = (0.0, *known) if known else (real.BRANDLESS, *real.OTHER_BRAND_SHARES)
        picked = np.searchsorted(np.cumsum(shares), spin[here], side="right")
        brand[here] = np.where(picked == len(shares), house_brand[here], picked)
    return brand


def _list_cents(rng: np.random.Generator, code: Array, seen: Array) -> Array:
    """Published prices, assigned in order of price level, so rows match them."""
    levels = np.array([_price_level(name or "") for name in CODES])
    order = np.argsort(levels[code] + 0.6 * rng.random(len(code)), kind="stable")
    place = np.empty(len(code))
    place[order] = (np.cumsum(seen[order]) - seen[order] / 2) / np.sum(seen)
    return (spread(place, real.PRICE_SHARES, real.PRICE_EDGES) * 100).astype(np.int64)


def _price_level(code: str) -> float:
    return real.PRICE_LEVELS[max(filter(code.startswith, real.PRICE_LEVELS), key=len)]


def _unpriced(rng: np.random.Generator, seen: Array) -> Array:
    """Whether a product shows a price of 0: rarely seen ones, up to the published share."""
    most = real.PRICE_ZERO * np.sum(seen)
    order = np.argsort(rng.random(len(seen)) + (seen > most / 10), kind="stable")
    unpriced = np.zeros(len(seen), bool)
    unpriced[order] = np.cumsum(seen[order]) <= most
    return unpriced


def _house_brand(index: int) -> str:
    """An invented name of two or three syllables, different for each index."""
    tens, ones = divmod(index, len(SYLLABLES))
    hundreds, tens = divmod(tens, len(SYLLABLES))
    name = SYLLABLES[ones] + SYLLABLES[(tens + 7 * ones + 3) % len(SYLLABLES)]
    return name + SYLLABLES[hundreds] if hundreds else name
