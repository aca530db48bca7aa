"""Promotes, checks and rolls back: asks state and API, and changes one file."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from cli.drift.compare import Observed, compare
from cli.drift.observe import observe
from cli.edit.stack_edit import StackEdit
from cli.edit.yaml_text import YamlText
from cli.errors import CliError
from cli.models.rows import SUMMARIES_AT_ONCE
from cli.promote.accounts import settings_for
from cli.promote.evidence import Evidence, Proving, evidence_of, ids_worth_asking, is_applied
from cli.promote.history import Earlier, live_before, refuse_unless_passed
from cli.promote.writing import align, bring_segments, copy_model
from cli.workspace.account import connected, proven
from cli.workspace.project import Project
from cli.workspace.state import read_state, read_state_if_made
from providers.lytics.domain.explain import did_you_mean
from providers.lytics.domain.live.watch import watch_of
from providers.lytics.domain.promoted import differing
from providers.lytics.domain.segments import SegmentBook
from providers.lytics.stack_file.only_here import WHOLE, exceptions, reason_for
from providers.lytics.stack_file.reader import Stack, read_stack_file
from providers.lytics.text import shown


@dataclass(frozen=True)
class Checked:
    """What is known of one declaration that `--check` looks at.

    Attributes:
        key: the declaration's key.
        evidence: what proves it where it comes from; None where it is only here.
        differing: fields that differ and have no reason.
        reasons: what is only here, with the reason that the file gives.
    """

    key: str
    evidence: Evidence | None = None
    differing: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether it is declared the same and proved, or says why not."""
        return not self.differing and (self.evidence is None or self.evidence.is_proved)


class Promotion:
    """Two environments of a project.

    Args:
        project: where they are.
        there: the stack that declarations come from.
        here: the stack that they go to.
    """

    def __init__(self, project: Project, there: str, here: str) -> None:
        self._project = project
        self._there, self._here = there, here
        self.there: Stack = read_stack_file(project.stack_file(there))
        self.edit = StackEdit(project.stack_file(here))
        self._only_here = exceptions(self.edit.yaml.text)

    def keys(self, wanted: Sequence[str]) -> list[str]:
        """Return the keys to promote: those that are named, or all that differ.

        Raises:
            CliError: a key isn't declared.
        """
        for key in wanted:
            if key not in self.there.models:
                hint = did_you_mean(key, self.there.models)
                message = f'{shown(self.there.path)} declares no model "{key}".{hint}'
                raise CliError(message)
        return list(dict.fromkeys(wanted)) or [k for k in self.there.models if self._is_behind(k)]

    def _is_behind(self, key: str) -> bool:
        here = self.edit.stack.models.get(key)
        return here is None or bool(list(self._differing(key)))

    def _differing(self, key: str) -> Iterator[str]:
        told = self._only_here.get(key, {})
        found = differing(self.there.models[key], self.edit.stack.models[key])
        yield from (one.name for one in found if reason_for(told, one.name) is None)

    def evidence(self, keys: Sequence[str]) -> dict[str, Evidence]:
        """Return what proves the models of keys where they come from; sends GETs only."""
        if not keys:
            return {}
        state = read_state(self._project, self._there)
        settings = settings_for(self._project, self._there)
        observed = observe(self._project, state, settings)
        drifts = compare(self._project.name, state, observed).drifts
        proving = Proving(self.there, state, observed, drifts)
        ids = {i for key in keys for i in ids_worth_asking(proving, key)}
        with connected(settings) as client, ThreadPoolExecutor(SUMMARIES_AT_ONCE) as pool:
            ordered = sorted(ids)
            found = dict(zip(ordered, pool.map(client.fetch_summary, ordered), strict=True))
        proving = replace(proving, summaries=found)
        return {key: evidence_of(proving, key) for key in keys}

    def promote(self, keys: Sequence[str]) -> None:
        """Change the file of the environment that they go to; it isn't written yet.

        Raises:
            AccountError: the key is another account's.
            CliError: segments aren't there, or the file can't be changed.
        """
        bring_segments(self.there, self.edit, keys, self._book())
        written = YamlText(self.there.path.read_text(encoding="utf-8-sig"))
        for key in keys:
            copy_model(self.there, self.edit, key, written, self._only_here.get(key, {}))

    def _book(self) -> SegmentBook:
        settings = settings_for(self._project, self._here)
        state = read_state_if_made(self._project, self._here)
        with connected(settings) as client:
            proven(settings, client, state)
            return SegmentBook(client.list_segments())

    def _applied(self) -> set[str]:
        stack = self.edit.stack
        proving = Proving(stack, read_state(self._project, self._here), Observed({}))
        return {key for key in stack.models if is_applied(proving, key)}

    def roll_back(self, key: str, *, if_passes: bool = False) -> Earlier:
        """Put the declaration back whose model was live before; the file isn't written yet.

        Args:
            key: the declaration's key.
            if_passes: only if that model passes today what a live model has to keep.

        Raises:
            CliError: nothing shows what was declared then, or the model doesn't pass.
        """
        if key not in self.edit.stack.models:
            message = f'{shown(self.edit.path)} declares no model "{key}"'
            raise CliError(message)
        state = read_state(self._project, self._here)
        settings = settings_for(self._project, self._here)
        observed = observe(self._project, state, settings)
        earlier = live_before(self.edit.path, key, state, observed, observed.book or self._book())
        if if_passes:
            with connected(settings) as client:
                summary = client.fetch_summary(earlier.model_id)
            declared = self.edit.stack.models[key]
            wanted = watch_of(declared.gate or earlier.declaration.gate, declared.watch)
            refuse_unless_passed(earlier, summary, wanted)
        align(self.edit, key, earlier.declaration, {}, ("name", "generation", "gate"))
        return earlier

    def check(self, *, pending: bool = False) -> list[Checked]:
        """Say of each declaration whether it is the same, and proved, where it comes from.

        Args:
            pending: leave out what is up as declared: it was proved when it was promoted, and
                the environment that it comes from may be ahead by now.
        """
        applied = self._applied() if pending else set()
        alone = {k: t[WHOLE] for k, t in self._only_here.items() if WHOLE in t}
        keys = [k for k in self.edit.stack.models if k not in alone and k not in applied]
        evidence = self.evidence(keys)
        checked = [Checked(key, reasons=(reason,)) for key, reason in alone.items()]
        for key in keys:
            told = self._only_here.get(key, {})
            differs = tuple(self._differing(key)) if key in self.there.models else ()
            reasons = tuple(f"{name}: {reason}" for name, reason in told.items())
            checked.append(Checked(key, evidence[key], differs, reasons))
        return checked
