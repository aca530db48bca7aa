"""One run of one stack, as somebody types it: `pulumi up`, to its end or its death."""

import random
from collections.abc import Iterable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any

from providers.lytics.host.run import Run
from sandbox.turning.faults import Rule, parse_rules
from tests.simulation.drawing import REQUESTS
from tests.simulation.engine import Engine, Options
from tests.simulation.living import File, Life, Made, Ran
from tests.simulation.network import Asked, Mortal, Network
from tests.simulation.program import SmallProgram
from tests.simulation.scheduler import KilledError
from tests.simulation.state import Done

Json = dict[str, Any]
TROUBLES = ("rules", "refused", "dies_at", "people", "beside", "pages", "target")
"""What a step may say so that its run isn't a clean one."""


class OneRun:
    """One run of one stack.

    Args:
        life: the history.
        file: the stack file, and its state.
        step: what goes wrong, and how the run is called.
    """

    def __init__(self, life: Life, file: File, step: Mapping[str, Any]) -> None:
        self.life, self.file, self.step = life, file, step
        state = file.state
        self.destroys = step.get("do") == "destroy"
        self.who = f"{state.stack}/{len(life.runs) + 1}"
        kept = [o for o in state.resources if not o.leaves]
        models = [one for one in kept if one.kind == "model"]
        activations = [one for one in kept if one.kind == "activation"]
        self.process = Mortal(step.get("dies_at"))
        dice = random.Random(f"{step.get('luck', 0)}/{len(life.runs)}")
        self.ran = Ran(
            self.who,
            state.stack,
            {} if self.destroys else file.shapes(),
            dict(file.removed),
            {one.key: one.id for one in models},
            tuple(life.account.live()),
            frozenset(state.model_ids),
            frozenset(i for f in life.files if f.state is not state for i in f.state.model_ids),
            {one.key: list(one.outputs.get("earned") or []) for one in activations},
            {
                one.key: str(one.outputs["live_model_id"])
                for one in activations
                if one.outputs.get("live_model_id")
            },
            {one.id: str(one.outputs.get("on_delete") or "deactivate") for one in models},
            frozenset(life.account.models),
            is_clean=not any(step.get(name) for name in TROUBLES),
            state=state,
        )
        life.runs.append(self.ran)
        timing = life.timing(dice)
        network = Network(
            life.scheduler,
            life.account,
            self.process,
            dice,
            self._note,
            who=self.who,
            rules=_rules(step.get("rules", ()), life.api),
            refused=step.get("refused", 0.0),
            timeout_s=life.settings.reply_timeout_s,
        )
        self._network, self._timing = network, timing

    def _note(self, asked: Asked) -> None:
        life = self.life
        life.asked.append(asked)
        self.ran.asked.append(asked)
        if asked.made:
            name = str((asked.sent or {}).get("name", ""))
            known = [key for key in self.ran.shapes if name.startswith((f"{key}-", f"named-{key}"))]
            life.made.setdefault(asked.made, Made(self.ran.stack, known[0] if known else "", name))
        if asked.writes or asked.fault:
            said = asked.fault or asked.status
            sent = f"{asked.method} {asked.path} {_short(asked.sent)}"
            life.tell(f"{self.who} {sent} -> {said} {asked.made}")

    def live(self) -> None:
        """Live from its beginning to its end, or to its death."""
        life, state = self.life, self.file.state
        if state.pending:
            life.tell(f"{self.who} recover: {len(state.pending)} pending")
            state.pending.clear()
        before = deepcopy(state.resources) if self.step.get("unwritten") else None
        try:
            life.scheduler.in_process(self.process, self._live)
        except KilledError:
            self.ran.died = self.process.died or "dead"
            self.ran.problems.append("killed")
            self.ran.is_clean = False
            if before is not None:
                state.resources, state.pending = before, []
        life.tell(f"{self.who} ended: {self.ran.problems or 'well'}")

    def _live(self) -> None:
        if self.step.get("refresh"):
            engine = self.engine()
            if engine.refresh():
                self.ran.problems += engine.problems
                return
        if self.destroys:
            engine = self.engine()
            self.ran.problems += engine.destroy(self._options())
            return
        if self.ran.is_clean:
            preview = self.engine()
            self.ran.planned = preview.preview()
            self.ran.problems += [f"preview: {one}" for one in preview.problems]
        client = self.life.client(self._network, self._timing)
        program = SmallProgram(self.life.settings, client, self._timing, self.life.tell)
        if problem := program.look_first():
            self.ran.problems.append(f"the program can't begin: {problem}")
            return
        engine = self.engine()
        try:
            self.ran.problems += engine.up(program.wait, self._options())
        finally:
            self.ran.done = engine.done

    def _say(self, sentence: str) -> None:
        self.ran.said.append(sentence)
        self.life.tell(f"{self.who} says: {sentence}")

    def _options(self) -> Options:
        keys = sorted({*self.ran.shapes, *self.ran.held})
        target = self.step.get("target")
        targets = None
        if target is not None and keys:
            targets = frozenset({_pick(keys, target)})
        return Options(targets, bool(self.step.get("continues")))

    def engine(self) -> Engine:
        """Return an engine with a host process of its own."""
        life = self.life
        client = life.client(self._network, self._timing)
        run = Run(self.life.settings, client, self._say, self._timing, life.holdings)
        return Engine(life.scheduler, self.process, self.file.state, run, self.ran.shapes)


def _rules(written: Iterable[Json], api: str) -> list[Rule]:
    rules = []
    for one in written:
        rule = dict(one)
        if "request" in rule:
            chosen = dict(REQUESTS[rule.pop("request")])
            if chosen["method"] == "POST|PUT":
                chosen["method"] = "POST" if api == "v1" else "PUT"
            rule |= chosen
        rules += parse_rules(rule)
    return rules


def _short(sent: Mapping[str, Any] | None) -> str:
    if not sent:
        return ""
    return str({k: v for k, v in sent.items() if k in {"name", "label", "is_active", "hidden"}})


def _pick(items: list[str], which: float) -> str:
    return items[int(which * len(items))]


def up(life: Life, file: File, step: Mapping[str, Any] = MappingProxyType({})) -> Ran:
    """Run an `up` of one stack, until all that it sent has come."""
    run = OneRun(life, file, step)
    run.live()
    life.settle()
    return run.ran


def at_once(life: Life, *runs: OneRun) -> None:
    """Let several runs go on at the same time."""
    life.scheduler.run([run.live for run in runs])
    life.settle()


def preview(life: Life, file: File) -> list[Done]:
    """Return what an `up` would do now; it is no run of the history."""
    run = OneRun(life, file, {})
    life.runs.pop()
    engine = run.engine()
    return engine.preview() + [Done("fail", "model", one) for one in engine.problems]
