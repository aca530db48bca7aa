"""`stacks/rules.yaml`: which rules hold where, and what is wrong with the file."""

from pathlib import Path
from textwrap import dedent

import pytest

from providers.lytics.errors import DeclarationError
from providers.lytics.stack_file.reader import read_stack_file
from providers.lytics.stack_file.rules_file import StackRules, rules_of

STACK = """\
models:
  grow:
    source: a
    target: b
    config: {use_scores: true}
"""


def rules(folder: Path, text: str, *, stack: str = "prod", declared: str = STACK) -> StackRules:
    """Return the rules of a stack, read from files of one's own."""
    (folder / f"{stack}.yaml").write_text(declared)
    (folder / "rules.yaml").write_text(dedent(text))
    return rules_of(read_stack_file(folder / f"{stack}.yaml"))


def levels(of: StackRules) -> dict[str, str]:
    """Return the level of each rule that is spoken of."""
    return {one.rule.id: str(one.level) for one in of.active}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_level_alone_and_a_level_with_values(tmp_path: Path) -> None:
    """Ids stand at the top or under `rules`; `off` is a word, though YAML takes it for false."""
    found = rules(
        tmp_path,
        """
        live-needs-gate: error
        label-required: off
        gate-at-least: {level: warn, auc: 0.7}
        rules:
          no-delete: warn
        """,
    )

    assert levels(found) == {
        "gate-at-least": "warn",
        "label-required": "off",
        "live-needs-gate": "error",
        "no-delete": "warn",
    }


def test_a_stack_has_other_levels_and_values(tmp_path: Path) -> None:
    """What a stack says goes before, key by key; the place is where it says so."""
    text = """\
        gate-at-least: {level: warn, auc: 0.7}
        no-delete: off
        stacks:
          prod:
            gate-at-least: error
            no-delete: error
            name-pattern: {level: warn, pattern: ^p-}
        """
    prod = {one.rule.id: one for one in rules(tmp_path, text).active}

    assert prod["gate-at-least"].rule.model_dump(exclude_unset=True) == {"auc": 0.7}
    assert str(prod["gate-at-least"].level) == "error"
    assert prod["gate-at-least"].where.short == "rules.yaml:5"
    assert levels(rules(tmp_path, text, stack="dev")) == {
        "gate-at-least": "warn",
        "no-delete": "off",
    }


def test_every_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    """Misspelt ids with the nearest, levels, missing and wrong values, in every stack."""
    with pytest.raises(DeclarationError) as caught:
        rules(
            tmp_path,
            """\
            live-need-gate: error
            label-required: errror
            gate-at-least: {auc: 0.7}
            forbidden-fields: error
            name-pattern: {level: warn, pattern: "("}
            stacks:
              dev:
                live-slots-left: {level: error, count: many}
                no-delete: {level: loud}
              prod: [no-delete]
            """,
        )
    told = [str(problem) for problem in caught.value.problems]

    assert caught.value.title == "rules.yaml can't be used:"
    assert told[0].startswith("rules.yaml, line 1, column 1: live-need-gate: unknown rule, ")
    assert "did you mean live-needs-gate? Known: forbidden-fields, gate" in told[0]
    assert [line.split(", got")[0].split(", for")[0] for line in told[1:]] == [
        "rules.yaml, line 2, column 1: label-required: expected off, warn or error",
        "rules.yaml, line 3, column 1: gate-at-least: level is missing: off, warn or error",
        "rules.yaml, line 4, column 1: forbidden-fields.fields: is missing",
        "rules.yaml, line 5, column 29: name-pattern.pattern: expected a regular expression",
        "rules.yaml, line 8, column 37: stacks.dev.live-slots-left.count: expected a whole number",
        "rules.yaml, line 9, column 17: stacks.dev.no-delete.level: expected off, warn or error",
        "rules.yaml, line 10, column 3: stacks.prod: expected a mapping of keys to values",
    ]


def test_an_exception_from_an_unknown_rule_is_a_mistake(tmp_path: Path) -> None:
    """With its line and the nearest spelling, also where there is no file of rules."""
    declared = f"{STACK}    except: {{live-need-gate: trial}}\n"
    (tmp_path / "prod.yaml").write_text(declared)

    with pytest.raises(DeclarationError, match=r"line 6, column 14: .*did you mean live-needs"):
        rules_of(read_stack_file(tmp_path / "prod.yaml"))


@pytest.mark.parametrize("wrong", ["[a]", "{live-needs-gate: }", "{live-needs-gate: ' '}"])
def test_an_exception_has_a_reason_in_words(tmp_path: Path, wrong: str) -> None:
    """An empty one is a mistake of the stack file."""
    (tmp_path / "prod.yaml").write_text(f"{STACK}    except: {wrong}\n")

    with pytest.raises(DeclarationError, match=r"expected (the reason|a mapping)"):
        read_stack_file(tmp_path / "prod.yaml")


def test_defaults_can_except_nothing(tmp_path: Path) -> None:
    """An exception is one model's, with its reason."""
    (tmp_path / "prod.yaml").write_text("defaults: {except: {no-delete: x}}\n")

    with pytest.raises(DeclarationError, match=r"defaults.except: belongs to one model"):
        read_stack_file(tmp_path / "prod.yaml")


OWN = '''
from providers.lytics.domain.rulebook import Rule


class NoTrials(Rule):
    """A model's key doesn't say that it is a trial."""

    id = "no-trials"
    word: str = "trial"

    def check_model(self, key, model, facts):
        if self.word in key:
            yield f"{key} is a trial: take it out"
'''


def own(folder: Path, **files: str) -> None:
    """Write a team's own rules."""
    (folder / "rules").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "rules" / f"{name}.py").write_text(text)


def test_a_team_adds_a_rule_of_its_own(tmp_path: Path) -> None:
    """A class in a file of `rules/`: it takes levels and values as the others do."""
    own(tmp_path, trials=OWN)
    found = rules(tmp_path, "no-trials: {level: error, word: grow}\n")
    [breach] = found.judge(found.facts()).errors

    assert str(breach) == "[no-trials] prod.yaml:2: grow is a trial: take it out"
    assert [path.name for path in (tmp_path / "rules").iterdir()] == ["trials.py"]


def test_an_own_rule_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    """Each with its file, all at once."""
    own(
        tmp_path,
        broken="1/0",
        empty="x = 1",
        nameless=OWN.replace('id = "no-trials"', 'id = "No Trials"'),
        taken=OWN.replace('id = "no-trials"', 'id = "no-delete"'),
    )
    with pytest.raises(DeclarationError) as caught:
        rules(tmp_path, "no-delete: warn\n")
    told = "\n".join(str(problem) for problem in caught.value.problems)

    assert "rules/broken.py: can't be loaded: ZeroDivisionError" in told
    assert "rules/empty.py: defines no rule" in told
    assert "rules/nameless.py, class NoTrials: expected an id in small letters" in told
    assert "no-delete is a rule of lytics-ml" in told


def test_an_own_rule_that_fails_is_a_breach_and_no_traceback(tmp_path: Path) -> None:
    """Whoever sets it to error wants it checked."""
    own(tmp_path, trials=OWN.replace("yield f", "raise ValueError(1); yield f"))
    found = rules(tmp_path, "no-trials: {level: error, word: grow}\n")

    [breach] = found.judge(found.facts()).errors
    assert "can't be checked, its class fails: ValueError: 1" in breach.what


def test_what_differs_from_another_stack_is_not_proved_there(tmp_path: Path) -> None:
    """The files alone tell, and `# only here` holds as it does for promote --check."""
    (tmp_path / "staging.yaml").write_text(STACK.replace("target: b", "target: c"))
    text = "proved-in: {level: error, stack: staging}\n"
    found = rules(tmp_path, text)
    [breach] = found.judge(found.facts(**found.known_offline(applies=True))).errors
    told = STACK.replace("target: b", "target: b # only here: another target")
    kept = rules(tmp_path, text, declared=told)

    assert breach.what == "grow isn't proved in staging: target differs"
    assert kept.judge(kept.facts(**kept.known_offline(applies=True))).errors == ()
