"""The doctor's own models: which they are, how they leave, and on what they can be built."""

import re

from cli.doctor.looking import Json
from cli.doctor.report import Report
from cli.errors import PROBLEMS, CliError
from providers.lytics.api.answer import Answer
from providers.lytics.api.client import LyticsClient
from providers.lytics.api.requests import Request
from providers.lytics.errors import ForbiddenError, LyticsError, NotFoundError, RequestError
from providers.lytics.shapes import Model

PROBE = "lytics-ml-probe-"
_PROBE = re.compile(rf"{PROBE}[0-9a-f]{{8}}", re.IGNORECASE)
NO_MODEL = "0" * 32


def is_probe(model: Model) -> bool:
    """Tell whether a doctor made this model, by its name as the account may alter it."""
    return bool(_PROBE.search(model.name))


def leftovers(client: LyticsClient) -> list[str]:
    """Return the ids of the probes that earlier doctors left, as far as they can be listed."""
    try:
        return [model.id for model in client.list_models() if is_probe(model)]
    except LyticsError:
        return []


def remove(client: LyticsClient, report: Report, ids: list[str]) -> None:
    """Delete models; one that can't be deleted is deactivated, and reported as left behind."""
    for model_id in ids:
        try:
            is_gone = client.delete_model(model_id)
        except LyticsError:
            is_gone = False
        if not is_gone:
            stop(client, model_id)
            if model_id not in report.left:
                report.left.append(model_id)


def stop(client: LyticsClient, model_id: str) -> None:
    """Set a model not live, if it is; one that can't be stopped is reported as left behind."""
    try:
        model = client.fetch_model(model_id)
        if model is not None and model.is_active:
            client.update_model(model_id, {"is_active": False})
    except LyticsError:
        return  # It is reported as left behind.


def refuse_read_only(client: LyticsClient) -> None:
    """Refuse to try with a key that may not write: it is asked of a model that can't exist.

    Raises:
        CliError: the key may read only, or the API failed.
    """
    try:
        client.update_model(NO_MODEL, {"label": ""})
    except ForbiddenError as exc:
        message = f"--try needs a key that may write, and nothing was made: {exc}"
        raise CliError(message, PROBLEMS) from exc
    except NotFoundError:
        return
    except LyticsError as exc:
        message = f"--try made nothing, because the API doesn't answer as it should: {exc}"
        raise CliError(message) from exc


def usable(segments: list[Json], source: str | None, target: str | None) -> tuple[str, str]:
    """Return the ids of two segments that a probe can be built on.

    Args:
        segments: the account's, as its list shows them.
        source: slug or id that was asked for; None takes the first that fits.
        target: likewise.

    Raises:
        CliError: there are none.
    """
    fit = [s for s in segments if s.get("id") and not s.get("invalid") and not s.get("deleted")]
    known = {str(s[name]): str(s["id"]) for s in fit for name in ("slug_name", "id") if s.get(name)}
    chosen: list[str] = []
    for option, wanted in (("--source", source), ("--target", target)):
        if wanted is not None and wanted not in known and segments:
            message = f"the account has no usable segment {wanted}; name another with {option}"
            raise CliError(message, PROBLEMS)
        given = known.get(wanted, wanted) if wanted else None
        free = (str(s["id"]) for s in fit if str(s["id"]) not in chosen)
        found = given or next(free, None)
        if found is None or found in chosen:
            message = (
                "--try needs two different segments of users, and the account shows too few that "
                "can be used; name them with --source and --target (slug or id)"
            )
            raise CliError(message, PROBLEMS)
        chosen.append(found)
    return chosen[0], chosen[1]


def got(client: LyticsClient, request: Request) -> Answer | None:
    """Return an answer; None where no good one came, also after a second try."""
    for _ in range(2):
        try:
            answer = client.answer(request)
        except RequestError:
            continue
        if not answer.is_fault:
            return answer
    return None


def no_answer(report: Report, id_: str, question: str) -> None:
    """Add a check that couldn't be answered."""
    report.add(id_, question, "no good answer", "nothing can be said", safe=None)
