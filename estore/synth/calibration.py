"""Calibration: published counts of the REES46 multi-category store, for the synthetic shop.

October 2019 to April 2020, 411.7 million events. Values marked "fitted" are not published: they
are chosen to reproduce the published numbers.
"""

from datetime import date

# Traffic
FIRST_MONTH = (2019, 10)
MONTH_ROWS = (
    42_448,
    67_501,
    67_542,
    55_967,
    55_318,
    56_341,
    66_589,
)  # thousands; the last continues
DAY_ROWS = {  # thousands: the sale of November, the weeks before the new year
    date(2019, 11, 14): 3_070,
    date(2019, 11, 15): 6_220,
    date(2019, 11, 16): 6_500,
    date(2019, 11, 17): 6_400,
    **{date(2019, 12, day): 2_600 for day in range(16, 31)},
}
HOUR_SHARES = (  # % of events in each UTC hour
    *(0.65, 1.26, 2.41, 3.56, 4.85, 4.99, 5.27, 5.46, 5.65, 5.47, 5.74, 5.51),
    *(5.07, 5.70, 6.18, 7.28, 6.16, 6.36, 4.99, 3.22, 1.81, 1.21, 0.76, 0.45),
)
START_LEAD = 700  # seconds by which a session starts before its average event (fitted)

# Sessions: smallest and largest size, % of sessions, fall from a size to the next (fitted), share
# that buys, share of the others that fills a cart (fitted).
SESSION_SIZES = (
    (1, 1, 40.6, 1.00, 0.0015, 0.00),
    (2, 2, 15.4, 1.00, 0.0200, 0.06),
    (3, 5, 21.3, 0.75, 0.1180, 0.11),
    (6, 10, 12.6, 0.82, 0.1420, 0.15),
    (11, 20, 7.0, 0.86, 0.1390, 0.19),
    (21, 50, 2.9, 0.91, 0.1400, 0.20),
    (51, 600, 0.4, 0.95, 0.1530, 0.20),
)
BUYS_WITHOUT_CART = 0.04  # of the buying sessions of three events and more (fitted)
MORE_CARTS, MORE_PURCHASES, MORE_AT_ONCE = 0.72, 0.32, 0.15  # chance of another round (fitted)
NEXT_PRODUCT, SAME_CATEGORY = 0.7, 0.8  # a view is of another product, of the session's category
GAP_MEDIAN, GAP_SIGMA = 38, 1.35  # seconds between events of a session, log-normal (fitted)
# Repeats per distinct view, cart, purchase; a few more views coincide by themselves.
DUPLICATES = (0.00080, 0.0470, 0.0226)

# Users (fitted to 3.0 M in October, 15.6 M in all, 13 % of them buyers, 20 % of those again)
NEW_USERS, NEW_USERS_AT_FIRST, NEW_USERS_DAYS = 0.14, 0.86, 2.5  # share of a day's sessions
RETURN_DAYS = 6.0  # a user's pull to return halves in so many days after the first visit
RETURN_SHARES = (30, 40, 22, 8)  # % of return visits by the users between these ranks of a cohort
RETURN_RANKS = (0.0, 0.02, 0.15, 0.5, 1.0)
# Share of the customers, daily chance to buy again, chance to leave for good after an order. They
# order 2.7 times within seven months; 43 % do again within 90 days (fitted to a quarter who buy
# again in the month after their first order).
CUSTOMERS = ((0.15, 0.20, 0.06), (0.85, 0.012, 0.50))

# Prices, US dollars
PRICE_SHARES = (5, 5, 15, 25, 25, 10, 5, 5, 4, 1)  # % of rows between the edges
PRICE_EDGES = (0.77, 19, 32, 67, 165, 358, 520, 700, 1000, 1700, 2574.07)
PRICE_ZERO = 0.002
PRICE_CAP = 1_499.00  # for a shop with capped prices

# Session ids, of all of them: used by two users at once, and kept by a user for good (fitted to
# 7,037 ids of several users, and some in use for up to 174 days).
SHARED_SESSION_IDS, KEPT_SESSION_IDS = 0.00008, 0.002

# Catalog
PRODUCTS_PER_EVENT = 386_299 / 411_709_736
PRODUCTS_PER_BRAND, PRODUCTS_PER_CATEGORY = 92, 290
FEWEST_PRODUCTS, FEWEST_BRANDS = 2_000, 100
UNCODED, UNCODED_RECODED = 0.322, 0.695  # rows without a code; of them, coded from December on
BRANDLESS_NAMED = 0.15  # of the products without a brand, named from December on
NEW_TAXONOMY = 2  # the month (0 is October) from which the catalog is the later one
RENAMED = 0.85  # of the products with a code, those that get another one for no reason
TOP_CODES = {  # share of rows in November
    "electronics.smartphone": 0.243,
    "electronics.video.tv": 0.033,
    "computers.notebook": 0.032,
    "electronics.clocks": 0.031,
    "apparel.shoes": 0.028,
    "electronics.audio.headphone": 0.027,
    "appliances.environment.vacuum": 0.023,
}
OTHER_CODES = """
appliances.kitchen.refrigerators appliances.kitchen.washer computers.desktop auto.accessories.player
electronics.tablet apparel.shoes.keds furniture.living_room.sofa furniture.bedroom.bed kids.carriage
appliances.kitchen.oven appliances.kitchen.microwave computers.components.videocards kids.toys
furniture.living_room.cabinet appliances.environment.air_heater apparel.shoes.moccasins
appliances.environment.water_heater appliances.kitchen.hood appliances.kitchen.blender
construction.tools.light construction.tools.drill construction.tools.saw computers.peripherals.mouse
appliances.personal.hair_cutter computers.peripherals.printer computers.peripherals.monitor
appliances.kitchen.dishwasher appliances.kitchen.kettle appliances.kitchen.meat_grinder kids.dolls
appliances.iron appliances.sewing_machine accessories.bag accessories.wallet accessories.umbrella
apparel.costume apparel.dress apparel.jeans apparel.trousers apparel.shirt apparel.underwear
auto.accessories.alarm auto.accessories.compressor electronics.audio.acoustic
furniture.kitchen.table electronics.audio.subwoofer electronics.camera.photo electronics.telephone
sport.bicycle sport.ski country_yard.cultivator country_yard.lawn_mower kids.swing kids.skates
medicine.tools.tonometer stationery.cartrige apparel.tshirt computers.components.cpu
computers.components.motherboard
"""
PRICE_LEVELS = {  # price level of a code's products, 0 to 1; the longest prefix wins (fitted)
    "": 0.30,
    "electronics.smartphone": 0.60,
    "electronics.video.tv": 0.65,
    "computers.notebook": 0.85,
    "computers": 0.50,
    "electronics": 0.45,
    "appliances": 0.45,
    "furniture": 0.45,
    "accessories": 0.10,
    "stationery": 0.05,
}
BRANDS = ("samsung", "apple", "xiaomi", "huawei")  # what a row below leaves goes to house brands
BRAND_SHARES = {  # within a code (fitted to 11.7, 9.3, 6.9 and 2.1 % of all rows)
    "electronics.smartphone": (0.36, 0.31, 0.18, 0.08),
    "electronics.video.tv": (0.38, 0.0, 0.05, 0.0),
    "electronics.clocks": (0.10, 0.15, 0.10, 0.0),
    "electronics.audio.headphone": (0.10, 0.28, 0.15, 0.0),
    "computers.notebook": (0.0, 0.16, 0.0, 0.0),
}
OTHER_BRAND_SHARES, BRANDLESS = (0.018, 0.0, 0.026, 0.0025), 0.22  # within each of the other codes
