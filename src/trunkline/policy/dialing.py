"""Which destinations may be called or transferred to. Pure: the rules come in, a verdict goes out.

One judgement for `POST /calls`, for transfers asked by clients and for transfers that a model asks for, so that none of
them is a way around the others. Built-in ranges (emergency, premium rate, satellite) are denied whatever the settings say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult, shortnumberinfo

from trunkline.config import Settings
from trunkline.errors import BadRequest, PolicyBlocked

SANDBOX_PREFIX = "+1500555"
SANDBOX_CALLER = "+15005550000"

PREMIUM = (
    "+1900",
    "+1976",
    "+979",
    "+31900",
    "+31906",
    "+31909",
    "+449",
    "+49900",
    "+33899",
    "+34803",
    "+34806",
    "+34807",
)
"""Premium-rate ranges by prefix: also numbers in them that the numbering plan does not know (yet) as valid."""

SATELLITE = ("+870", "+881", "+882", "+883")
"""Inmarsat, global mobile satellite systems, and the international networks that route to them (ITU-T E.164.1)."""

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_SIP = re.compile(
    r"sip:"
    r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;/%]{1,128}@)?"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:;[A-Za-z0-9\-_.!~*'+%]{1,64}(?:=[A-Za-z0-9\-_.!~*'+%\[\]:]{1,128})?){0,8}"
)
"""A `sip:` URI (RFC 3261 §19.1.1) without password and headers: those would let a destination write into our INVITE."""
_LENGTHS = {ValidationResult.TOO_SHORT: "is too short", ValidationResult.TOO_LONG: "is too long"}
_LONGEST_EMERGENCY = 6


@dataclass(frozen=True, slots=True)
class Rules:
    allowed_prefixes: Sequence[str] = ()
    """Empty allows every country."""
    denied_prefixes: Sequence[str] = ()
    allow_sip: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        return cls(settings.allowed_prefixes, settings.denied_prefixes, settings.allow_sip)


@dataclass(frozen=True, slots=True)
class Allowed:
    destination: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """It is no destination at all."""

    message: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """`rule` names the one that forbids it."""

    rule: str
    message: str


Verdict = Allowed | Malformed | Blocked


def judge(destination: str, rules: Rules) -> Verdict:
    if destination[:4].lower() in ("sip:", "sips"):
        return _judge_uri(destination, rules)
    if not _E164.fullmatch(destination):
        return Malformed("must be E.164 with a leading +, such as +31201234567, or a sip: address")
    if is_sandbox(destination):
        return Allowed(destination)
    return _judge_number(destination, rules)


def check(destination: str, rules: Rules, field: str = "destination") -> None:
    """The same for those who speak HTTP. Raises BadRequest naming `field`, or PolicyBlocked naming the rule."""
    match judge(destination, rules):
        case Malformed(message):
            raise BadRequest(f"{field}: {message}", details=[f"{field}: {message}"])
        case Blocked(rule, message):
            raise PolicyBlocked(message, details=[f"{field}: {rule}"])
        case Allowed():
            return


def is_sandbox(destination: str) -> bool:
    return len(destination) == len(SANDBOX_CALLER) and destination.startswith(SANDBOX_PREFIX)


def is_sip(destination: str) -> bool:
    return destination.startswith("sip:")


def _judge_uri(destination: str, rules: Rules) -> Verdict:
    match = _SIP.fullmatch(destination)
    port = match["port"] if match else None
    if not match or len(destination) > 255 or (port is not None and not 0 < int(port) < 65_536):
        return Malformed("is not a valid sip: address")
    if not rules.allow_sip:
        return Blocked("sip_targets", "sip: targets are not allowed (rule sip_targets; setting TRUNKLINE_ALLOW_SIP)")
    return Allowed(destination)


def _judge_number(destination: str, rules: Rules) -> Verdict:
    if _is_emergency(destination):
        return Blocked("emergency", f"{destination} is an emergency number (rule emergency)")
    try:
        number = phonenumbers.parse(destination, None)
    except phonenumbers.NumberParseException as error:
        unknown = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        why = "there is no such country code" if unknown else "it is too short"
        return Malformed(f"is not a possible phone number: {why}")
    if not phonenumbers.is_possible_number(number):
        length = _LENGTHS.get(phonenumbers.is_possible_number_with_reason(number), "has not a possible length")
        return Malformed(f"is not a possible phone number: it {length} for +{number.country_code}")
    if destination.startswith(SATELLITE):
        return Blocked("satellite", f"{destination} is in a satellite range (rule satellite)")
    premium = phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE
    if premium or destination.startswith(PREMIUM):
        return Blocked("premium_rate", f"{destination} is a premium-rate number (rule premium_rate)")
    return _judge_prefix(destination, rules)


def _judge_prefix(destination: str, rules: Rules) -> Verdict:
    for prefix in rules.denied_prefixes:
        if destination.startswith(_with_plus(prefix)):
            return Blocked("denied_prefixes", f"{destination} begins with {_with_plus(prefix)} (rule denied_prefixes)")
    allowed = tuple(_with_plus(prefix) for prefix in rules.allowed_prefixes)
    if allowed and not destination.startswith(allowed):
        return Blocked("allowed_prefixes", f"{destination} has none of the allowed prefixes (rule allowed_prefixes)")
    return Allowed(destination)


def _is_emergency(destination: str) -> bool:
    """`+112`, `+911` as such, and an emergency number behind a country code (`+31112`, `+1911`)."""
    digits = destination[1:]
    if len(digits) <= _LONGEST_EMERGENCY and any(
        shortnumberinfo.is_emergency_number(digits, region) for region in phonenumbers.SUPPORTED_REGIONS
    ):
        return True
    for length in (1, 2, 3):
        rest = digits[length:]
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]), ())
        if 0 < len(rest) <= _LONGEST_EMERGENCY and any(
            shortnumberinfo.is_emergency_number(rest, region) for region in regions
        ):
            return True
    return False


def _with_plus(prefix: str) -> str:
    return prefix if prefix.startswith("+") else f"+{prefix}"
