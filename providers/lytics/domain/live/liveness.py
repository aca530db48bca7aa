"""Which models are live, which will be, and what has to be written so that they are as declared.

Pure. Create, update, swap, drift, preview and review all ask here, so that what is said of a model
and what is done to it come from one rule. docs/concepts/going-live.md tells it to users.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from providers.lytics.pages import page
from providers.lytics.shapes import Model

# Lytics docs, "Limitations": 20 activated lookalike models per account, other people's included.
LIVE_LIMIT = 20


# --- what is declared ---------------------------------------------------------------------------


class Way(Enum):
    """How a declared model comes to be live, or doesn't."""

    LIVE = "`is_active: true`: Lytics sets it live once it is trained; an `up` sees to it"
    BY_ITSELF = "nothing is declared: Lytics sets it live once it is trained"
    SWAP = "an activation sets it live, once it is trained and passes its gate"
    JUDGED = "its gate is evaluated and shown, nobody sets it live"
    WAITS = "`build_only: true` alone: nobody sets it live"
    NEVER = "`is_active: false`"

    @property
    def is_set_live_by_nobody(self) -> bool:
        """Whether it goes live neither by itself nor by what is declared."""
        return self in {Way.JUDGED, Way.WAITS}

    @property
    def is_to_be_live(self) -> bool:
        """Whether a new model of the declaration goes live when all goes well."""
        return self in {Way.LIVE, Way.BY_ITSELF, Way.SWAP}


def way_of(declared: Mapping[str, Any]) -> Way:
    """Return how a model comes to be live.

    Args:
        declared: a model's inputs; of these `activation`, `is_active` and `config` count.
    """
    config = declared.get("config")
    waits = isinstance(config, Mapping) and config.get("build_only") is True
    if declared.get("is_active") is False:
        return Way.NEVER
    if declared.get("activation") is not None:
        return Way.SWAP if declared["activation"] == "swap" else Way.JUDGED
    if declared.get("is_active") is not None:
        return Way.LIVE
    return Way.WAITS if waits else Way.BY_ITSELF


def stays_live_replaced(policy: str, successor: Way) -> bool:
    """Tell whether a live model that is replaced stays live: as `retain` says, but for a swap.

    A swap stops the model before, whose `on_delete` only says what becomes of it then.
    """
    return policy == "retain" and successor is not Way.SWAP


def live_though_unhealthy(model: Model | None, *, is_live: bool) -> str:
    """Return what is said of a live model that no gate has judged and that is unhealthy.

    Args:
        model: what ML List shows, None if it doesn't show it.
        is_live: whether it is live now; the list may be older than that.

    Returns:
        A sentence; "" where the model isn't live, or Lytics doesn't say that it is unhealthy.
    """
    if model is None or not is_live or not model.is_complete:
        return ""
    if model.is_healthy or "is_healthy" not in model.model_fields_set:
        return ""
    return (
        f"model {model.id} is live although Lytics finds it unhealthy, so that its predictions "
        "shouldn't be trusted. With is_active: true and gate: {healthy: true} only a healthy "
        "one goes live"
    )


def joins(way: Way, *, is_new: bool, has_live: bool) -> bool:
    """Tell whether the account has one more live model once a declaration is carried out.

    Args:
        way: how its model comes to be live.
        is_new: whether a model is trained or taken up for it.
        has_live: whether a model of this declaration is live already: then the number stays.
    """
    if has_live:
        return False
    return way in {Way.LIVE, Way.SWAP} or (way is Way.BY_ITSELF and is_new)


def over_limit(live: int, joining: int, leaving: int = 0) -> str:
    """Return the sentence for an account that is to have more live models than Lytics allows.

    Args:
        live: models of the account that are live now.
        joining: how many more will go live, as `joins` tells.
        leaving: how many of the live ones will be stopped.

    Returns:
        "" where they are few enough.
    """
    total = live + joining - leaving
    if total <= LIVE_LIMIT:
        return ""
    some = f"{live} models of the account are live"
    if leaving:
        some = f"{some}, {joining} more will go live and {leaving} will be stopped: {total}"
    else:
        some = f"{some} and {joining} more will go live"
    return f"{some}; Lytics allows {LIVE_LIMIT}"


# --- what Lytics shows --------------------------------------------------------------------------


def is_first_build(model: Model) -> bool:
    """Tell whether a model is being trained for the first time."""
    return not model.was_once_complete and not model.is_invalid


def goes_live_by_itself(model: Model) -> bool:
    """Tell whether Lytics will set a model live once it is trained, as far as it shows.

    An echo that leaves `build_only` out, or has every value zeroed, counts as without it.
    """
    return is_first_build(model) and not model.config.build_only


def is_as_declared(wanted: bool | None, model: Model) -> bool:  # noqa: FBT001 - a value, no switch
    """Tell whether a model is live as is_active says, or will be without anybody's doing."""
    return wanted is None or settled_is_active(wanted, model) == wanted


def settled_is_active(wanted: bool | None, model: Model) -> bool:  # noqa: FBT001 - as above
    """Return is_active as it will be once the first build is over.

    A model that is being built with `build_only: false` is not active yet and goes live by
    itself; that is no difference from a declared `is_active: true`.
    """
    return True if wanted and goes_live_by_itself(model) else model.is_active


# --- what Lytics did with a write ---------------------------------------------------------------


@dataclass(frozen=True)
class Unheeded:
    """The last write of is_active to a model, where Lytics didn't do as it was asked.

    The state keeps it, so that the next `up` doesn't write in vain, and still says what is wrong.

    Attributes:
        model_id: the model.
        is_active: what was asked for.
        how: `refused` (4xx) or `ignored` (answered 200, and shown otherwise).
        words: Lytics' own words, "" where it had none.
    """

    model_id: str
    is_active: bool
    how: Literal["refused", "ignored"]
    words: str = ""

    @staticmethod
    def kept(state: Mapping[str, Any]) -> "Unheeded | None":
        """Return the write that a state keeps as not carried out, None if there is none."""
        found = state.get("unheeded")
        return Unheeded(**found) if isinstance(found, Mapping) and found else None

    def as_dict(self) -> dict[str, Any]:
        """Return what the state keeps."""
        return dict(vars(self))

    @property
    def why(self) -> str:
        """What is wrong, a sentence without its end."""
        be, do = ("not live", "activate") if self.is_active else ("live", "deactivate")
        if self.how == "refused":
            return f"model {self.model_id} is {be}: Lytics refuses to {do} it ({self.words})"
        asked = f"is_active: {str(self.is_active).lower()}"
        return f"model {self.model_id} is {be}: Lytics answered 200 to {asked} and did nothing"

    def problem(self, otherwise: str = "") -> str:
        """What is wrong, and what a person can do.

        Args:
            otherwise: what else the user can do where Lytics refuses, for example to declare it so.

        Returns:
            Sentences, the last of which names the page, without their end.
        """
        more = page("concepts/going-live#where-lytics-doesnt-do-as-it-is-asked")
        return f"{self.why}. {self._remedy(otherwise)}. See {more}"

    def _remedy(self, otherwise: str) -> str:
        do = "activate" if self.is_active else "deactivate"
        if self.how == "ignored":
            return f"It isn't asked again: {do} it in Lytics, then run pulumi up"
        if self.is_active:
            return "pulumi up tries again"
        helps = "Take it out of the audiences that use it, then run pulumi up again"
        return f"{helps}{f', or {otherwise}' if otherwise else ''}"


def to_write(model: Model, last: Unheeded | None = None, *, wanted: bool | None) -> bool | None:
    """Return the is_active that has to be written for a model to be as declared: the one rule.

    - What isn't declared, or is so already, needs no write.
    - A model that would go live by itself, and isn't to, is stopped while it is still built.
    - A write that Lytics answered with 200 and ignored isn't sent again. One that it refused is:
      the reason may be gone.

    Args:
        model: as Lytics shows it.
        last: the last write, where Lytics didn't do as it was asked.
        wanted: what is declared; None is not managed.

    Returns:
        None where nothing has to be written, or it would be in vain.
    """
    if wanted is None:
        return None
    stops_early = not wanted and goes_live_by_itself(model)
    if is_as_declared(wanted, model) and not stops_early:
        return None
    is_in_vain = last == Unheeded(model.id, wanted, "ignored")
    return None if is_in_vain else wanted


# --- what an interrupted swap left --------------------------------------------------------------


@dataclass(frozen=True)
class Down:
    """A model that was stopped to make room for a swap which didn't happen: nothing is live.

    Attributes:
        model_id: the model that was live before.
        since: when it was stopped, or when a run first saw it stopped; RFC 3339, UTC.
    """

    model_id: str
    since: str

    @staticmethod
    def kept(state: Mapping[str, Any]) -> "Down | None":
        """Return what a state keeps, None where nothing is down."""
        found = state.get("down")
        return Down(**found) if isinstance(found, Mapping) and found else None

    def as_dict(self) -> dict[str, Any]:
        """Return what the state keeps."""
        return dict(vars(self))

    def problem(self, key: str) -> str:
        """What is wrong, a sentence, and its page."""
        return (
            f"nothing of '{key}' is live since {self.since}: model {self.model_id}, live before, "
            "was stopped to make room for its successor. "
            f"See {page('concepts/going-live#twenty-of-twenty')}"
        )
