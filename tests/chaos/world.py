"""An account that others use too, a small engine on it, and what must be true in the end."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from providers.lytics.client import LyticsClient
from providers.lytics.declaration import ModelDeclaration, ModelInputs
from providers.lytics.names import default_name
from providers.lytics.run import Run
from providers.lytics.settings import Settings
from providers.lytics.state import hash_of
from sandbox.segments import segment_id
from tests.chaos.faults import LATE_S, Refusing
from tests.chaos.small_engine import SmallEngine, _model_inputs
from tests.engine.account import Account

Json = dict[str, Any]
FAULTY: Mapping[str, Any] = {"patience_s": 0.15, "reply_timeout_s": LATE_S / 2, "settle_s": 0.05}
CLEAN: Mapping[str, Any] = {"patience_s": 5.0, "reply_timeout_s": 20.0, "settle_s": 2.0}
OTHERS: tuple[Json, ...] = (
    {"name": "of_somebody_else"},
    {"name": "declared-a", "target": segment_id(1234, "recent_purchasers")},
    {"name": "a-aaaaaa-bbbbbbbb", "label": "another stack's"},
    {"name": "a", "config": {"use_scores": True, "build_only": True, "collect": 900}},
)


class World:
    """Account 1234, models of others in it, and a stack.

    Args:
        account: a sandbox's account; it is emptied first.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        account.handle.world.log.clear()
        account._client.post("/_sandbox/reset").raise_for_status()
        others = [account.create(**changes) for changes in OTHERS]
        self.wait()
        self.others = {model_id: account.model(model_id) for model_id in others}
        self.engine = SmallEngine(self.wait)
        self.said: list[str] = []

    def wait(self) -> None:
        """Wait until no model is building."""
        models = self.account.handle.world.store.models
        self.account.wait(lambda: all(m.state != "building" for m in list(models.values())))

    def settle(self) -> None:
        """Wait until every request that was given up has been carried out, or not."""
        # Connections are accepted in their order: what was sent on an earlier one has arrived.
        httpx.get(f"{self.account.handle.root}/_sandbox/health").raise_for_status()
        entries = self.account.handle.world.log._entries
        self.account.wait(lambda: all(entry.took_s is not None for entry in list(entries)))
        self.wait()

    @contextlib.contextmanager
    def run(
        self, *, refused: float = 0.0, seed: int = 0, settings: Mapping[str, Any] = CLEAN
    ) -> Iterator[Run]:
        """Start what a host process would have, and close its connections afterwards.

        Args:
            refused: share of the connections that are refused.
            seed: which.
            settings: how patient it is.
        """
        known = Settings(api_url=self.account.url, api_key="sandbox", **settings)
        with LyticsClient(known, Refusing(refused, seed)) as client:
            yield Run(known, client, self.said.append)

    def break_requests(self, rules: list[Json]) -> None:
        """Let requests fail from here on."""
        self.account._client.post("/_sandbox/faults", json=rules).raise_for_status()

    def mend(self) -> None:
        """Let nothing fail from here on, and wait for what is still under way."""
        self.account.mend()
        self.settle()

    # --- what must be true -------------------------------------------------------------------

    def broken_promises(self, declared: Mapping[str, Json]) -> list[str]:
        """Return every promise that isn't kept after a run that went well."""
        models = self.account.models()
        found = [
            f"somebody else's model {model_id} was changed"
            for model_id, before in self.others.items()
            if models.get(model_id) != before
        ]
        for key, fields in declared.items():
            found += self._about(key, ModelDeclaration.model_validate(fields), models)
        found += self._about_those_who_left(models)
        found += self._twins(models)
        mark = self.account.mark()
        with self.run() as run:
            found += self.engine.differences(run, declared)
        return found + [f"a diff sent {entry}" for entry in self.account.requests(mark)]

    def _about(self, key: str, declared: ModelDeclaration, models: Mapping[str, Json]) -> list[str]:
        stored = self.engine.find("model", key)
        if stored is None or stored.id not in models:
            return [f"{key} is lost"]
        model, inputs = models[stored.id], ModelInputs.model_validate(_model_inputs(key, declared))
        wanted = inputs.name or default_name(key, inputs.lineage, hash_of(inputs))
        true = {
            "name": (model["name"], wanted),
            "source": (model["source"], inputs.source),
            "target": (model["target"], inputs.target),
            "collect": (model["config"]["collect"], _collect(declared)),
        }
        if declared.label is not None:
            true["label"] = (model["label"], declared.label)
        if declared.is_active is not None and declared.activation != "observe":
            true["is_active"] = (model["is_active"], declared.is_active)
        return [
            f"{key}: {what} is {actual!r}, declared {meant!r}"
            for what, (actual, meant) in true.items()
            if actual != meant
        ]

    def _about_those_who_left(self, models: Mapping[str, Json]) -> list[str]:
        kept = {one.id for one in self.engine.state if one.kind == "model"}
        last = {left.id: left.policy for left in self.engine.left if left.id not in kept}
        deactivated = [i for i, policy in last.items() if policy == "deactivate" and i in models]
        deleted = [i for i, policy in last.items() if policy == "delete" and i in models]
        return [
            *(f"{i} was deactivated and is live" for i in deactivated if models[i]["is_active"]),
            *(f"{i} was deleted and is there" for i in deleted),
        ]

    def _twins(self, models: Mapping[str, Json]) -> list[str]:
        """Return what is there twice: same name, source, target and config."""
        seen: dict[str, list[str]] = {}
        for model_id, model in models.items():
            config = {k: v for k, v in model["config"].items() if k != "build_only"}
            same = repr([model["name"], model["source"], model["target"], config])
            seen.setdefault(same, []).append(model_id)
        return [f"twice: {same} ({ids})" for same, ids in seen.items() if len(ids) > 1]


def _collect(declared: ModelDeclaration) -> int:
    return (declared.config.collect if declared.config else None) or 5000
