"""Currency: the format of the shop's amounts, in sentences and on pages.

English format as in CLDR, digits as in ISO 4217.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

#: Current ISO 4217 codes, by the number of decimal places.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN "
       "BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
       "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
       "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
       "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
       "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW "
       "ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
}  # fmt: skip
_DIGITS = {code: digits for digits, codes in _CODES.items() for code in codes.split()}
#: All other currencies show their code and a space.
_SYMBOLS = {
    "AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$",
    "ILS": "₪", "INR": "₹", "JPY": "¥", "KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "PHP": "₱",
    "TWD": "NT$", "USD": "$", "VND": "₫",
}  # fmt: skip


@dataclass(frozen=True)
class Currency:
    """One currency. `symbol` precedes an amount; `digits` is the number of decimal places."""

    code: str
    symbol: str
    digits: int

    def amount(self, value: Any, *, exact: bool = False) -> str:
        """$1,234 or, exact, $1,234.50."""
        digits = self.digits if exact else 0
        number = f"{abs(Decimal(str(value))):,.{digits}f}"
        # An amount that rounds to zero has no sign.
        sign = "-" if value < 0 and number.strip("0.,") else ""
        return f"{sign}{self.symbol}{number}"


def currency(code: str) -> Currency:
    """The currency of an ISO 4217 code. Raises ValueError for an unknown code."""
    if code not in _DIGITS:
        raise ValueError("not a currency code; use a three-letter ISO 4217 code such as EUR")
    return Currency(code, _SYMBOLS.get(code, f"{code}\N{NO-BREAK SPACE}"), _DIGITS[code])
