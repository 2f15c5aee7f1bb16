"""External text in output: it controls no terminal, mentions no one and makes no link."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Workshop

from estore.escaping import chat, in_json, markdown, one_line, printable, slack
from estore.orchestration.alerts import Alert, body, message

#: Clear the screen, write the clipboard, C1's CSI, DEL, turn the direction, hide, a broken byte.
HOSTILE = "\x1b[2J\x1b]52;c;cHduZWQ=\x07\x9b31m\x7f\u202egnp\u2066\u200b\ufeff"
STEERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


@pytest.mark.parametrize("escape", [printable, one_line, markdown, slack, chat, in_json])
def test_no_text_controls_a_terminal(escape: object) -> None:
    every = "".join(map(chr, range(0x3000))) + "\ud800\udcff\ufeff\U000e0041"
    assert callable(escape)
    shown = escape(every).replace("\u200b", "")
    assert not STEERS.search(shown) and not re.search("[\ud800-\udfff\ufeff]", shown)
    shown.encode("utf-8")
    assert "кофе" in escape("кофе") and "é\u00a0€" in escape("é\u00a0€")


def test_line_breaks_stay_in_multi_line_text() -> None:
    assert printable("a\nb\tc\x1b") == "a\nb\tc\\x1b"
    assert one_line("a\nb\tc\r") == "a\\nb\\tc\\r"


def test_json_stays_json() -> None:
    value = {"brand": HOSTILE + "\U000e0041"}
    text = in_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert not STEERS.search(text) and json.loads(text) == value


@pytest.mark.parametrize("command", [
    ["run", "landing"], ["load", "landing", "gone\x1b[2J.csv"], ["status"], ["rejects"],
    ["findings"],
    ["findings", "--format", "markdown"], ["findings", "--format", "json"], ["status", "--json"],
    ["query", "select brand, reason from marts.fct_events, raw.rejects"],
    ["query", "select \"\x1b[2J\" from nowhere"], ["rejects", "--format", "json"],
    ["withdraw", "no\x1b[2J.csv"], ["report", "out.html", "--from", "2020-01-01\x1b"],
    ["synth", "shop", "--faults", "\x1b[2J"], ["bogus\x1b[2J"],
], ids=lambda command: " ".join(command[:3]).encode("unicode_escape").decode())  # fmt: skip
def test_no_command_prints_terminal_control_codes(hostile_shop: Path, command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "estore.cli", "--home", "home", *command],
        cwd=hostile_shop, capture_output=True, check=False,
    )  # fmt: skip
    said = (ended.stdout + ended.stderr).decode().replace("@\u200b", "@")
    assert said and not STEERS.search(said), repr(said)
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def hostile_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published shop with a hostile file name, brand, category, event type and bad row."""
    folder = tmp_path_factory.mktemp("hostile")
    workshop = Workshop(folder)
    rows = [
        {"event_type": kind, "brand": HOSTILE, "category_code": f"a{HOSTILE}.b", "price": "5.00",
         "user_session": "s"}
        for kind in ("view", "cart", "purchase")
    ]  # fmt: skip
    rows.append({"event_type": f"refund{HOSTILE}", "brand": "b"})
    rows.append({"event_time": f"soon{HOSTILE}", "brand": HOSTILE})
    workshop.write(f"{HOSTILE}\n1.csv", rows)
    (workshop.landing / f"head{HOSTILE}.csv").write_text(f"event_time,{HOSTILE}\n1,2\n")
    subprocess.run(
        [sys.executable, "-m", "estore.cli", "--home", "home", "run", "landing"], cwd=folder,
        env={"ESTORE_MAX_REJECT_SHARE": "1"}, check=False, capture_output=True,
    )  # fmt: skip
    assert (folder / "home" / "published" / "CURRENT").is_file()
    return folder


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[sign in](https://evil.example)", "\\[sign in\\]\\(https:\u200b//evil.example\\)"),
        ("![](http://evil.example/p.png)", "\\!\\[\\]\\(http:\u200b//evil.example/p.png\\)"),
        ("<img src=x> <https://evil.example>",
         "&lt;img src=x\\> &lt;https:\u200b//evil.example\\>"),
        ("`code` *a* _b_ ~c~ | # &amp;", "\\`code\\` \\*a\\* \\_b\\_ \\~c\\~ \\| \\# \\&amp;"),
        ("www.evil.example", "www\u200b.evil.example"),
        ("write to a@evil.example", "write to a@\u200bevil.example"),
        ("a\n# b", "a\\\\n\\# b"),
        ("samsung (38.7%), a-b: 1,000", "samsung \\(38.7%\\), a-b: 1,000"),
    ],
)  # fmt: skip
def test_a_name_in_markdown_is_only_text(text: str, shown: str) -> None:
    if "\n" in text:
        assert markdown(text).count("\n") == 0
    else:
        assert markdown(text) == shown


def test_a_name_in_slack_mentions_no_one_and_makes_no_link() -> None:
    alert = Alert(
        "quality", "k", "/landing/<!channel> <https://evil.example|pay>\x1b.csv", "a & b", ""
    )
    got = body("hooks.slack.com", [alert])
    assert got["text"] == (
        "[quality] /landing/&lt;!channel&gt; &lt;https://evil.example|pay&gt;\\x1b.csv: a &amp; b\n"
        "  What to do: "
    )
    assert got["unfurl_links"] is got["unfurl_media"] is False


def test_a_name_in_another_chat_mentions_no_one_and_makes_no_link() -> None:
    subject = "@all <!here> [pay](https://evil.example) www.evil.example\n[failure] forged"
    got = body("chat.example", [Alert("quality", "k", subject, "words", "act")])
    text = got["text"]
    for bait in ("@all", "<!", "](", "https://", "www."):
        assert bait in subject and bait not in text
    assert text.count("\n") == 1
    assert got["alerts"][0]["subject"] == subject, "programs get the exact name"


def test_an_alert_in_a_log_controls_no_terminal() -> None:
    assert not STEERS.search(message([Alert("failure", "k", HOSTILE, HOSTILE, HOSTILE)]))
