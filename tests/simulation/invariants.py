"""What must hold, whatever happens: each a sentence, and a function that says where it doesn't.

Those of `AFTER_EACH_RUN` hold however a run ended, killed or not; those of `AT_THE_END` once a run
in which nothing failed has made a stack file true.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from cli.drift.compare import Observed, compare
from cli.recover.recovery import find_models
from cli.workspace.state import parse_state
from providers.lytics.domain.declaration import ModelDeclaration, ModelInputs
from providers.lytics.domain.identity import proof_in
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.shapes import Segment
from sandbox.segments import MADE_UP, segment_id
from sandbox.settings import COLLECT_DEFAULT, LIVE_MODELS_MAX
from tests.simulation.account import AID
from tests.simulation.drawing import NO_DATA
from tests.simulation.living import File, Life, Ran
from tests.simulation.running import preview
from tests.simulation.state import model_inputs
from tests.support.engine.project import PROJECT

BOOK = SegmentBook(
    Segment.model_validate({"id": segment_id(AID, plan.slug), "slug_name": plan.slug})
    for plan in MADE_UP
)
RETAINED = "stays in the account as it is"
_TAKES = "takes up"
NEVER_PASSED = 1.0
"""The AUC that no model reaches."""


# --- after each run -------------------------------------------------------------------------


def nothing_of_anybody_else_is_touched(life: Life, ran: Ran) -> Iterator[str]:
    """A run writes to models of its own stack alone: others' and other stacks' stay as they are."""
    adopted = {shape.adopt for shape in ran.shapes.values() if shape.adopt}
    ours = ran.mine | set(ran.state.model_ids) | adopted
    for asked in ran.writes:
        one = asked.model_id
        if asked.made or one in ours:
            continue
        if one not in life.made:
            yield f"{asked.method} of somebody else's model {one}"
        elif one in ran.theirs:
            yield f"{asked.method} of model {one}, which another stack has"


def a_create_trains_one_model(life: Life, ran: Ran) -> Iterator[str]:
    """No training that wasn't asked for: one model of a name in a run, and none that was there.

    The one exception: a 429 for a create that was carried out, where ML List lags as well. It isn't
    waited for as long, and the second model is taken out again.
    """
    lied = {life.made[a.made].name for a in ran.asked if a.made and a.fault.startswith("429")}
    names = Counter(life.made[asked.made].name for asked in ran.asked if asked.made)
    for name, count in names.items():
        if count > 1 and not (name in lied and life.lag_s):
            yield f"{count} models were trained for {name}"
    for asked in ran.asked:
        name = life.made[asked.made].name if asked.made else ""
        if not name or proof_in(name) is None:
            continue
        for one, made in life.made.items():
            there = life.account.models.get(one)
            is_older = one in ran.existed and one != asked.made
            if is_older and made.name == name and there is not None and there.state == "complete":
                yield f"{name} was trained although model {one} of this name was there"


def what_is_retained_stays_as_it_is(life: Life, ran: Ran) -> Iterator[str]:
    """A model that left by `retain` is never written to again, unless it is taken up again.

    The one exception: a successor of the same declaration that goes live stops it.
    """
    held = {i for file in life.files for i in file.state.model_ids} | ran.mine
    _rename(life, ran)
    for asked in ran.writes:
        keys = life.retained.get(asked.model_id)
        taken_up = any(f"model {asked.model_id}" in said for said in ran.said if _TAKES in said)
        if keys is None or asked.model_id in held or taken_up:
            continue
        swapped = {key for key, shape in ran.shapes.items() if shape.activation == "swap"}
        if swapped.isdisjoint(keys) or asked.sets_live is not False:
            named = " or ".join(sorted(keys))
            yield f"model {asked.model_id} of {named} was retained and is written to: {asked.sent}"
    for one in list(life.retained):
        if one in held:
            del life.retained[one]
    for said in ran.said:
        if RETAINED in said:
            key, one = said.split("'")[1], said.split(": model ", 1)[1][:32]
            if one not in ran.state.model_ids:
                life.retained[one] = {key}
    _rename(life, ran)


def _rename(life: Life, ran: Ran) -> None:
    """Let the keys of retained models follow a declaration that was renamed."""
    for keys in life.retained.values():
        keys.update(key for key, shape in ran.shapes.items() if shape.was in keys)


def each_leaves_as_declared(life: Life, ran: Ran) -> Iterator[str]:
    """What is declared no more leaves as `removed` says, else by its last successful `up`.

    The one exception: a delete that is answered with 200 and not carried out. It is believed.
    """
    if ran.problems or ran.deeds:
        return
    for one, by_state in ran.leaves.items():
        key = next(k for k, i in ran.held.items() if i == one)
        renamed = {shape.was for shape in ran.shapes.values()}
        in_use = {i for file in life.files for i in file.state.model_ids}
        if key in ran.shapes or key in renamed or one in in_use:
            continue
        policy = ran.removed.get(key) or by_state
        there = life.account.models.get(one)
        if policy == "delete" and there is not None and not _is_undone(life, one):
            yield f"model {one} of {key} was to be deleted and is there"
        if policy == "retain" and any(asked.model_id == one for asked in ran.writes):
            yield f"model {one} of {key} was to be retained and was written to"
        if policy == "deactivate" and there is None and one in ran.existed:
            yield f"model {one} of {key} was to be deactivated and is gone"


def _is_undone(life: Life, model_id: str) -> bool:
    """Tell whether a model was deleted as the account says, and wasn't."""
    fault = f"{NO_DATA}@before"
    return any((a.method, a.fault, a.model_id) == ("DELETE", fault, model_id) for a in life.asked)


def something_stays_live(life: Life, ran: Ran) -> Iterator[str]:
    """At no moment is nothing live where something was and is to be, but for `break_first`.

    And but for a model that doesn't pass its gate, and of which nothing shows that a run has judged
    it: a run that was killed, Lytics or a person may have set it live. The gate's word holds.
    """
    for asked in ran.writes:
        before, after = asked.live
        for one in before:
            if one in after or one not in ran.live or one in ran.deeds:
                continue
            key = life.key_of(ran, one)
            shape = ran.shapes.get(key)
            if shape is None or shape.is_active is not True:
                continue
            if shape.swap == "break_first" and len(before) >= LIVE_MODELS_MAX:
                continue
            if any(life.key_of(ran, deed) == key for deed in ran.deeds):
                continue  # Nobody can know what somebody does a moment later.
            if asked.sets_live is False and _never_passes(shape) and _is_unjudged(ran, key, one):
                continue
            if not any(life.key_of(ran, other) == key for other in after):
                yield f"nothing of {key} is live after {asked.method} {asked.sent} of {one}"


def no_model_lives_past_its_gate(life: Life, ran: Ran) -> Iterator[str]:
    """A gated model is built without going live, and isn't set live while its gate fails."""
    for asked in ran.writes:
        name = str((asked.sent or {}).get("name", ""))
        if asked.made:
            shape = ran.shapes.get(life.made[asked.made].key)
            config = (asked.sent or {}).get("config") or {}
            if shape is not None and shape.activation and not config.get("build_only"):
                yield f"{name} has a gate and is trained without build_only"
        elif asked.sets_live:
            key = life.key_of(ran, asked.model_id)
            shape = ran.shapes.get(key)
            current = ran.state.find("model", key)
            is_current = current is not None and current.id == asked.model_id
            if (
                _never_passes(shape)
                and is_current
                and asked.model_id not in ran.earned.get(key, [])
            ):
                yield f"model {asked.model_id} of {key} is set live past its gate"


def _never_passes(shape: ModelDeclaration | None) -> bool:
    return shape is not None and shape.gate is not None and shape.gate.auc == NEVER_PASSED


def _is_unjudged(ran: Ran, key: str, model_id: str) -> bool:
    """Tell whether neither state nor account shows that a run has judged a live model.

    The state has its id once it went live; the account shows it by the model before, which only a
    swap stops.
    """
    known = (key, ran.shapes[key].was or "")
    earned = {one for k in known for one in ran.earned.get(k, [])}
    before = {ran.was_live[k] for k in known if k in ran.was_live} - {model_id}
    return model_id not in earned and before.isdisjoint(ran.existed)


def the_limit_holds(_: Life, ran: Ran) -> Iterator[str]:
    """No write leaves more models live than Lytics allows."""
    for asked in ran.writes:
        if len(asked.live[1]) > max(LIVE_MODELS_MAX, len(asked.live[0])):
            yield f"{len(asked.live[1])} models are live after {asked.method} {asked.path}"


def what_the_preview_said_is_done(_: Life, ran: Ran) -> Iterator[str]:
    """A run that goes well does what the preview before it said, and nothing else."""
    if ran.planned is None or ran.problems or not ran.is_clean:
        return
    done = sorted(ran.done)
    if done != ran.planned:
        yield f"the preview said {_listed(ran.planned)}, the run did {_listed(done)}"


# --- at the end -----------------------------------------------------------------------------


def each_model_is_there_once(life: Life, file: File) -> Iterator[str]:
    """Every declared model is there, as declared, and no model is there twice.

    The exceptions are those of `a_create_trains_one_model` and `each_leaves_as_declared`. And after
    `pulumi state delete` nothing shows of which generation a model with a declared name is.
    """
    lied = {
        life.made[asked.made].name
        for asked in life.asked
        if asked.made and asked.fault.startswith("429") and life.lag_s
    }
    for key, shape in file.shapes().items():
        stored = file.state.find("model", key)
        if stored is None or stored.id not in life.account.models:
            yield f"{key} is lost"
            continue
        yield from _otherwise(life, file, key, shape, stored.id)
    seen: dict[str, str] = {}
    held = {i for one in life.files for i in one.state.model_ids}
    let_go = {left.id for one in life.files for left in one.state.left} - held
    for one, made in life.made.items():
        model = life.account.models.get(one)
        if model is None or model.state == "invalid" or one in let_go or made.name in lied:
            continue
        if _is_undone(life, one) or one in life.forgotten - held:
            continue
        config = {k: getattr(model.config, k) for k in model.config.__slots__ if k != "build_only"}
        same = repr([made.name, model.source, model.target, config])
        if same in seen:
            yield f"{made.name} is there twice: {seen[same]} and {one}"
        seen[same] = one


def _otherwise(
    life: Life, file: File, key: str, declared: ModelDeclaration, model_id: str
) -> Iterator[str]:
    model = life.account.models[model_id]
    inputs = ModelInputs.model_validate(model_inputs(key, declared, file.state.stack))
    collect = (declared.config.collect if declared.config else None) or COLLECT_DEFAULT
    true: dict[str, tuple[object, object]] = {
        "source": (model.source, inputs.source),
        "target": (model.target, inputs.target),
    }
    if declared.adopt is None:
        true["collect"] = (model.config.collect, collect)
    if declared.label is not None:
        true["label"] = (model.label, declared.label)
    if declared.is_active is not None:
        true["is_active"] = (model.is_active, declared.is_active)
    if declared.name is not None and model_id in life.made:
        true["name"] = (life.made[model_id].name, declared.name)
    for what, (actual, meant) in true.items():
        if actual != meant:
            yield f"{key}: {what} is {actual!r}, declared {meant!r}"


def each_has_its_own(life: Life, _: File) -> Iterator[str]:
    """No two stacks, and no two declarations, have one model."""
    held = Counter(
        o.id for f in life.files for o in f.state.resources if o.kind == "model" and not o.leaves
    )
    for one, count in held.items():
        if count > 1:
            yield f"model {one} is held {count} times"


def the_next_preview_is_empty(life: Life, file: File) -> Iterator[str]:
    """Once a file has been made true there is nothing more to do, and a preview sends nothing."""
    mark = len(life.asked)
    planned = preview(life, file)
    if planned:
        yield f"there is more to do: {_listed(planned)}"
    for asked in life.asked[mark:]:
        yield f"a preview sent {asked.method} {asked.path}"


def nothing_has_drifted(life: Life, file: File) -> Iterator[str]:
    """Once a file has been made true `lytics-ml drift` finds no difference."""
    models = life.listed()
    gone = [one for one in file.state.model_ids if one not in life.account.models]
    state = parse_state(file.state.stack, file.state.exported())
    observed = Observed(models, gone, BOOK)
    for drift in compare(PROJECT, state, observed, _retained(file)).drifts:
        if drift.kind != "undeclared":
            yield f"drift: {drift}"


def what_is_left_over_is_named(life: Life, file: File) -> Iterator[str]:
    """A model of the stack that nothing holds is named by `lytics-ml recover`, if it matters.

    It matters if it is live, and should not be; or if its key is declared and its training was for
    nothing.
    """
    models = life.listed()
    held = {i for one in life.files for i in one.state.model_ids} | set(life.others)
    last = {left.id: left.policy for left in file.state.left}
    computed = {
        str(model_inputs(key, one, file.state.stack)["lineage"])
        for key, one in file.shapes().items()
    }
    wanted = []
    for one, model in models.items():
        proof = proof_in(model.name)
        by_people = any(one in ran.deeds for ran in life.runs)
        if by_people or one in held or proof is None or proof[0] not in computed:
            continue
        policy = last.get(one)
        was_let_go = one in last or one in life.retained
        if (not was_let_go) or (policy == "deactivate" and model.is_active):
            wanted.append(one)
    state = parse_state(file.state.stack, file.state.exported())
    found = find_models(
        PROJECT, file.parsed(), state, list(models.values()), BOOK, holdings=life.holdings
    )
    named = {one.model.id for one in found.leftovers} | {m.id for m in found.taken_up.values()}
    remembered = {
        i
        for o in file.state.resources
        for i in (o.outputs.get("trained") or {})
        if o.kind == "model"
    }
    for one in wanted:
        if one not in named and not (one in remembered and not models[one].is_active):
            yield f"model {one} ({models[one].name}) is nobody's, and recover doesn't say so"


def _retained(file: File) -> set[str]:
    return {key for key, how in file.removed.items() if how == "retain"}


def _listed(things: list[object] | list[str] | object) -> str:
    return ", ".join(str(one) for one in things) if isinstance(things, list) else str(things)


AFTER_EACH_RUN: tuple[Callable[[Life, Ran], Iterator[str]], ...] = (
    nothing_of_anybody_else_is_touched,
    a_create_trains_one_model,
    what_is_retained_stays_as_it_is,
    each_leaves_as_declared,
    something_stays_live,
    no_model_lives_past_its_gate,
    the_limit_holds,
    what_the_preview_said_is_done,
)
AT_THE_END: tuple[Callable[[Life, File], Iterator[str]], ...] = (
    each_model_is_there_once,
    each_has_its_own,
    the_next_preview_is_empty,
    nothing_has_drifted,
    what_is_left_over_is_named,
)


def after_a_run(life: Life, ran: Ran) -> list[str]:
    """Return what doesn't hold after a run."""
    return [
        f"{ran.who}: {how.__name__}: {what}" for how in AFTER_EACH_RUN for what in how(life, ran)
    ]


def at_the_end(life: Life, file: File) -> list[str]:
    """Return what doesn't hold at the end."""
    stack = file.state.stack
    return [f"{stack}: {how.__name__}: {what}" for how in AT_THE_END for what in how(life, file)]
