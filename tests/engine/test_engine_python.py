import json
from pathlib import Path

import pytest

from docs.made.blocks import blocks_in
from sandbox.segments import segment_id
from tests.support.engine.project import ACTIVATION, ROOT, STACK, Project, run_pulumi

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi

from providers.lytics import MlModel, MlModelActivation, wait_until_built

class Audience(pulumi.ComponentResource):
    def __init__(self, name: str, source: pulumi.Input[str]) -> None:
        super().__init__("demo:Audience", name)
        mine = pulumi.ResourceOptions(parent=self)
        self.model = MlModel(
            f"{{name}}-lookalikes",
            source=source,
            target=pulumi.Output.from_input("{target}"),
            label=pulumi.Output.concat("Lookalikes of ", name),
            config=pulumi.Output.from_input({{"use_scores": True}}),
            activation="swap",
            opts=mine,
        )
        self.live = MlModelActivation(
            f"{{name}}-lookalikes", model=self.model, gate={{"auc": 0.5}}, opts=mine
        )

everyone = MlModel(
    "everyone", source="all_users", target="high_value", config={{"use_scores": True}}
)
ids = wait_until_built([everyone])
one = Audience("one", source=everyone.source)
two = Audience("two", source="{source}")
pulumi.export("ids", ids)
pulumi.export("healthy", everyone.is_healthy)
pulumi.export("facts", {{
    "state": one.model.state, "type": one.model.type, "created": one.model.created,
    "updated": one.model.updated, "aid": one.model.aid, "label": one.model.label,
    "passed": one.live.passed, "live": one.live.live,
}})
"""

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"


def snippets() -> list[str]:
    """Return the programs of the page on Python, the second one with the two-class form."""
    return [block.text for block in blocks_in(REFERENCE) if block.language == "python"]


def test_program_of_the_documents_runs_from_a_folder_of_its_own(
    project: Project, tmp_path: Path
) -> None:
    """What the page shows comes up; the two-class form of the same gate is no change."""
    first, second = snippets()
    project.account.outcome({}, summary={"auc": 0.9, "accuracy": 8, "health": "healthy"})
    own = tmp_path / "own"
    own.mkdir()
    (own / "Pulumi.yaml").write_text("name: own\nruntime: python\noptions: {refresh: always}\n")
    (own / "__main__.py").write_text(first)
    (tmp_path / "own-state").mkdir()
    env = {**project.env, "PYTHONPATH": str(ROOT), "PWD": str(own)}
    env["PULUMI_BACKEND_URL"] = f"file://{tmp_path / 'own-state'}"

    def pulumi(*arguments: str) -> str:
        ran = run_pulumi(own, (*arguments, "--non-interactive", "--color", "never"), env)
        assert ran.code == 0, str(ran)
        return ran.output

    pulumi("stack", "init", "mine")
    shown = pulumi("up", "--yes", "--skip-preview", "--stack", "mine")
    assert len(project.account.live_ids()) == 2, shown
    plain = first[first.index("plain =") : first.index("pulumi.export")]
    (own / "__main__.py").write_text(f"{second}\n{plain}")
    again = pulumi("preview", "--stack", "mine", "--json")
    ops = {step["op"] for step in json.loads(again)["steps"] if "MlModel" in step["urn"]}
    assert ops <= {"same", "refresh"}, again


MISTAKEN = """
from providers.lytics import MlModel

MlModel("one", source="{source}", target="{source}", on_delete="explode", name="a/b", label=7,
        build_timeout="soon", config={{"collect": 1, "colour": 2}})
"""

ONE_CALL = """
import pulumi

from providers.lytics import MlModel

MlModel("one", source="{source}", target="{target}", config={{"use_scores": True}}, is_active=True,
        gate=pulumi.Output.from_input({{"auc": 0.7}}))
"""

UNGATED = """
from providers.lytics import MlModel, MlModelActivation

model = MlModel("one", source="{source}", target="{target}", config={{"use_scores": True}})
MlModelActivation("one", model=model, gate={{"auc": 0.5}})
"""


def with_ids(text: str) -> str:
    """Return a program with ids of segments in it."""
    return text.format(
        source=segment_id(1234, "mobile_users"), target=segment_id(1234, "email_openers")
    )


def test_models_in_a_program_of_ones_own(project: Project) -> None:
    """Outputs go in and typed outputs come out; models in two components are two models."""
    account = project.account
    project.program(with_ids(PROGRAM))
    shown = project.preview()
    assert account.writes(0) == [], str(shown)
    ran = project.up()
    assert len(account.models()) == 3, str(ran)
    everyone = project.id("everyone")
    urns = [resource["urn"] for resource in project.resources()]
    assert sum("demo:Audience$" in urn for urn in urns) == 2
    labels = {record["label"] for record in account.models().values()}
    assert {"Lookalikes of one", "Lookalikes of two"} <= labels
    assert all(r["outputs"]["passed"] for r in project.resources(ACTIVATION))
    assert len(account.live_ids()) == 3

    stack = next(r for r in project.state()["resources"] if r["type"] == "pulumi:pulumi:Stack")
    outputs = stack["outputs"]
    assert outputs["ids"] == {"everyone": everyone}
    assert isinstance(outputs["healthy"], bool)
    facts = outputs["facts"]
    assert facts["aid"] == 1234
    assert facts["label"] == "Lookalikes of one"
    assert (facts["passed"], facts["live"]) == (True, True)
    assert facts["created"][:2] == "20"
    project.expect_no_changes()


def test_mistakes_of_a_program_are_sentences(project: Project) -> None:
    """All that check finds in a model of a program is told, per property, and nothing is made."""
    project.program(with_ids(MISTAKEN))
    ran = project.preview(code=None)
    assert ran.code != 0, str(ran)
    assert "Exception" not in ran.output, str(ran)
    for name, what in (
        ("target", "source and target are the same segment"),
        ("config.collect", "must be at least 100, got 1"),
        ("config.colour", "unknown key"),
        ("config", "no features"),
        ("on_delete", "got explode"),
        ("name", "a name can't hold /"),
        ("label", "expected text"),
        ("build_timeout", "expected a duration"),
    ):
        told = [line for line in ran.output.splitlines() if f"property {name} " in line]
        assert any("resource 'one'" in line and what in line for line in told), f"{name}: {ran}"
    assert project.account.writes(0) == []


def test_gate_is_judged_in_one_call(project: Project) -> None:
    """A gate that is known only later is judged too, and a model that fails it isn't live."""
    project.account.outcome({}, summary={"auc": 0.6, "health": "healthy"})
    project.program(with_ids(ONE_CALL))
    failed = project.up(code=None)
    assert failed.code != 0, str(failed)
    assert "one: the gate is not passed (auc); nothing of it is live" in failed.words, str(failed)
    assert project.activation("one")["gate"]["auc"] == 0.7


def test_activation_of_a_model_that_goes_live_by_itself_is_refused(project: Project) -> None:
    """An activation could never hold its gate over a model declared without `activation=`."""
    project.program(with_ids(UNGATED))
    ran = run_pulumi(project.folder, ("preview", "--stack", STACK, "--color", "never"), project.env)
    assert ran.code != 0, str(ran)
    assert 'activation="swap"' in ran.words, str(ran)
    assert project.account.writes(0) == []
