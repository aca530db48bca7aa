"""An account that others use too, a small engine on it, and what must be true in the end."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from cli.recover.recovery import find_models
from cli.workspace.state import parse_state
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.settings import Settings
from providers.lytics.domain.declaration import ModelDeclaration, ModelInputs
from providers.lytics.domain.finding.ownership import Holding, holdings_in
from providers.lytics.domain.identity import default_name, proof_in
from providers.lytics.domain.record import hash_of
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.host.run import Run
from providers.lytics.shapes import Segment
from providers.lytics.stack_file.reader import Stack
from sandbox import clock
from sandbox.segments import segment_id
from tests.support.bed.faults import LATE_S, Refusing
from tests.support.bed.small_engine import AID, STACK, SmallEngine, _model_inputs
from tests.support.engine.account import Account
from tests.support.engine.project import PROJECT
from tests.support.timing import QUICK

Json = dict[str, Any]
FAULTY: Mapping[str, Any] = {"patience_s": 0.15, "reply_timeout_s": LATE_S / 2, "settle_s": 0.05}
CLEAN: Mapping[str, Any] = {"patience_s": 5.0, "reply_timeout_s": 20.0, "settle_s": 2.0}
# Shorter than a faulty run waits for a model to be listed.
LAG_S = 0.02
PLAIN: Mapping[str, Any] = MappingProxyType(
    {"list_delay_s": 0.0, "rename": "none", "config_echo": "full"}
)
OTHERS: tuple[Json, ...] = (
    {"name": "of_somebody_else"},
    {"name": "declared-c", "target": segment_id(AID, "recent_purchasers")},
    {"name": "a-aaaaaa-bbbbbbbb", "label": "another stack's"},
    {"name": "a", "config": {"use_scores": True, "build_only": True, "collect": 900}},
)
SLUGS = ("all_users", "dormant", "high_value", "likely_to_churn")
BOOK = SegmentBook(
    Segment.model_validate({"id": segment_id(AID, slug), "slug_name": slug}) for slug in SLUGS
)


class World:
    """Account 1234, models of others in it, and a stack.

    Args:
        account: a sandbox's account; it is emptied first.
        variety: how this API differs from a plain one: settings of the sandbox.
    """

    def __init__(self, account: Account, variety: Mapping[str, Any] = PLAIN) -> None:
        self.account = account
        self.variety = {**PLAIN, **variety}
        sandbox = account.handle.world
        sandbox.settings = replace(sandbox.settings, **self.variety)
        sandbox.log.clear()
        account._client.post("/_sandbox/reset").raise_for_status()
        others = [account.create(**changes) for changes in OTHERS]
        self.settle()
        self.others = {model_id: account.model(model_id) for model_id in others}
        self.engine = SmallEngine(self.wait)
        # Other stacks of the project, whose states can be asked for.
        self.stacks: list[SmallEngine] = []
        self.said: list[str] = []
        self.broken: list[str] = []
        # Models that left and were to be left alone: their keys, and how they were left.
        self._retained: dict[str, tuple[str, Json]] = {}

    def wait(self) -> list[str]:
        """Wait until no model is building; return the ids that there are then."""
        models = self.account.handle.world.store.models
        self.account.wait(lambda: all(m.state != "building" for m in list(models.values())))
        return list(models)

    def settle(self) -> None:
        """Wait until every request that was given up has been carried out, or not."""
        # Connections are accepted in their order: what was sent on an earlier one has arrived.
        httpx.get(f"{self.account.handle.root}/_sandbox/health").raise_for_status()
        entries = self.account.handle.world.log._entries
        self.account.wait(lambda: all(entry.took_s is not None for entry in list(entries)))
        self.wait()
        # The next run comes when ML List shows all that this one made.
        made_ns = [model["created_ns"] for model in self.account.models().values()]
        listed_ns = max(made_ns, default=0) + self.variety["list_delay_s"] * clock.NS
        now = self.account.handle.world.clock
        self.account.wait(lambda: now.now_ns() > listed_ns)

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
        with LyticsClient(known, Refusing(refused, seed), QUICK) as client:
            yield Run(known, client, self.said.append, QUICK, self.holdings)

    def holdings(self) -> list[Holding]:
        """Return the models that the states of the project's stacks have."""
        engines = [self.engine, *(one for one in self.stacks if one is not self.engine)]
        return [held for one in engines for held in holdings_in(one.stack, one.exported())]

    def break_requests(self, rules: list[Json]) -> None:
        """Let requests fail from here on."""
        self.account._client.post("/_sandbox/faults", json=rules).raise_for_status()

    def mend(self) -> None:
        """Let nothing fail from here on, and wait for what is still under way."""
        self.account.mend()
        self.settle()

    # --- what must be true -------------------------------------------------------------------

    @contextlib.contextmanager
    def watched(self, declared: Mapping[str, Json]) -> Iterator[None]:
        """Note in `broken` what a run did and may not do, however much of it failed.

        Args:
            declared: what the run is to make true; it is over, and mended, at the end.
        """
        before, had_left = self.account.models(), len(self.engine.left)
        yield
        after = self.account.models()
        shapes = {key: ModelDeclaration.model_validate(one) for key, one in declared.items()}
        for key, shape in shapes.items():
            stored = self.engine.find("model", key)
            if shape.activation == "observe" and stored is not None:
                live = [shown.get(stored.id, {}).get("is_active") for shown in (before, after)]
                if live[1] and not live[0]:
                    self.broken.append(f"{key} went live and is only to be judged")
        for left in self.engine.left[had_left:]:
            self._retained.pop(left.id, None)
            if left.policy == "retain" and left.id in before:
                self._retained[left.id] = (left.key, before[left.id])
        self._look_at_retained(shapes, after)

    def _look_at_retained(
        self, declared: Mapping[str, ModelDeclaration], after: Mapping[str, Json]
    ) -> None:
        in_use = {one.id for one in self.engine.state}
        for model_id, (key, left) in list(self._retained.items()):
            shape, now = declared.get(key), after.get(model_id)
            if model_id in in_use or (shape is not None and _are_alike(key, shape, left)):
                del self._retained[model_id]  # It is taken up again.
            elif now is not None and shape is not None and shape.activation == "swap":
                # One of this declaration that goes live takes the place of the one before.
                stopped = {**left, "is_active": now["is_active"], "updated_ns": now["updated_ns"]}
                if now != stopped or now["is_active"] > left["is_active"]:
                    self.broken.append(f"{model_id} of {key} was retained and was changed")
                self._retained[model_id] = (key, now)
            elif now != left:
                self.broken.append(f"{model_id} of {key} was retained and was changed")

    def broken_promises(self, declared: Mapping[str, Json]) -> list[str]:
        """Return every promise that isn't kept after a run that went well."""
        models = self.account.models()
        found = [*self.broken]
        found += [
            f"somebody else's model {model_id} was changed"
            for model_id, before in self.others.items()
            if models.get(model_id) != before
        ]
        shapes = {key: ModelDeclaration.model_validate(one) for key, one in declared.items()}
        for key, shape in shapes.items():
            found += self._about(key, shape, models)
        found += self._about_those_who_left(models)
        found += self._twins(models)
        found += self._abandoned(shapes)
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
            "name": (self._sent_name(model), wanted),
            "source": (model["source"], inputs.source),
            "target": (model["target"], inputs.target),
            "collect": (model["config"]["collect"], _collect(declared)),
        }
        if declared.label is not None:
            true["label"] = (model["label"], declared.label)
        if declared.is_active is not None:
            true["is_active"] = (model["is_active"], declared.is_active)
        return [
            f"{key}: {what} is {actual!r}, declared {meant!r}"
            for what, (actual, meant) in true.items()
            if actual != meant
        ]

    def _about_those_who_left(self, models: Mapping[str, Json]) -> list[str]:
        kept = {one.id for one in self.engine.state if one.kind == "model"}
        last = {left.id: left.policy for left in self.engine.left if left.id not in kept}
        deleted = [i for i, policy in last.items() if policy == "delete" and i in models]
        return [f"{i} was deleted and is there" for i in deleted]

    def _twins(self, models: Mapping[str, Json]) -> list[str]:
        """Return what is there twice: same name, source, target and config."""
        seen: dict[str, list[str]] = {}
        for model_id, model in models.items():
            config = {k: v for k, v in model["config"].items() if k != "build_only"}
            same = repr([self._sent_name(model), model["source"], model["target"], config])
            seen.setdefault(same, []).append(model_id)
        return [f"twice: {same} ({ids})" for same, ids in seen.items() if len(ids) > 1]

    def _sent_name(self, model: Json) -> str:
        """Return the name that this API made a model's name of."""
        altered = {"prefix": "^ML: ", "suffix": r"_\d+$", "none": "$."}[self.variety["rename"]]
        return re.sub(altered, "", str(model["name"]))

    def _abandoned(self, declared: Mapping[str, ModelDeclaration]) -> list[str]:
        """Return the models of this stack that nothing holds and `recover` doesn't name.

        It can name those whose names prove whose they are. Of a key that is no longer declared
        it names only what is live.
        """
        held = {*self.others, *(one.id for one in self.engine.state)}
        with self.run() as run:
            models = run.looks.any().models
        last = {left.id: left.policy for left in self.engine.left if left.id in models}
        # A run that died on its way back to one may have set it live again.
        alive = {i for i, how in last.items() if how == "deactivate" and models[i].is_active} - held
        held |= last.keys()
        left_over = [
            model
            for model in models.values()
            if model.id in alive
            or (
                model.id not in held
                and (proof := proof_in(model.name)) is not None
                and (model.is_active or proof[0] in _lineages(declared))
            )
        ]
        stack = Stack(Path(f"stacks/{STACK}.yaml"), declared)
        state = parse_state(STACK, self.engine.exported())
        found = find_models(PROJECT, stack, state, models.values(), BOOK)
        named = {one.model.id for one in found.leftovers}
        return [
            f"{model.id} ({model.name}) is nobody's, and recover doesn't say so"
            for model in left_over
            if model.id not in named
        ]


def _lineages(declared: Mapping[str, ModelDeclaration]) -> set[str]:
    return {_model_inputs(key, one)["lineage"] for key, one in declared.items()}


def _are_alike(key: str, declared: ModelDeclaration, model: Json) -> bool:
    inputs = _model_inputs(key, declared)
    wanted = (inputs["source"], inputs["target"], _collect(declared))
    return wanted == (model["source"], model["target"], model["config"]["collect"])


def _collect(declared: ModelDeclaration) -> int:
    return (declared.config.collect if declared.config else None) or 5000
