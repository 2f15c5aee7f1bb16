"""Groups: decides for each customer of an audience: exported, held out as control, or left out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from estore.audiences.contacts import Contact, Suppressed
from estore.audiences.definitions import Audience
from estore.audiences.formats import Format
from estore.audiences.records import CONTROL, EXPORTED, LEFT, Member

#: Reasons to leave a customer out, in the order in which they are checked.
SUPPRESSED, NO_CONTACT, NO_CONSENT = "suppressed", "no_contact", "no_consent"
UNUSABLE, COOLDOWN, NOT_NEW = "unusable", "cooldown", "not_new"
REASONS = (SUPPRESSED, NO_CONTACT, NO_CONSENT, UNUSABLE, COOLDOWN, NOT_NEW)


@dataclass(frozen=True)
class Candidate:
    """A customer whom the audience selects, with the totals so far."""

    user_id: str
    orders: int
    revenue: Decimal


@dataclass(frozen=True)
class History:
    """The export before: its customers, and everyone who was ever exported or held out."""

    members: Mapping[str, Member]
    assigned: Mapping[str, date]


def is_control(audience: Audience, user_id: str) -> bool:
    """Whether a customer belongs to the control group: always the same answer for a person.

    A hash of the audience's seed and the id decides, so it depends on nothing else. Raising
    control_share adds people and removes none.
    """
    text = f"{audience.seed or audience.name}\n{user_id}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return number < audience.control_share * 2**64


def assign(
    audience: Audience,
    candidates: Sequence[Candidate],
    history: History,
    as_of: date,
    form: Format,
    contacts: Mapping[str, Contact] | None,
    suppressed: Suppressed,
    *,
    only_new: bool,
) -> list[Member]:
    """The members of an export in the audience's order, then those who left.

    Reasons to leave someone out apply before the groups are drawn, so both groups consist of
    people who could be written to. People left out do not count towards the limit.
    """
    members, drawn = [], 0
    for candidate in candidates:
        if audience.limit is not None and drawn >= audience.limit:
            break
        user_id = candidate.user_id
        before = history.members.get(user_id)
        change = "stayed" if before and before.result != LEFT else "entered"
        is_new = change == "entered" or user_id not in history.assigned
        reason = _reason(user_id, form, contacts, suppressed)
        last = history.assigned.get(user_id)
        if not reason and last and as_of < last + timedelta(days=audience.cooldown_days):
            reason = COOLDOWN
        if not reason and only_new and not is_new:
            reason = NOT_NEW
        drawn += not reason
        result = reason or (CONTROL if is_control(audience, user_id) else EXPORTED)
        members.append(Member(user_id, change, result, candidate.orders, candidate.revenue))
    now = {member.user_id for member in members}
    return members + [
        Member(before.user_id, LEFT, LEFT, before.orders_before, before.revenue_before)
        for before in history.members.values()
        if before.result != LEFT and before.user_id not in now
    ]


def _reason(
    user_id: str, form: Format, contacts: Mapping[str, Contact] | None, suppressed: Suppressed
) -> str | None:
    contact = contacts.get(user_id) if contacts is not None else None
    if suppressed.names(user_id, contact):
        return SUPPRESSED
    if contacts is None:
        return None
    if contact is None:
        return NO_CONTACT
    if not contact.has_consent:
        return NO_CONSENT
    return None if form.is_usable(contact) else UNUSABLE
