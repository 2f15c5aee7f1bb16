"""Currency: how an amount of the shop's money is written, in sentences and on the page.

In English, as CLDR has it; the digits are those of ISO 4217.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

#: ISO 4217's codes of today, by the digits after the point of an amount.
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
#: Of all others the code is written, and a space.
_SYMBOLS = {
    "AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$",
    "ILS": "₪", "INR": "₹", "JPY": "¥", "KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "PHP": "₱",
    "TWD": "NT$", "USD": "$", "VND": "₫",
}  # fmt: skip


@dataclass(frozen=True)
class Currency:
    """One currency. `symbol` goes before an amount; `digits` are those after the point."""

    code: str
    symbol: str
    digits: int

    def amount(self, value: Any, *, exact: bool = False) -> str:
        """$1,234 or, exact, $1,234.50."""
        digits = self.digits if exact else 0
        number = f"{abs(Decimal(str(value))):,.{digits}f}"
        # What is rounded to nothing has no sign.
        sign = "-" if value < 0 and number.strip("0.,") else ""
        return f"{sign}{self.symbol}{number}"


def currency(code: str) -> Currency:
    """The currency of an ISO 4217 code. Raises ValueError for what is none."""
    if code not in _DIGITS:
        raise ValueError("not a currency's code; use three capitals of ISO 4217 such as EUR")
    return Currency(code, _SYMBOLS.get(code, f"{code}\N{NO-BREAK SPACE}"), _DIGITS[code])
