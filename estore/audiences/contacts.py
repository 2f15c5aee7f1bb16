"""Contacts: the shop's own file of email addresses, phone numbers and consent.

They are read for one export and kept nowhere else: no message and no record contains one.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from estore.errors import EstoreError
from estore.tables import FORMULA_STARTS

_YES = ("yes", "y", "true", "t", "1", "granted", "subscribed")
_NO = ("", "no", "n", "false", "f", "0", "denied", "unsubscribed")
#: An address; deliberately plain, because a mailing service refuses exotic ones.
_EMAIL = re.compile(r"[^@\s,;\"'<>]+@[^@\s,;\"'<>]+\.[^@\s,;\"'<>.]+")
_PHONE = re.compile(r"[+()\d\s./-]+")
_NUMBER = re.compile(r"[1-9]\d{6,14}")


@dataclass(frozen=True)
class Contact:
    """One customer's address and number, normalized; empty if missing or unusable."""

    email: str
    phone: str  # country code and number, only digits
    has_consent: bool


@dataclass(frozen=True)
class Suppressed:
    """People who must not be contacted: their ids, addresses and numbers."""

    user_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()

    def names(self, user_id: str, contact: Contact | None) -> bool:
        """Whether the file names this customer in any way."""
        if user_id in self.user_ids or contact is None:
            return user_id in self.user_ids
        return contact.email in self.emails or contact.phone in self.phones


def read_contacts(path: Path, country_code: str = "") -> dict[str, Contact]:
    """user_id → contact; raises EstoreError with the file and the line."""
    contacts: dict[str, Contact] = {}
    lines: dict[str, int] = {}
    for line, row in _rows(path, ["user_id", "consent"], ["email", "phone"]):
        user_id, consent = row["user_id"].strip(), row["consent"].strip().lower()
        if not user_id:
            raise EstoreError(f"{path} line {line}: user_id is empty")
        if user_id in lines:
            raise EstoreError(
                f"{path} line {line}: this user_id is also on line {lines[user_id]}; keep one line "
                "for each customer"
            )
        if consent not in (*_YES, *_NO):
            raise EstoreError(f"{path} line {line}: consent must be yes or no")
        lines[user_id] = line
        contacts[user_id] = Contact(
            email_of(row.get("email") or ""),
            phone_of(row.get("phone") or "", country_code),
            consent in _YES,
        )
    return contacts


def read_suppressed(path: Path, country_code: str = "") -> Suppressed:
    """The people of a suppress.csv; raises EstoreError with the file and the line."""
    ids, emails, phones = set(), set(), set()
    for line, row in _rows(path, [], ["user_id", "email", "phone"]):
        user_id = (row.get("user_id") or "").strip()
        email, phone = row.get("email") or "", row.get("phone") or ""
        known = email_of(email), phone_of(phone, country_code)
        if not (user_id or any(known)):
            raise EstoreError(
                f"{path} line {line}: has no user_id and no usable email or phone"
                + ("; set phone_country_code in audiences.toml" if phone.strip() else "")
            )
        ids.add(user_id)
        emails.add(known[0])
        phones.add(known[1])
    return Suppressed(*(frozenset(found - {""}) for found in (ids, emails, phones)))


def email_of(text: str) -> str:
    """The address without blanks and in lower case; empty if it is unusable.

    An address that a spreadsheet would run as a formula is unusable.
    """
    email = text.strip().lower()
    is_usable = _EMAIL.fullmatch(email) and not email.startswith(FORMULA_STARTS)
    return email if is_usable and email.isprintable() else ""


def phone_of(text: str, country_code: str = "") -> str:
    """The digits of an international number; empty if it is unusable.

    A number without + or 00 gets the country code, without its leading zeros. Without a country
    code it is unusable, because a guess would reach another person.
    """
    text = text.strip()
    if not text or not _PHONE.fullmatch(text):
        return ""
    digits = re.sub(r"\(0\)|\D", "", text)
    if text.startswith("00"):
        digits = digits.removeprefix("00")
    elif not text.startswith("+"):
        digits = country_code + digits.lstrip("0") if country_code else ""
    return digits if _NUMBER.fullmatch(digits) else ""


def _rows(path: Path, needed: list[str], one_of: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) of a CSV file with at least these columns."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            file.seek(0)
            separator = ";" if header.count(";") > header.count(",") else ","
            reader = csv.DictReader(file, delimiter=separator, restval="", strict=True)
            names = [name.strip().lower() for name in reader.fieldnames or []]
            missing = [name for name in needed if name not in names]
            if missing or not any(name in names for name in one_of):
                said = " and ".join([*missing, *([] if missing else [" or ".join(one_of)])])
                raise EstoreError(f"{path} line 1: column {said} not found; add it to the header")
            reader.fieldnames = names
            for row in reader:
                if None in row:
                    raise EstoreError(f"{path} line {reader.line_num}: has more fields than line 1")
                yield reader.line_num, row
    except FileNotFoundError:
        raise EstoreError(
            f"{path}: file not found; name it with --contacts or --suppress"
        ) from None
    except UnicodeDecodeError as error:
        raise EstoreError(f"{path} is not UTF-8; save it again as UTF-8 text") from error
    except csv.Error as error:
        raise EstoreError(f"{path} is not valid CSV: {error}") from error
    except OSError as error:
        raise EstoreError(f"{path}: cannot be read: {error.strerror}") from error
