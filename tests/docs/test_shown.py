"""What the documents show as printed was printed: in a screen's run, or by the real function."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from cli.notify.message import Kind, body
from cli.watch.telling import as_message
from docs.made.blocks import Block
from docs.screens.story import SCREENS
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.audiences import Audience, Use, deletion_refused
from providers.lytics.domain.filterql.text import Reads, read_text
from providers.lytics.errors import LyticsError
from tests.cli.watch.test_watch import Nights, shown
from tests.docs.test_examples import BLOCKS
from tests.simulation.campaign import Campaign
from tests.support.stub import ROOT
from tests.support.timing import QUICK

SHOWN = [one for one in BLOCKS if one.language in {"console", "json", "text"}]


@pytest.mark.parametrize("block", SHOWN, ids=str)
def test_nothing_shown_is_made_up(block: Block) -> None:
    """A block is a screen, what a function says here, a definition that is read, or real files."""
    if block.screen in SCREENS or _plain(block.text) in set(map(_plain, said())):
        return
    if block.text.startswith("FILTER "):
        assert not read_text(block.text).problem
        return
    files = _listed(block.text)
    assert files, f"{block}: make it a screen (docs/screens/story.py), or say it in said() here"
    assert [one for one in files if not (ROOT / one).exists()] == []


def test_all_that_is_said_here_is_shown() -> None:
    """No function is kept here whose words no page shows."""
    assert set(map(_plain, said())) <= {_plain(block.text) for block in SHOWN}


def said() -> Iterator[str]:
    """Yield what the real functions say, for the blocks that no screen shows."""
    yield deletion_refused("grow-customer-base", "a7be975e…", list(_users()))
    yield _refused_by_v2()
    yield _message()
    yield _campaign()


def _plain(text: str) -> str:
    """Return a text on one line, as pages break lines; JSON as it is without its layout."""
    if text.startswith("{"):
        return json.dumps(json.loads(text), sort_keys=True)
    return " ".join(text.split())


def _users() -> Iterator[Use]:
    for slug, through in (("likely_to_be_loyal", ()), ("spring_campaign", ("likely_to_be_loyal",))):
        yield Use(Audience(slug, slug), "grow-customer-base", Reads.SCORE, "> 0.7", through)


def _refused_by_v2() -> str:
    settings = Settings.read(lambda _: None, {"LYTICS_API": "v2", "LIOKEY": "at.some.key"})
    absent = httpx.MockTransport(lambda _: httpx.Response(404, json={"message": "Not Found"}))
    with LyticsClient(settings, absent, QUICK) as client, pytest.raises(LyticsError) as refused:
        client.list_models()
    return str(refused.value)


def _message() -> str:
    watching = replace(Nights().look(shown(), auc=0.68), stack="prod")
    return json.dumps(body(as_message(watching, "https://ci.example/run/1"), Kind.JSON))


def _campaign() -> str:
    lived = Campaign(histories=2000, runs=11_568, requests=64_334, took_s=156)
    return f"{lived.summary}\ndigest: 95a14bcb31f5a012"


def _listed(text: str) -> list[str]:
    """Return the paths of a listing of files with what each is for; folders end with a slash.

    Returns:
        Nothing where a line isn't one of a listing.
    """
    folder, paths = "", list[str]()
    for line in text.splitlines():
        if line.startswith("   "):
            continue  # what was said in the line before goes on
        found = re.fullmatch(r"(  )?([\w./]+(?:,? [\w./]+)*)(?:  .*)?", line)
        if found is None:
            return []
        names = re.split(r",? ", found[2])
        paths += [f"{folder if found[1] else ''}{name}" for name in names]
        if not found[1]:
            folder = names[0]
    return paths
