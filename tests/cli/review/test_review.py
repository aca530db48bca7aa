import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.errors import CliError
from cli.review.change import Change, Numbers, Property, Review, Subject
from cli.review.deciding.reading import review_of
from cli.review.known import Known
from cli.review.limits import parse_limit, refusals
from cli.review.plan import UNKNOWN, parse_plan
from cli.review.showing.markdown import LONGEST, as_markdown
from cli.review.showing.page import as_page
from cli.review.words import Quoted, words
from cli.workspace.state import Resource, StackState, parse_state
from providers.lytics.domain.finding.ownership import MODEL_TYPE
from providers.lytics.shapes import Model, Summary
from tests.cli.conftest import Run
from tests.support.engine.project import Project
from tests.support.engine.shapes import gated, model
from tests.support.review.previews import Json, activation_step, preview_of, step
from tests.support.review.shapes import (
    STACK,
    activation_of,
    inputs_of,
    model_of,
    name_of,
    resource_of,
    state_of,
    summary_of,
    urn,
)

OLD_ID, NEW_ID = "1" * 32, "2" * 32
HOSTILE = "a|b`c``d <script>alert(1)</script> @all #1 [x](http://e) \x1b[31m \u202e"


def reviewed(
    steps: list[Json],
    state: StackState,
    *models: Model,
    summaries: dict[str, Summary] | None = None,
    removals: dict[str, str] | None = None,
) -> Review:
    """Return the review of a preview in an account of some models."""
    account = {one.id: one for one in models}
    facts = Known(state, account, summaries or {}, removals or {})
    return review_of(parse_plan(preview_of(*steps)), facts)


def only(review: Review) -> Change:
    """Return the one change of a review."""
    assert len(review.changes) == 1, review.changes
    return review.changes[0]


def said(change: Change) -> str:
    """Return the effects of a change as text."""
    sentences = [*change.effects, change.left_behind, *change.problems]
    return "\n".join(
        "".join(p.text if isinstance(p, Quoted) else p for p in sentence) for sentence in sentences
    )


def live_model(**fields: object) -> tuple[Resource, Model]:
    """Return a model that is live, in the state and in the account."""
    inputs = inputs_of("grow", **fields)
    shown = model_of(inputs, OLD_ID)
    return resource_of(inputs, shown), shown


def test_a_retrained_live_model_says_why_and_what_that_means() -> None:
    """The property that forces it, today's scores, the audience key and what is left behind."""
    old, shown = live_model()
    new = inputs_of("grow", config={"use_scores": True, "collect": 1000})
    steps = [step("replace", "grow", old, new)]
    change = only(reviewed(steps, state_of(old), shown, summaries={OLD_ID: summary_of(auc=0.81)}))
    assert change.actions == ("retrained",)
    assert change.properties == (Property("config.collect", "5000", "1000", retrains=True),)
    assert change.live is not None
    assert change.live.numbers is not None
    assert change.live.numbers.scores["auc"] == 0.81
    assert change.live.numbers.features[0] == ("visit_ct", 61.5)
    text = said(change)
    assert f"from {shown.name} to {name_of(new)}" in text
    assert "audiences built on the old one don't follow" in text
    assert "stays live until the new one is trained" in text
    assert "not live; going back takes it up again" in text


@pytest.mark.parametrize(
    ("gate", "is_planned", "until"),
    [
        ({"auc": 0.7}, True, "is trained and has passed its gate"),
        (None, True, "is trained"),
        ({"auc": 0.7}, False, "is trained and has passed its gate"),
    ],
)
def test_a_gate_is_named_where_there_is_one(
    gate: Json | None, until: str, *, is_planned: bool
) -> None:
    """Nobody has to know whether "its gate, if it has one" is so: what is declared tells it."""
    old, shown = live_model(activation="swap")
    new = inputs_of("grow", activation="swap", generation=2)
    kept = activation_of("grow", OLD_ID, gate=gate)
    planned = activation_step("update", "grow", kept, gate=gate, model_id=UNKNOWN)
    steps = [step("replace", "grow", old, new), *([planned] if is_planned else [])]
    lines = said(only(reviewed(steps, state_of(old, activations=(kept,)), shown))).splitlines()
    assert f"Model {OLD_ID} stays live until the new one {until}" in lines
    created = [
        step("create", "grow", None, new),
        activation_step("create", "grow", None, gate=gate),
    ]
    what = "is trained and passes its gate" if gate else "is trained"
    assert f"It goes live when it {what}" in said(only(reviewed(created, state_of()))).splitlines()


def test_a_declared_name_keeps_the_audience_key() -> None:
    """With a name of its own a replaced model keeps the key that audiences use."""
    old, shown = live_model(name="grow")
    new = inputs_of("grow", name="grow", generation=2)
    text = said(only(reviewed([step("replace", "grow", old, new)], state_of(old), shown)))
    assert "The audience key stays grow" in text


def test_going_back_is_taken_up_again_with_old_against_new_scores() -> None:
    """A model that was trained for the new inputs before is named, and nothing is trained."""
    new = inputs_of("grow", config={"use_content": True})
    earlier = model_of(new, NEW_ID, is_active=False)
    old, shown = live_model()
    numbers = {OLD_ID: summary_of(auc=0.81), NEW_ID: summary_of(auc=0.9)}
    review = reviewed(
        [step("replace", "grow", old, new)], state_of(old), shown, earlier, summaries=numbers
    )
    change = only(review)
    assert change.actions == ("taken up again",)
    assert change.new is not None
    assert change.new.id == NEW_ID
    assert f"Model {OLD_ID} stays live until the earlier one is live" in said(change)
    written = as_markdown(review)
    assert re.search(r"auc +today +█+·* 0\.81", written)
    assert re.search(r"auc +new +█+·* 0\.9", written)
    assert 'class="bar new"' in as_page(review)


def test_going_back_to_the_model_that_stayed_live_changes_nothing_for_it() -> None:
    """After a failed gate the one before is live: it stays so, and the one that failed leaves."""
    new = inputs_of("grow", config={"use_content": True})
    earlier = model_of(new, NEW_ID, is_active=True)
    old, shown = live_model()
    failed = shown.model_copy(update={"is_active": False})
    before = replace(resource_of(new, earlier), is_leaving=True)
    kept = {"live_model_id": NEW_ID, "earned": [NEW_ID], "passed": False, "live": False}
    activation = activation_of("grow", OLD_ID, **kept)
    state = state_of(old, before, activations=(activation,))
    review = reviewed([step("replace", "grow", old, new)], state, failed, earlier)
    change = only(review)
    assert change.actions == ("taken up again",)
    assert "It is live already" in said(change)
    for untrue in ("stays live until the new one", "Both models write it", f"Model {NEW_ID}"):
        assert untrue not in said(change)
    assert f"Model {OLD_ID} ({shown.name}) stays in the account" in said(change)
    assert f"Model `{OLD_ID}` (`{shown.name}`) stays in the account" in as_markdown(review)
    assert "was replaced earlier" not in as_markdown(review)


@pytest.mark.parametrize(
    ("fields", "policy", "expected"),
    [
        ({}, {}, "Scoring ends"),
        ({"on_delete": "delete"}, {}, "is deleted: going back means training again"),
        ({}, {"grow": "retain"}, "stays as it is, live"),
    ],
)
def test_a_removal_says_what_ends_and_what_stays(
    fields: dict[str, object], policy: dict[str, str], expected: str
) -> None:
    """How a model leaves is the stack file's `removed`, else the policy in the state."""
    old, shown = live_model(**fields)
    review = reviewed([step("delete", "grow", old, None)], state_of(old), shown, removals=policy)
    change = only(review)
    assert change.actions == ("removed",)
    assert change.touches_live
    assert expected in said(change)
    assert "1 live model is affected" in review.summary


def test_creates_say_what_they_come_to() -> None:
    """Created, adopted or taken up again, and refused where it can't be adopted as declared."""
    inputs = inputs_of("grow")
    free = reviewed([step("create", "grow", None, inputs)], state_of())
    assert only(free).actions == ("created",)
    orphan = model_of(inputs, NEW_ID)
    again = reviewed([step("create", "grow", None, inputs)], state_of(), orphan)
    assert only(again).actions == ("taken up again",)
    foreign = model_of(inputs, NEW_ID, name="by_hand")
    adopting = inputs_of("grow", adopt=NEW_ID)
    adopted = reviewed([step("create", "grow", None, adopting)], state_of(), foreign)
    assert only(adopted).actions == ("adopted",)
    assert only(adopted).problems == ()
    other = model_of(inputs_of("x", source="c" * 32), NEW_ID, name="by_hand")
    refused = reviewed([step("create", "grow", None, adopting)], state_of(), other)
    assert "source" in said(only(refused))


@pytest.mark.parametrize(
    ("before", "after", "actions"),
    [
        ({"label": "Old"}, {"label": "New"}, ("relabelled",)),
        ({"is_active": True}, {"is_active": False}, ("deactivated",)),
        ({"is_active": False}, {"is_active": True}, ("activated",)),
        ({}, {"on_delete": "retain"}, ("settings",)),
        ({"label": "A", "is_active": True}, {"label": "B", "is_active": False}, None),
    ],
)
def test_changes_in_place_are_named(
    before: dict[str, object], after: dict[str, object], actions: tuple[str, ...] | None
) -> None:
    """Label, is_active and settings change without training; several at once are all told."""
    inputs = inputs_of("grow", **before)
    shown = model_of(inputs, OLD_ID, is_active=inputs.is_active is not False)
    old = resource_of(inputs, shown)
    new = inputs_of("grow", **after)
    change = only(reviewed([step("update", "grow", old, new)], state_of(old), shown))
    assert change.actions == (actions or ("relabelled", "deactivated"))
    assert not any(one.retrains for one in change.properties)


def test_a_changed_gate_is_judged_on_todays_numbers() -> None:
    """A gate that changes trains nothing, and the review says whether today's model passes."""
    inputs = inputs_of("grow", activation="swap")
    shown = model_of(inputs, OLD_ID)
    old, kept = resource_of(inputs, shown), activation_of("grow", OLD_ID)
    steps = [activation_step("update", "grow", kept, gate={"auc": 0.9}, model_id=OLD_ID)]
    review = reviewed(
        steps, state_of(old, activations=(kept,)), shown, summaries={OLD_ID: summary_of(auc=0.8)}
    )
    change = only(review)
    assert change.actions == ("judged again",)
    assert Property("gate.auc", "0.7", "0.9") in change.properties
    assert [(p.number, p.passed) for p in change.gate] == [("auc", False), ("health", True)]
    assert review.unchanged == 0


def test_the_model_that_is_live_needn_t_be_the_one_in_the_state() -> None:
    """After a failed gate the review names the model that campaigns still use."""
    inputs = inputs_of("grow", activation="swap")
    failed = model_of(inputs, NEW_ID, is_active=False)
    before = model_of(inputs_of("grow", config={"use_content": True}), OLD_ID)
    kept = activation_of("grow", NEW_ID, passed=False, live=False, live_model_id=OLD_ID)
    old = resource_of(inputs, failed)
    new = inputs_of("grow", activation="swap", generation=2)
    steps = [step("replace", "grow", old, new)]
    change = only(reviewed(steps, state_of(old, activations=(kept,)), failed, before))
    assert change.live is not None
    assert change.live.id == OLD_ID


def test_a_slug_that_is_another_segment_is_told() -> None:
    """The same spelling with another id replaces a model though nobody changed the file."""
    old, shown = live_model(target_name="high_value")
    new = inputs_of("grow", target="d" * 32, target_name="high_value")
    text = said(only(reviewed([step("replace", "grow", old, new)], state_of(old), shown)))
    assert "The slug high_value of target is another segment than before" in text


def test_without_a_key_the_review_says_what_it_doesn_t_know() -> None:
    """A fork's pull request has no key: segments and scores are unknown, and that is told."""
    old, _ = live_model(target_name="high_value")
    change = step("replace", "grow", old, inputs_of("grow", target_name="dormant"))
    change["newState"]["inputs"]["target"] = UNKNOWN
    facts = Known(state_of(old), None, why_unknown="no API key")
    review = review_of(parse_plan(preview_of(change)), facts)
    assert "no API key" in as_markdown(review)
    assert "dormant (not looked up)" in [one.new for one in only(review).properties]


def test_models_that_stay_are_counted_with_and_without_same_steps() -> None:
    """A preview that leaves unchanged models out comes to the same counts."""
    old, shown = live_model()
    for steps in ([], [step("same", "grow", old, inputs_of("grow"))]):
        review = reviewed(steps, state_of(old), shown)
        assert (review.changes, review.existing, review.unchanged) == ((), 1, 1)
        assert "no changes" in as_markdown(review).splitlines()[0]


def test_a_model_that_was_only_renamed_is_known_by_its_new_key() -> None:
    """The key is the resource's name: outputs of an earlier version still hold the old one."""
    old, shown = live_model()
    raw = {"type": MODEL_TYPE, "urn": urn("new"), "id": OLD_ID, "outputs": dict(old.outputs)}
    state = parse_state(STACK, {"deployment": {"resources": [raw]}})
    review = reviewed([step("delete", "new", old, None)], state, shown)
    assert (review.existing, review.unchanged, only(review).key) == (1, 0, "new")


def test_a_rename_is_told_as_such_and_as_nothing_else() -> None:
    """A key that changes is no setting beside the rename, and touches no live model."""
    old, shown = live_model()
    renamed = step("update", "new", old, inputs_of("new", lineage=old.outputs["lineage"]))
    renamed["oldState"]["urn"] = urn("grow")
    change = only(reviewed([renamed], state_of(old), shown))
    assert (change.actions, change.properties) == (("renamed",), ())
    assert said(change).strip() == "Only the key in the file changes; the model and its name stay"


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"activation": "observe"}, True),
        ({"config": {"use_scores": True, "build_only": True}}, True),
        ({"config": {"use_scores": True, "build_only": True}, "activation": "swap"}, False),
        ({"config": {"use_scores": True, "build_only": True}, "is_active": False}, False),
        ({"generation": 2}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("policy", ["deactivate", "retain"])
def test_a_successor_that_nothing_sets_live_is_told(
    fields: dict[str, object], policy: str, *, kept: bool
) -> None:
    """Where nothing sets the new model live, the live one isn't said to be left, not live."""
    old, shown = live_model(on_delete=policy)
    text = said(
        only(
            reviewed(
                [step("replace", "grow", old, inputs_of("grow", **fields))], state_of(old), shown
            )
        )
    )
    assert ("stays live: nothing sets the new one live" in text) is kept
    assert ("pulumi up fails" in text) is (kept and policy == "deactivate")
    assert ("stays in the account, not live" in text) is (not kept and policy == "deactivate")
    # A swap stops the one before, whatever becomes of it then.
    as_it_is = (
        "stays as it is, not live"
        if "activation" in fields and not kept
        else "stays as it is, live"
    )
    assert (as_it_is in text) is (policy == "retain")


def many(count: int, action: str, existing: int) -> Review:
    """Return a review of as many changes."""
    subject = Subject(OLD_ID, "n", live=True)
    changes = tuple(Change(f"m{i}", (action,), old=subject, live=subject) for i in range(count))
    return Review(STACK, changes, existing, existing - count)


@pytest.mark.parametrize(
    ("count", "existing", "limit", "refused"),
    [
        (3, 10, "30%", False),
        (4, 10, "30%", True),
        (9, 9, "30%", False),
        (2, 2, "1", True),
        (1, 1, "1", False),
        (1, 100, "0", True),
        (1, 10, "0%", True),
    ],
)
def test_limits_count_numbers_always_and_shares_from_ten_models(
    count: int,
    existing: int,
    limit: str,
    refused: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A share of a few models is no accident; a number is one from the first."""
    for action in ("retrained", "removed"):
        review = many(count, action, existing)
        bounds = parse_limit(limit, "--max-replace"), parse_limit(limit, "--max-delete")
        assert bool(refusals(review, *bounds)) is refused


@pytest.mark.parametrize("wrong", ["", "-1", "30.5%", "101%", "many"])
def test_a_limit_that_is_none_is_refused(wrong: str) -> None:
    """A limit is a number or a share; anything else is a sentence, not no limit."""
    with pytest.raises(CliError, match="5 or 30%"):
        parse_limit(wrong, "--max-replace")


def test_a_thousand_changes_fit_into_a_comment() -> None:
    """Charts go first, then details, then rows; the summary and what is refused never."""
    numbers = Numbers({"auc": 0.8}, tuple((HOSTILE * 4, 50.0) for _ in range(8)))
    subject = Subject(OLD_ID, HOSTILE * 10, live=True, numbers=numbers)
    change = Change(
        HOSTILE * 5,
        ("retrained",),
        tuple(Property(f"p{i}", HOSTILE * 9, HOSTILE * 9) for i in range(9)),
        live=subject,
        old=subject,
        effects=(words("x", Quoted(HOSTILE * 9)),) * 9,
    )
    review = Review(STACK, (change,) * 1000, 1000, 0, (words("too much"),), forced=False)
    written = as_markdown(review)
    assert len(written) <= LONGEST
    assert written.splitlines()[0].startswith("**Stack `test`: 1000 models to change")
    assert "> **Refused:** too much" in written
    assert "Left out here" in written
    assert written.rstrip().endswith("<!-- lytics-ml review test -->")
    few = as_markdown(Review(STACK, (change,) * 3, 3, 0))
    assert "Left out here" not in few
    assert few.count("<details>") == few.count("</details>") == 3


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(v) for k, v in attrs if k in {"src", "href", "srcset", "action"}]
        assert not any(name.startswith("on") for name, _ in attrs)


def hostile_review() -> Review:
    """Return a review in which every text of others tries to be more than text."""
    numbers = Numbers({"auc": 0.8}, ((HOSTILE, 50.0), ("</svg><script>", 1.0)))
    subject = Subject(HOSTILE, HOSTILE, live=True, numbers=numbers)
    change = Change(
        HOSTILE,
        ("retrained",),
        (Property(HOSTILE, HOSTILE, HOSTILE, retrains=True),),
        live=subject,
        old=subject,
        effects=(words("x ", Quoted(HOSTILE)),),
        problems=(words(Quoted(HOSTILE)),),
    )
    return Review(HOSTILE, (change,), 1, 0, notes=(words(Quoted(HOSTILE)),))


def test_untrusted_text_is_text_in_markdown() -> None:
    """Keys, labels, names and the API's words can be no markup, mention, link or marker."""
    written = as_markdown(hostile_review())
    outside = re.sub(r"(?s)```text.*?```", "", written)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
    assert "<script" not in outside
    assert "@all" not in outside
    assert "http:" not in outside
    assert "\x1b" not in written
    assert "\u202e" not in written
    rows = [line for line in written.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_untrusted_text_is_text_in_the_page() -> None:
    """The page holds no script, no handler, no address but its own, and forbids to load any."""
    page = as_page(hostile_review())
    parser = _Tags()
    parser.feed(page)
    assert "script" not in parser.tags
    assert all(address.startswith("#") for address in parser.addresses)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://e)", "")
    assert "\x1b" not in page


def chromium() -> str:
    """Return a headless browser, or skip."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on PATH: the page is not tried in a real browser")


PROBE = """
<script>
const seen = [];
addEventListener('load', async () => {
  const details = [...document.querySelectorAll('details')];
  const first = details[0].querySelector('summary');
  const light = getComputedStyle(document.body).backgroundColor;
  first.focus();
  const out = {
    details: details.length,
    open: details.filter(d => d.open).length,
    focus: document.activeElement === first,
    tabbable: [...document.querySelectorAll('summary, a')].every(e => e.tabIndex >= 0),
    back: light,
    text: getComputedStyle(document.body).color,
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    bars: document.querySelectorAll('svg .bar').length,
    wide: document.documentElement.scrollWidth <= innerWidth,
    loaded: performance.getEntriesByType('resource').length,
  };
  first.click();
  out.toggled = !details[0].open;
  document.title = JSON.stringify(out);
  document.body.textContent = JSON.stringify(out);
});
</script>
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_works_in_a_real_browser(tmp_path: Path, scheme: str) -> None:
    """It follows the system's colours, opens and closes by its summaries, and loads nothing."""
    browser = chromium()
    page = as_page(hostile_review())
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    file = tmp_path / "review.html"
    file.write_text(page.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    preferred = "0" if scheme == "dark" else "1"
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=900,900"]
    colours = f"--blink-settings=preferredColorScheme={preferred}"
    command = [browser, *options, colours, f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, check=True
    )
    found = re.search(r"<body>(\{.*\})</body>", done.stdout)
    assert found, done.stdout[-500:] + done.stderr[-500:]
    seen = json.loads(found[1])
    assert seen["dark"] is (scheme == "dark")
    assert seen["back"] == ("rgb(15, 20, 25)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert (seen["details"], seen["open"], seen["toggled"]) == (1, 1, True)
    assert seen["focus"]
    assert seen["tabbable"]
    assert seen["bars"] == 3
    assert seen["wide"]
    assert seen["loaded"] == 0


@pytest.mark.parametrize("wrong", ["", "[]", "no json", '{"steps": 1}'])
def test_a_file_that_is_no_preview_is_refused(wrong: str) -> None:
    """What isn't a preview ends in a sentence that says how to make one."""
    with pytest.raises(CliError, match="pulumi preview --json"):
        parse_plan(wrong)


@pytest.mark.engine
def test_review_of_a_real_preview_sends_no_write(project: Project, run: Run) -> None:
    """Reviewing sends GETs only and leaves the state as it was; limits refuse unless forced."""
    account = project.account
    account.outcome({"name": ".*"}, summary={"auc": 0.9, "accuracy": 7, "health": "healthy"})
    before = {
        "label": model(label="Old"),
        "retrain": gated(auc=0.5, source="dormant"),
        "gone": model(source="mobile_users"),
        "judged": gated(auc=0.5, source="email_openers"),
    }
    project.declare(before)
    project.up()
    ids = {key: project.id(key) for key in before}
    changed = {
        "label": model(label="New"),
        "retrain": gated(auc=0.5, source="dormant", target="likely_to_churn"),
        "judged": gated(auc=0.95, source="email_openers"),
        "fresh": model(target="newsletter_subscribers"),
    }
    project.declare(changed)
    kept = project.state_file.read_bytes()
    mark = account.mark()
    files = {n: project.folder / n for n in ("r.md", "r.html", "plan.json")}
    answer = run(
        *("review", "--stack", STACK, "--markdown", str(files["r.md"])),
        *("--html", str(files["r.html"]), "--save-plan", str(files["plan.json"])),
    )
    assert answer.code == 0, answer.err
    assert [line for line in answer.out.splitlines() if line != line.rstrip()] == []
    assert {entry["method"] for entry in account.requests(mark)} == {"GET"}
    assert project.state_file.read_bytes() == kept
    first = files["r.md"].read_text().splitlines()[0]
    for told in ("1 removed", "1 retrained", "1 created", "1 judged again", "1 relabelled"):
        assert told in first, first
    assert ids["retrain"] in files["r.md"].read_text()
    assert "<svg" in files["r.html"].read_text()

    refused = run("review", "--stack", STACK, "--max-delete", "0")
    assert refused.code == 1
    assert "Refused" in refused.out
    assert run("review", "--stack", STACK, "--max-delete", "0", "--force").code == 0

    mark = account.mark()
    project.up("--plan", str(files["plan.json"]), code=None)
    assert account.model(ids["label"])["label"] == "New"
    assert len(account.creates(mark)) == 2

    project.declare({"label": model(source="nobody_knows_it")})
    failed = run("review", "--stack", STACK)
    assert failed.code == 2
    assert "nobody_knows_it" in failed.err


@pytest.mark.engine
def test_a_model_that_cant_be_adopted_fails_the_review(project: Project, run: Run) -> None:
    """A preview goes on where an adoption doesn't fit: the review says why, and ends with 1."""
    theirs = project.account.create(name="theirs")
    project.declare({"grow": model(adopt=theirs, source="dormant"), "fine": model()})
    answer = run("review", "--stack", STACK)
    assert answer.code == 1, answer.err
    assert "source: declared" in answer.out.replace("\n", " ")
    assert "2 models to change" in answer.out
    project.declare({"grow": model(adopt=theirs), "fine": model(source="dormant")})
    assert run("review", "--stack", STACK).code == 0


@pytest.mark.engine
def test_a_plan_that_was_reviewed_refuses_anything_else(project: Project, run: Run) -> None:
    """What differs from the reviewed plan is refused by the engine and never sent to the API."""
    account = project.account
    project.declare({"grow": model(label="Old")})
    project.up()
    project.declare({"grow": model(label="Reviewed")})
    plan = project.folder / "plan.json"
    assert run("review", "--stack", STACK, "--save-plan", str(plan)).code == 0
    project.declare({"grow": model(label="Sneaked in"), "more": model(target="dormant")})
    mark = account.mark()
    refused = project.up("--plan", str(plan), code=None)
    assert refused.code != 0
    assert "plan" in refused.output
    assert account.creates(mark) == []
    assert account.model(project.id("grow"))["label"] == "Old"
