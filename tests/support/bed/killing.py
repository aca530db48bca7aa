"""Kills an `up` at a chosen request, and does afterwards what a pipeline does."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sandbox.server import serve_in_thread
from sandbox.settings import Settings
from tests.support.engine.account import Account
from tests.support.engine.project import Project, Ran, copy_of, kill_tree
from tests.support.engine.shapes import gated, model

Json = dict[str, Any]
Moment = Literal["before", "effect", "reply"]
MOMENTS: tuple[Moment, ...] = ("before", "effect", "reply")
GOOD = {"auc": 0.9, "accuracy": 8, "reach": 5, "health": "healthy"}

# One of each: what stays, what is written in place, replaced, replaced under a name of its own,
# replaced behind a gate, what goes.
BEFORE: dict[str, Json] = {
    "stays": model(source="newsletter_subscribers"),
    "updated": model(label="one", source="email_openers", is_active=True),
    "replaced": model(source="dormant", is_active=True, on_delete="delete"),
    "named": model(name="kept_name", source="recent_purchasers", is_active=True),
    "gated": gated(source="mobile_users"),
    "removed": model(source="frequent_visitors", is_active=True),
}
AFTER: dict[str, Json] = {
    "stays": BEFORE["stays"],
    "updated": {**BEFORE["updated"], "label": "two"},
    "replaced": {**BEFORE["replaced"], "target": "likely_to_churn"},
    "named": {**BEFORE["named"], "source": "random_holdout"},
    "gated": {**BEFORE["gated"], "target": "likely_to_churn"},
    "created": model(source="all_users", is_active=False),
}


@dataclass(frozen=True)
class Site:
    """A stack before a change, with the account that it is in; copied for each kill."""

    folder: Path
    data: Path


def build_site(template: Path, folder: Path) -> Site:
    """Bring a stack up, and keep its state and its account."""
    site = Site(folder / "program", folder / "data")
    with account_at(site.data) as account:
        project = copy_of(template, site.folder, account)
        account.create(name="of_somebody_else")
        project.declare(BEFORE)
        project.up()
    return site


@contextmanager
def account_at(data: Path) -> Iterator[Account]:
    """Start an account that keeps its models in a folder."""
    with serve_in_thread(Settings(train=False, data=data)) as handle:
        account = Account(handle)
        account.outcome({}, summary=GOOD)
        try:
            yield account
        finally:
            account.close()


@contextmanager
def copied(site: Site, folder: Path) -> Iterator[Project]:
    """Return a copy of a stack and its account, in which the change is declared."""
    shutil.copytree(site.data, folder / "data")
    with account_at(folder / "data") as account:
        project = copy_of(site.folder, folder / "program", account)
        project.declare(AFTER)
        yield project


def kill_at(
    project: Project, number: int, moment: Moment, env: Mapping[str, str]
) -> tuple[str, bool]:
    """Start an `up`, and kill it with all its children at a request.

    From that moment on the account answers nobody, so that nothing else happens before the kill.

    Args:
        project: the stack.
        number: the request, from 0.
        moment: before it takes effect, after it did, or as soon as it is answered.
        env: more of the environment.

    Returns:
        The output, and whether the `up` was over before it sent so many requests.
    """
    account = project.account
    stops_at = number + 1 if moment == "reply" else number
    when = "after" if moment == "effect" else "before"
    account.fault(what="hang", when=when, skip=stops_at, times=1, path="")
    account.fault(what="hang", when="before", skip=stops_at, times=None, path="")
    project.env.update(env)
    process = project.start_up()
    try:
        account.wait(lambda: _is_there(account, number, moment) or process.poll() is not None)
        ended = process.poll() is not None
    finally:
        output = kill_tree(process)
        for name in env:
            del project.env[name]
        account.mend()
    return output, ended


def _is_there(account: Account, number: int, moment: Moment) -> bool:
    entries = list(account.handle.world.log._entries)
    if len(entries) <= number:
        return False
    if moment == "reply":
        return entries[number].took_s is not None
    return bool(entries[number].fault)


def recover(project: Project) -> Ran:
    """Run `lytics-ml recover --yes`, which must put the stack in order by itself."""
    return project.lytics_ml("recover", "--yes", code=None)


def outcome(project: Project) -> Json:
    """Return what there is in the end, without the ids, which differ from run to run."""
    models = project.account.models().values()
    by_key = {r["id"]: str(r["urn"]).rsplit("::", 1)[1] for r in project.resources()}
    shown = ("name", "label", "source", "target", "state", "is_active")
    return {
        "models": sorted([str(model[field]) for field in shown] for model in models),
        "state": sorted([by_key[m["id"]], str(m["name"])] for m in models if m["id"] in by_key),
    }


def missing(wanted: list[list[str]], found: list[list[str]]) -> int:
    """Return how many of what is wanted aren't there, or not as often."""
    return (Counter(map(tuple, wanted)) - Counter(map(tuple, found))).total()
