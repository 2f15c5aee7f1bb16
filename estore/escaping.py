"""Escaping: makes outside text (file names, brands, headers, messages) safe to print.

Terminals obey control characters; chats and Markdown make mentions, links and images.
"""

import re

_CONTROLS = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # change the text direction
    r"\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
    r"\ud800-\udfff"  # bytes of a file name that are not UTF-8
)
_CONTROL = re.compile(f"[{_CONTROLS}]")
_CONTROL_OR_BREAK = re.compile(f"[{_CONTROLS}\t\n]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#!|~&>])")
#: Markdown and chats turn these into links or mentions; a zero-width space between the parts
#: prevents that.
_LINK = re.compile(r"(https?:|ftp:|www|\]|@)(?=[/.(\w])", re.IGNORECASE)
_GAP = "\u200b"


def printable(text: str) -> str:
    """Text for a terminal or a log, with control characters escaped. Keeps its lines."""
    return _CONTROL.sub(_shown, text)


def one_line(text: str) -> str:
    """Text for a name or a cell: line breaks and tabs are escaped, too."""
    return _CONTROL_OR_BREAK.sub(_shown, text)


def shortened(text: str, most: int) -> str:
    """Text as one line with a maximum length, cut between words."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most - 2]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(",;") + " …"


def in_json(text: str) -> str:
    """A JSON document with its control characters escaped as in JSON."""
    return _CONTROL.sub(lambda match: _json(match[0]), text)


def markdown(text: str) -> str:
    """Text as literal Markdown: no link, image, code, emphasis or HTML."""
    escaped = _MARKDOWN.sub(r"\\\1", one_line(text)).replace("<", "&lt;")
    return _LINK.sub(lambda match: match[0] + _GAP, escaped)


def slack(text: str) -> str:
    """Text for Slack, by Slack's rules: no mention and no link."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def chat(text: str) -> str:
    """Text for a chat with unknown rules: no mention and no link."""
    return _LINK.sub(lambda match: match[0] + _GAP, printable(text)).replace("<", "<" + _GAP)


def _shown(match: re.Match[str]) -> str:
    return repr(match[0])[1:-1]


def _json(character: str) -> str:
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    return "".join(f"\\u{part:04x}" for part in (0xD800 + (code - 0x10000 >> 10),
                                                  0xDC00 + (code & 0x3FF)))  # fmt: skip
