"""Reading the declarations of an environment: every mistake is told with its place."""

from pathlib import Path
from textwrap import dedent

import pytest

from providers.lytics.domain.declaration import ModelConfig
from providers.lytics.domain.live.gate import Gate
from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file import yaml_reader
from providers.lytics.stack_file.reader import Stack, read_stack_file

ROOT = Path(__file__).parents[3]
SAMPLES = Path("tests/stacks")
BROKEN = sorted(path.stem for path in (ROOT / SAMPLES).glob("*.txt"))


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def read(folder: Path, text: str) -> Stack:
    """Read a stack file of one's own."""
    path = folder / "dev.yaml"
    path.write_text(dedent(text))
    return read_stack_file(path)


@pytest.mark.parametrize("name", BROKEN)
def test_each_mistake_is_told_with_its_place(name: str) -> None:
    """A mistake names file, line, column, key and what would be right, and all come at once."""
    expected = (ROOT / SAMPLES / f"{name}.txt").read_text().splitlines()
    with pytest.raises(DeclarationError) as caught:
        read_stack_file(SAMPLES / f"{name}.yaml")
    assert [str(problem) for problem in caught.value.problems] == expected
    assert caught.value.title == f"tests/stacks/{name}.yaml can't be used:"


def test_every_sample_is_tested() -> None:
    """Each file in tests/stacks is a mistake that is told, or one of the few that are none."""
    files = {path.stem for path in (ROOT / SAMPLES).glob("*.yaml")}
    assert files - set(BROKEN) == {"default_gate", "empty", "only_comments"}
    assert len(BROKEN) > 25


@pytest.mark.parametrize("name", ["empty", "only_comments"])
def test_nothing_declared_is_no_mistake(name: str) -> None:
    """A file in which nothing is declared yet declares nothing."""
    assert read_stack_file(SAMPLES / f"{name}.yaml") == Stack(SAMPLES / f"{name}.yaml", {})


def test_defaults_hold_unless_a_model_says_otherwise() -> None:
    """Defaults are what every model has; config is merged by key, and null overrides a gate."""
    models = read_stack_file(SAMPLES / "default_gate.yaml").models
    assert [models[key].gate for key in ("gated", "own_gate", "free", "plain")] == [
        Gate(auc=0.75),
        Gate(reach=3),
        None,
        None,
    ]
    assert [models[key].on_delete for key in ("gated", "free")] == ["retain", "delete"]
    assert models["gated"].config == ModelConfig(use_scores=True, collect=300)
    assert models["free"].config == ModelConfig(use_scores=True, collect=400)


def test_a_missing_file_says_what_writes_one() -> None:
    """A file that isn't there is named, with the command that writes one."""
    with pytest.raises(DeclarationError) as caught:
        read_stack_file(Path("stacks/nowhere.yaml"))
    assert str(caught.value) == (
        "stacks/nowhere.yaml can't be used:\n"
        "  - stacks/nowhere.yaml: there is no such file. bin/lytics-ml init nowhere writes it"
    )


def test_a_folder_is_no_file() -> None:
    """What can't be read is told in the system's words."""
    with pytest.raises(DeclarationError, match="stacks: Is a directory"):
        read_stack_file(Path("stacks"))


def test_a_file_outside_is_named_in_full(tmp_path: Path) -> None:
    """A file outside the folder that one is in is named by its whole path."""
    with pytest.raises(DeclarationError, match=f"^{tmp_path}/dev.yaml can't be used:"):
        read(tmp_path, "models: 1")


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is too large for one stack is refused before it is read."""
    monkeypatch.setattr(yaml_reader, "MOST_BYTES", 10)
    with pytest.raises(DeclarationError, match="is larger than 0 MB; split the account"):
        read(tmp_path, "models: {}  # and more")


def test_aliases_that_repeat_each_other_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Aliases can't make a small file grow without end."""
    monkeypatch.setattr(yaml_reader, "MOST_VALUES", 5000)
    levels = [f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    text = "\n".join(["segments:", "  l0: &l0 [x]", *levels, "models: {}"])
    with pytest.raises(DeclarationError, match="repeats too much; write it without aliases"):
        read(tmp_path, text)


def test_deep_flow_nesting_is_refused(tmp_path: Path) -> None:
    """Nesting without end is a mistake with a sentence."""
    with pytest.raises(DeclarationError, match="can't be used"):
        read(tmp_path, f"models: {'[' * 5000}{']' * 5000}")


def test_an_alias_may_be_used_once_or_twice(tmp_path: Path) -> None:
    """An alias that repeats a value is read as that value."""
    stack = read(
        tmp_path,
        """\
        models:
          one: {source: a, target: b, config: &shared {use_scores: true, collect: 200}}
          two: {source: a, target: b, config: *shared}
        """,
    )
    assert stack.models["one"].config == stack.models["two"].config


def test_everything_that_can_be_declared(tmp_path: Path) -> None:
    """Segments, models and removals are read, with the line of each model."""
    stack = read(
        tmp_path,
        """\
        segments: {everybody: all_users, named: CF21BA3CEB194961B964358EE92EC4A9}
        models:
          churn:
            source: everybody
            target: named
            is_active: true
            was: earlier
            protect: true
            adopt: E34563F98BC848B7ABB17C4A0499968C
            config: {use_scores: true}
          growth: {source: slug, target: named, config: {use_content: true}}
        removed:
          gone: {on_delete: delete}
        """,
    )
    assert list(stack.models) == ["churn", "growth"]
    assert stack.lines == {"churn": 3, "growth": 11}
    assert stack.removed["gone"].on_delete == "delete"
    assert stack.segment("everybody") == "all_users"
    assert stack.segment("named").lower() == "cf21ba3ceb194961b964358ee92ec4a9"
    assert stack.segment("slug") == "slug"
    churn = stack.models["churn"]
    assert (churn.adopt, churn.was, churn.protect) == (
        "e34563f98bc848b7abb17c4a0499968c",
        "earlier",
        True,
    )


def test_a_default_that_is_wrong_is_told_once(tmp_path: Path) -> None:
    """What stands under defaults is told there, not once a model."""
    own = ["", ", config: {use_content: true}", ", config: {collect: 300}"]
    models = "".join(f"  m{n}: {{source: a, target: b{own[n % 3]}}}\n" for n in range(51))
    with pytest.raises(DeclarationError) as caught:
        read(tmp_path, f"defaults: {{config: {{collect: 1, use_scores: true}}}}\nmodels:\n{models}")
    assert len(caught.value.problems) == 1


def test_no_features_in_the_defaults_are_told_for_each_model(tmp_path: Path) -> None:
    """A model without features of its own is told at the model."""
    with pytest.raises(DeclarationError) as caught:
        read(tmp_path, "defaults: {gate: {auc: 0.7}}\nmodels: {one: {source: a, target: b}}")
    (problem,) = caught.value.problems
    assert str(problem.where).endswith("line 2, column 10")


def test_a_thousand_models_are_read(tmp_path: Path) -> None:
    """A stack of a thousand models is read whole."""
    one = "  m{n}: {{source: a, target: b, label: text {n}, config: {{use_scores: true}}}}\n"
    stack = read(tmp_path, "models:\n" + "".join(one.format(n=n) for n in range(1000)))
    assert len(stack.models) == 1000
    assert stack.models["m999"].label == "text 999"
    assert stack.lines["m999"] == 1001


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("stacks/[!Pr]*.yaml")), ids=lambda path: path.stem
)
def test_the_stacks_of_this_project_are_right(path: Path) -> None:
    """Every stack file that the project brings can be used."""
    assert read_stack_file(path).models


def test_a_deletion_whoever_uses_the_model_is_a_mapping(tmp_path: Path) -> None:
    """In a model, in defaults and under `removed`; kept in one word everywhere else."""
    stack = read(
        tmp_path,
        """
        defaults: {on_delete: {delete: even_if_used}}
        models:
          a: {source: x, target: y, config: {use_scores: true}}
          b: {source: x, target: y, config: {use_scores: true}, on_delete: delete}
        removed: {c: {on_delete: {delete: even_if_used}}}
        """,
    )
    assert {key: model.on_delete for key, model in stack.models.items()} == {
        "a": "delete_even_if_used",
        "b": "delete",
    }
    assert stack.removed["c"].on_delete == "delete_even_if_used"


@pytest.mark.parametrize("value", ["{delete: if_used}", "{retain: even_if_used}", "[delete]"])
def test_another_mapping_of_on_delete_is_refused(tmp_path: Path, value: str) -> None:
    """Only one mapping is known; the word that it is kept in is none."""
    for wrong in (value, "delete_even_if_used"):
        with pytest.raises(DeclarationError, match=r"retain or \{delete: even_if_used\}"):
            read(tmp_path, f"removed: {{c: {{on_delete: {wrong}}}}}")
