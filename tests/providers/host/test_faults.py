"""Never a lost model, never a second one: whatever fails, a clean run later all is as declared."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.errors import LyticsError
from providers.lytics.host.lifecycle import ModelLifecycle
from tests.support.lab import Lab, declared, properties, start_lab, through_engine

Json = dict[str, Any]
PATIENCE = {"patience_s": 0.15, "settle_s": 0.05, "reply_timeout_s": 60.0}
KINDS = ["500", "502", "503", "429", "drop", "reset", "cut", "wrong_content_type", "401"]
KEYS = ["one", "two", "three"]


class Stack:
    """A stack's state, kept as the engine keeps it: what fails changes no state.

    Args:
        lab: the account.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.state: dict[str, tuple[str, Json]] = {}
        self.leaving: list[tuple[str, Json]] = []

    def up(self, models: Mapping[str, ModelInputs]) -> list[LyticsError]:
        """Make the declarations true; return what failed."""
        failed: list[LyticsError] = []
        lifecycle = self.lab.lifecycle(**PATIENCE)
        for key, inputs in models.items():
            try:
                self._settle(lifecycle, key, inputs)
            except LyticsError as exc:
                failed.append(exc)
        if failed:
            return failed  # The engine deletes only after a program that ended well.
        for key in set(self.state) - set(models):
            self.leaving.append(self.state.pop(key))
        for model_id, state in list(self.leaving):
            try:
                lifecycle.delete(model_id, state)
                self.leaving.remove((model_id, state))
            except LyticsError as exc:
                failed.append(exc)
        return failed

    def _settle(self, lifecycle: ModelLifecycle, key: str, inputs: ModelInputs) -> None:
        if key not in self.state:
            self.state[key] = _kept(*lifecycle.create(inputs))
            return
        model_id, state = self.state[key]
        found = lifecycle.diff(model_id, state, properties(inputs))
        if found.replaces:
            self.state[key] = _kept(*lifecycle.create(inputs))
            self.leaving.append((model_id, state))
        elif found.is_any:
            self.state[key] = _kept(model_id, lifecycle.update(model_id, state, inputs))

    def differences(self, models: Mapping[str, ModelInputs]) -> list[str]:
        """Return which declarations the next preview would change."""
        lifecycle = self.lab.lifecycle()
        found = {k: lifecycle.diff(*self.state[k], properties(m)) for k, m in models.items()}
        return [key for key, difference in found.items() if difference.is_any]


def _kept(model_id: str, outputs: Json) -> tuple[str, Json]:
    return model_id, through_engine(outputs)


def fields() -> st.SearchStrategy[Json]:
    """Return ways to declare a model."""
    return st.fixed_dictionaries(
        {"generation": st.sampled_from([1, 2])},
        optional={
            "label": st.sampled_from(["old", "new"]),
            "is_active": st.booleans(),
            "on_delete": st.sampled_from(["deactivate", "delete", "retain"]),
        },
    )


def stacks() -> st.SearchStrategy[dict[str, ModelInputs]]:
    """Return what a stack may declare."""
    return st.dictionaries(st.sampled_from(KEYS), fields(), min_size=1).map(
        lambda models: {
            key: declared(key=key, lineage=f"{KEYS.index(key):06x}", **given)
            for key, given in sorted(models.items())
        }
    )


@pytest.fixture(scope="module")
def faulty() -> Iterator[Lab]:
    """A sandbox that any number of examples is tried on."""
    lab = start_lab()
    yield lab
    lab.close()


@given(
    before=stacks(),
    after=stacks(),
    fault=st.fixed_dictionaries(
        {
            "rate": st.sampled_from([0.1, 0.25, 0.6]),
            "kinds": st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique=True),
            "seed": st.integers(0, 10_000),
        }
    ),
)
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_after_any_faults_one_clean_run_is_enough(
    faulty: Lab, before: dict[str, ModelInputs], after: dict[str, ModelInputs], fault: Json
) -> None:
    """Every declared model is there exactly once, as declared, and the next preview is empty."""
    faulty.reset()
    bystander = faulty.account.create(label="mine")
    faulty.wait_until_built(bystander)
    stack = Stack(faulty)
    faulty.account.fault(path="^/(api|v2)/ml", **fault)
    stack.up(before)
    stack.up(after)
    faulty.heal()
    for model_id in faulty.account.models():
        faulty.wait_until_built(model_id)
    assert stack.up(after) == []
    assert stack.leaving == []
    for model_id in faulty.account.models():
        faulty.wait_until_built(model_id)
    _assert_as_declared(faulty, stack, after)
    assert not any(bystander in entry["path"] for entry in faulty.account.writes(0))
    mark = faulty.account.mark()
    assert stack.differences(after) == []
    assert stack.up(after) == []
    assert faulty.account.writes(mark) == []


def _assert_as_declared(lab: Lab, stack: Stack, models: Mapping[str, ModelInputs]) -> None:
    shown = lab.account.models()
    assert set(stack.state) == set(models)
    for key, inputs in models.items():
        model_id, state = stack.state[key]
        assert shown[model_id]["name"].startswith(f"{key}-{inputs.lineage}-")
        same = [i for i, m in shown.items() if m["name"] == state["name"]]
        assert same == [model_id], f"{key} is there {len(same)} times"
        if inputs.label is not None:
            assert shown[model_id]["label"] == inputs.label
        if inputs.is_active is not None:
            assert shown[model_id]["is_active"] is inputs.is_active
