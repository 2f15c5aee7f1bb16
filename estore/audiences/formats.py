"""Formats: the columns that each advertising or mailing service expects in a file."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from estore.audiences.contacts import Contact
from estore.tables import FORMULA_STARTS, csv_lines

#: A customer's id, their contact if there is one, and the audience's name → cells.
Cells = Callable[[str, Contact | None, str], list[str]]


@dataclass(frozen=True)
class Format:
    """One kind of file. needs: what a contact must have to be in it, in words and as a test."""

    columns: tuple[str, ...]
    cells: Cells
    needs: str
    is_usable: Callable[[Contact], bool]


def hashed(text: str) -> str:
    """The SHA-256 digest in lower-case hexadecimal; empty for an empty text."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def google_email(email: str) -> str:
    """Google ignores dots in the names of its own addresses."""
    name, at, domain = email.partition("@")
    return name.replace(".", "") + at + domain if _IS_GMAIL.fullmatch(domain) else email


_IS_GMAIL = re.compile(r"g(?:oogle)?mail\.com")


def _international(contact: Contact) -> str:
    return f"+{contact.phone}" if contact.phone else ""


def _has_either(contact: Contact) -> bool:
    return bool(contact.email or contact.phone)


def _plain(user_id: str, contact: Contact | None, name: str) -> list[str]:
    return [user_id, *([contact.email, _international(contact)] if contact else [])]


def _of_contact(cells: Callable[[str, Contact, str], list[str]]) -> Cells:
    def with_contact(user_id: str, contact: Contact | None, name: str) -> list[str]:
        assert contact, "the format needs contacts"
        return cells(user_id, contact, name)

    return with_contact


IDS = Format(("user_id",), lambda user_id, contact, name: [user_id], "nothing", lambda c: True)
WITH_CONTACTS = Format(("user_id", "email", "phone"), _plain, "email or phone", _has_either)
FORMATS = {
    # Google: E.164 with its plus sign, dots of Gmail addresses removed.
    "google-ads": Format(
        ("Email", "Phone"),
        _of_contact(
            lambda user_id, contact, name: [
                hashed(google_email(contact.email)), hashed(_international(contact)),
            ]
        ),
        "email or phone", _has_either,
    ),
    # Meta: only digits, with the country code.
    "meta": Format(
        ("email", "phone"),
        _of_contact(
            lambda user_id, contact, name: [hashed(contact.email), hashed(contact.phone)]
        ),
        "email or phone", _has_either,
    ),
    "klaviyo": Format(
        ("Email", "Phone Number", "External ID"),
        _of_contact(
            lambda user_id, contact, name: [contact.email, _international(contact), user_id]
        ),
        "email or phone", _has_either,
    ),
    "mailchimp": Format(
        ("Email Address", "Phone Number", "Tags"),
        _of_contact(lambda user_id, contact, name: [contact.email, _international(contact), name]),
        "email", lambda contact: bool(contact.email),
    ),
}  # fmt: skip


def format_named(name: str, *, has_contacts: bool) -> Format:
    """A format by name; `csv` has addresses only with contacts."""
    if name == "csv":
        return WITH_CONTACTS if has_contacts else IDS
    return FORMATS[name]


def csv_text(columns: tuple[str, ...], rows: list[list[str]], *, raw: bool = False) -> str:
    """A CSV file in which no cell runs as a formula.

    A phone number begins with +, but is only digits after it, so it stays as it is.
    """
    safe = [[cell if raw or _PHONE.fullmatch(cell) else _inert(cell) for cell in row]
            for row in rows]  # fmt: skip
    return csv_lines([columns, *safe], raw=True) + "\n"


_PHONE = re.compile(r"\+\d+")


def _inert(cell: str) -> str:
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell
