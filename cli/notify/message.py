"""A message as Slack, Teams and plain programs take it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from cli.screen.terminal import safe

Json = dict[str, Any]
MOST_LINES = 20
_LONGEST_LINE = 120
"""Slack takes 3,000 characters in a section: these lines fit, however much is escaped in them."""
_LONGEST_TITLE = 140


class Kind(StrEnum):
    """Who reads a message."""

    SLACK = "slack"
    TEAMS = "teams"
    JSON = "json"


_HOSTS = {
    "hooks.slack.com": Kind.SLACK,
    "hooks.slack-gov.com": Kind.SLACK,
    "webhook.office.com": Kind.TEAMS,
    "outlook.office.com": Kind.TEAMS,
    "logic.azure.com": Kind.TEAMS,
    "powerplatform.com": Kind.TEAMS,
}


def kind_of(address: str) -> Kind:
    """Return who reads at an address, by its host; plain JSON where that says nothing."""
    host = (urlsplit(address).hostname or "").lower()
    for known, kind in _HOSTS.items():
        if host == known or host.endswith(f".{known}"):
            return kind
    return Kind.JSON


@dataclass(frozen=True)
class Message:
    """What there is to say.

    Attributes:
        stack: the stack.
        command: `watch` or `drift`.
        title: one line.
        lines: what is wrong, a line each; none where all is well again.
        items: the same for programs.
        link: where to read more, "" if nowhere.
    """

    stack: str
    command: str
    title: str
    lines: Sequence[str] = ()
    items: Sequence[Mapping[str, Any]] = ()
    link: str = ""

    @property
    def shown_lines(self) -> list[str]:
        """The lines that fit, each printable and not too long, and how many more there are."""
        shown = [safe(line, _LONGEST_LINE) for line in self.lines[:MOST_LINES]]
        more = len(self.lines) - len(shown)
        return [*shown, f"and {more} more"] if more > 0 else shown


def body(message: Message, kind: Kind) -> Json:
    """Return a message as its reader takes it; values of others are never markup in it."""
    shapes = {Kind.SLACK: _slack, Kind.TEAMS: _teams, Kind.JSON: _plain}
    return shapes[kind](message)


def _plain(message: Message) -> Json:
    return {
        "stack": message.stack,
        "command": message.command,
        "ok": not message.lines,
        "title": message.title,
        "lines": list(message.lines),
        "items": [dict(item) for item in message.items],
        "link": message.link or None,
    }


def _slack(message: Message) -> Json:
    # Slack, "Formatting text": these three are all that can begin a mention or a link.
    def quoted(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    title = safe(message.title, _LONGEST_TITLE)
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    ]
    if message.lines:
        text = "\n".join(f"• {quoted(line)}" for line in message.shown_lines)
        # Verbatim: names like @everyone and #channel stay text.
        blocks.append(
            {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
        )
    if message.link:
        link = quoted(message.link).replace("|", "%7C")
        blocks.append(
            {"type": "context", "elements": [{"type": "mrkdwn", "text": f"<{link}|Read more>"}]}
        )
    return {"text": quoted(title), "blocks": blocks}


def _teams(message: Message) -> Json:
    title = {"type": "TextBlock", "text": _unmarked(message.title), "weight": "Bolder"}
    lines = [
        {"type": "TextBlock", "text": _unmarked(line), "wrap": True, "spacing": "Small"}
        for line in message.shown_lines
    ]
    card: Json = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{**title, "wrap": True}, *lines],
    }
    if message.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Read more", "url": message.link}]
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _unmarked(text: str) -> str:
    """Return a text in which Adaptive Cards find no Markdown: no link, no list, no emphasis."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+!~<>|" else c for c in safe(text, _LONGEST_TITLE))
