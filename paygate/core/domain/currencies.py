"""The currencies of ISO 4217 and their minor units: the one list that everything goes by."""

from __future__ import annotations

PUBLISHED = "2026-01-01"
"""Date of the list. Source: SIX Financial Information, the maintenance agency of ISO 4217,
"List One: Current Currency & Funds Code List", as packaged by the Python package iso4217
1.16.20260101. Precious metals, units of account and test codes have no minor unit and are left
out."""

_BY_EXPONENT = {
    0: ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF").split(),
    2: (
        """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
        CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
        GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
        LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
        PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
        SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
        ZWG
        """
    ).split(),
    3: ("BHD IQD JOD KWD LYD OMR TND").split(),
    4: ("CLF UYW").split(),
}

EXPONENTS = {code: digits for digits, codes in _BY_EXPONENT.items() for code in codes}
"""Code of a currency that orders may be in → how many decimals its major unit has."""

WITHDRAWN = {"ANG": 2, "BGN": 2}
"""Taken by earlier versions: what is stored in them is still read, shown and refunded."""

KNOWN_EXPONENTS = EXPONENTS | WITHDRAWN
"""The same for every currency that may be stored."""


def unusual_exponents() -> str:
    """Return all currencies that do not have two decimals, as ``JPY=0 KWD=3``: for pages."""
    return " ".join(
        f"{code}={digits}" for code, digits in sorted(KNOWN_EXPONENTS.items()) if digits != 2
    )
