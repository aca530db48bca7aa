"""What is done, and which of it is shown: one story of the local stack."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from docs.screens.stage import Stage

LOCAL = "stacks/local.yaml"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_UP = "bin/pulumi up --stack local --yes --color never --suppress-progress --non-interactive"


@dataclass(frozen=True)
class Screen:
    """What a page shows.

    Attributes:
        command: the command line, as a reader types it.
        first: the line to begin with, "" for the first; what is before it is an ellipsis.
        last: the line to end with, "" for the last; it is shown too.
        most: how many lines are shown; the rest is an ellipsis.
        columns: how wide it is.
    """

    command: str
    first: str = ""
    last: str = ""
    most: int = 40
    columns: int = 140


SCREENS = {
    "list": Screen("bin/lytics-ml list --stack local", columns=166),
    "show": Screen("bin/lytics-ml show grow-customer-base --stack local", most=32),
    "audiences": Screen("bin/lytics-ml audiences --stack local"),
    "doctor": Screen("bin/lytics-ml doctor --stack local", most=13),
    "altered": Screen(
        "bin/lytics-ml doctor --stack local --try",
        first="ok       Does it keep the name",
        last="           means: models are known again",
    ),
    "rules": Screen("bin/lytics-ml rules --stack local", most=12),
    "review": Screen("bin/lytics-ml review --stack local", columns=100),
    "rehearse": Screen("bin/lytics-ml rehearse --stack local", last="  a second up", columns=132),
    "losses": Screen("bin/lytics-ml review --stack local", most=7, columns=100),
    "keep-name": Screen("bin/lytics-ml keep-name newsletter --stack local"),
    "failed-gate": Screen("bin/pulumi up --stack local", first="    error:", last="      grow"),
    "compare": Screen("bin/lytics-ml compare grow-customer-base {retired} --stack local", most=36),
    "retired": Screen("bin/lytics-ml list --retired --stack local"),
    "watch": Screen("bin/lytics-ml watch --stack local"),
    "watch-json": Screen(
        "bin/lytics-ml watch --stack local --json", first='      "key": "newsletter"', most=60
    ),
    "history": Screen("bin/lytics-ml history grow-customer-base --stack local"),
    "drift": Screen("bin/lytics-ml drift --stack local"),
    "accept": Screen("bin/lytics-ml drift --accept newsletter --stack local"),
    "promote": Screen("bin/lytics-ml promote local mine grow-customer-base --dry-run", most=16),
    "mistakes": Screen("bin/lytics-ml validate mine"),
    "broken-rules": Screen("bin/lytics-ml validate prod"),
    "recover": Screen("bin/lytics-ml recover --stack local --yes"),
}


@dataclass
class Shots:
    """What was seen.

    Attributes:
        texts: by screen, what a page shows: the command, and what it printed.
        colours: by screen, what a terminal showed.
        pages: by name, a page that was written.
    """

    texts: dict[str, str] = field(default_factory=dict)
    colours: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Path] = field(default_factory=dict)


def tell(stage: Stage) -> Shots:
    """Tell the story; return what was seen."""
    story = _Story(stage)
    story.begin()
    story.change()
    story.fail_a_gate()
    story.watch()
    story.drift()
    story.other_stacks()
    story.recover()
    story.alter_names()
    return story.shots


class _Story:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shots = Shots()

    def shoot(
        self, name: str, command: str = "", *, colour: bool = False, retired: str = ""
    ) -> None:
        """Keep what a screen shows.

        Args:
            name: the screen.
            command: what is run, if not what a reader types.
            colour: whether to keep a terminal's colours too.
            retired: what a reader types for a retired model.
        """
        screen = SCREENS[name]
        typed = screen.command.format(retired=retired)
        printed = self.stage.run(command or typed, columns=screen.columns)
        shown = [line.rstrip() for line in _cut(screen, printed)]
        self.shots.texts[name] = "\n".join([f"$ {typed}", *shown]) + "\n"
        if colour:
            printed = self.stage.run(typed, columns=screen.columns, colour=True)
            prompt = f"\x1b[1;32m$\x1b[0m {typed}"
            self.shots.colours[name] = "\n".join([prompt, *_cut(screen, printed)])

    def begin(self) -> None:
        """Look at what `make up` makes."""
        self.stage.run("bin/pulumi stack select local --create")
        self.stage.run(_UP)
        for name in ("list", "show", "audiences", "doctor"):
            self.shoot(name)

    def change(self) -> None:
        """Look at a change in each way that there is."""
        self.stage.edit(
            LOCAL,
            (_CONFIG, "config: {additional: [city]}"),
            ("Dormant users who look like recent purchasers", "Win dormant users back"),
        )
        self.shoot("review")
        self.stage.run("bin/lytics-ml review --stack local --html review.html")
        self.shots.pages["review"] = self.stage.tidied("review.html")
        self.stage.restore(LOCAL)
        # Two models at once may be written in either order.
        self.stage.edit(LOCAL, (_CONFIG, "config: {additional: [city]}"))
        self.shoot("rehearse", colour=True)
        self.stage.restore(LOCAL)
        self.stage.edit(
            LOCAL,
            ("    name: grow-customer-base\n", ""),
            ("target: loyal", "target: recent_purchasers"),
        )
        self.shoot("losses")
        self.stage.restore(LOCAL)
        self.shoot("keep-name")
        self.stage.restore(LOCAL)

    def fail_a_gate(self) -> None:
        """Ask too much of a model."""
        self.stage.edit(LOCAL, ("auc: 0.75", "auc: 0.97"))
        self.shoot("failed-gate", _UP)
        self.stage.restore(LOCAL)
        self.stage.run(_UP)

    def watch(self) -> None:
        """Train a model anew every week, and see its scores sink."""
        self.stage.pass_days(14)
        before = self._live()
        self.stage.edit(LOCAL, (_CONFIG, "config: {additional: [city], re_run: true}"))
        self.stage.run(_UP)
        (retired,) = before - self._live()
        shown = self.stage.run(f"echo {retired}").strip()[:8]
        command = SCREENS["compare"].command.format(retired=retired[:8])
        self.shoot("compare", command, retired=shown)
        self.shoot("retired")
        for _ in range(5):
            self.stage.pass_days(7)
            self.stage.run("bin/lytics-ml watch --stack local")
        self.shoot("watch")
        self.shoot("watch-json")
        self.shoot("history")

    def drift(self) -> None:
        """Change two models as somebody in Lytics would."""
        for one in self.stage.get("models"):
            if one["name"].startswith("newsletter"):
                self.stage.post(f"models/{one['id']}", {"label": "Newsletter"})
            elif one["is_active"]:
                self.stage.post(f"models/{one['id']}", {"is_active": False})
        self.shoot("drift")
        self.shoot("accept")
        self.stage.run(_UP)

    def other_stacks(self) -> None:
        """Promote a model, and declare what can't be, or may not."""
        self.stage.run("bin/lytics-ml init mine")
        self.stage.run("bin/pulumi stack init mine; bin/pulumi stack select local")
        self.shoot("promote")
        self.stage.write("stacks/mine.yaml", _MISTAKEN)
        self.shoot("mistakes")
        self.stage.write("stacks/prod.yaml", _FORBIDDEN)
        self.shoot("broken-rules")
        self.stage.edit(LOCAL, ("    label: Newsletter\n", ""))
        self.shoot("rules")

    def recover(self) -> None:
        """Kill a run while it creates a model, and put it in order."""
        self.stage.edit(LOCAL, ("target: newsletter_subscribers", "target: high_value"))
        self.stage.kill_while_creating(_UP)
        self.shoot("recover")

    def alter_names(self) -> None:
        """Ask an account that writes something before every name."""
        self.stage.post("behaviour", {"rename": "prefix"})
        self.shoot("altered")

    def _live(self) -> set[str]:
        return {one["id"] for one in self.stage.get("models") if one["is_active"]}


def _cut(screen: Screen, printed: str) -> Iterator[str]:
    lines = printed.rstrip().splitlines()
    plain = [_COLOUR.sub("", one) for one in lines]
    first = next((n for n, one in enumerate(plain) if one.startswith(screen.first)), 0)
    last = max((n for n, one in enumerate(plain) if one.startswith(screen.last)), default=first)
    chosen = lines[first : last + 1]
    if first:
        yield "…"
    yield from chosen[: screen.most]
    if len(chosen) > screen.most:
        yield "…"


_CONFIG = "config: {additional: [city, visit_ct]}"
_MISTAKEN = """\
models:
  grow:
    source: all_users
    target: high_value
    is_active: true
    collect: 5000
    config: {additional: [email]}
    gate: {auk: 0.7}
"""
_FORBIDDEN = """\
models:
  grow:
    source: all_users
    target: high_value
    is_active: true
    on_delete: delete
    config: {additional: [email]}
"""
