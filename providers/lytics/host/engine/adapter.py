"""What both dynamic providers need to speak with the engine's host process."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pulumi.dynamic import CheckFailure, ConfigureRequest, ResourceProvider
from pulumi.output import Unknown as EngineUnknown
from pulumi.runtime import rpc
from pydantic import BaseModel, ValidationError

from providers.lytics.api.settings import MOST_CONNECTIONS
from providers.lytics.domain.diff import Unknown
from providers.lytics.domain.explain import Place, explain
from providers.lytics.errors import LyticsError
from providers.lytics.host.run import Run, start_run
from providers.lytics.sdk_costs import widen
from providers.lytics.text import without_controls

_ENGINE_KEY = "__provider"


class ProviderFaultError(Exception):
    """What the engine shows of a failed operation: one sentence, no traceback."""


class StatelessProvider(ResourceProvider):
    """A dynamic provider that holds nothing, so that the state holds only its dotted path.

    Module path and class name of a subclass are stored with every resource: they can't change.
    """

    # Nothing in it is secret; encrypting it once per resource costs more than anything else.
    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Start the process' run; called once per provider class before anything else.

        Args:
            req: the stack's config.
        """
        with told(f"{type(self).__name__}: the configuration can't be used"):
            widen(MOST_CONNECTIONS)
            self._run = start_run(lambda key: req.config.get(f"lytics:{key}"))

    def may_look(self) -> bool:
        """Tell whether there is a key to look at the account with; say so once if there is none.

        A preview without one, of a fork's pull request, goes on with what the state says: the
        engine refreshes before it. What writes needs the key and fails without.
        """
        if self.run.settings.api_key is None:
            self.run.say_once("no key", "No API key: the state isn't compared with the account")
            return False
        return True

    @property
    def run(self) -> Run:
        """The run of this process."""
        return self._run


@contextmanager
def told(doing: str, run: Run | None = None) -> Iterator[None]:
    """Turn whatever goes wrong into one sentence that says what was being done.

    Args:
        doing: the start of the sentence, for example `Failed to create model 'churn'`.
        run: the run that it is done in, where there is one.

    Raises:
        ProviderFaultError: something went wrong inside.
    """
    try:
        yield
    except LyticsError as exc:
        words = str(exc) if run is None else run.words_for(exc)
        message = without_controls(f"{doing}: {words}")
        raise ProviderFaultError(message) from exc
    except Exception as exc:
        fault = f"{doing}: {type(exc).__name__}: {exc}. This is a fault of lytics-ml"
        message = without_controls(fault)
        raise ProviderFaultError(message) from exc


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the engine's properties without its own key, unknown values as `Unknown`."""
    return {
        name: _marked(value)
        for name, value in properties.items()
        if name != _ENGINE_KEY and value is not None
    }


def check_shape(
    shape: type[BaseModel],
    properties: Mapping[str, Any],
    across: Sequence[tuple[Place, str]] = (),
) -> list[CheckFailure]:
    """Return every mistake in the inputs, one failure each; unknown values are not judged.

    A value of another type is a mistake. If it were converted, the state would hold the converted
    value, and every `up` would show a difference.

    Args:
        shape: what the inputs must be.
        properties: the inputs, without the engine's own key.
        across: mistakes between fields, as path and sentence.
    """
    unknown = {name for name, value in properties.items() if isinstance(value, Unknown)}
    try:
        shape.model_validate(_known(properties), strict=True)
    except ValidationError as exc:
        found = [(place, what) for place, what in explain(exc, shape) if place[0] not in unknown]
    else:
        found = []
    return [
        CheckFailure(".".join(str(part) for part in place), what)
        for place, what in [*found, *(one for one in across if one[0][0] not in unknown)]
    ]


def _marked(value: Any) -> Any:  # noqa: ANN401 - nested properties of any shape
    """Return a value in which everything that isn't known yet is `Unknown`."""
    if isinstance(value, Mapping):
        return {name: _marked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return Unknown() if _is_unknown(value) else value


def _is_unknown(value: object) -> bool:
    return isinstance(value, EngineUnknown) or value == rpc.UNKNOWN


def _known(value: Any) -> Any:  # noqa: ANN401 - nested properties of any shape
    """Return nested properties without what isn't known yet, whole numbers as such."""
    if isinstance(value, Mapping):
        kept = {name: v for name, v in value.items() if not isinstance(v, Unknown)}
        return {name: _known(inner) for name, inner in kept.items()}
    if isinstance(value, list):
        return [_known(item) for item in value if not isinstance(item, Unknown)]
    # The engine delivers every number as a float.
    return int(value) if isinstance(value, float) and value.is_integer() else value
