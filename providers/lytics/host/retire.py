"""How a model leaves the account: deactivated, deleted, or left as it is."""

from collections.abc import Mapping
from typing import Any

from providers.lytics.account.switching import switch
from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.fields import OnDelete
from providers.lytics.domain.finding.ownership import policy_of_live
from providers.lytics.domain.live.liveness import goes_live_by_itself
from providers.lytics.domain.record import inputs_from
from providers.lytics.errors import ConflictError
from providers.lytics.host.run import Run
from providers.lytics.host.update import show
from providers.lytics.pages import page
from providers.lytics.shapes import Model


class Retirement:
    """Lets the models of one run leave.

    A model that is marked for deletion, or no longer declared, leaves only after a check of which
    model the live resource of the same lineage has in this run.

    Args:
        run: the account and what this run knows of it.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def delete(
        self, model_id: str, state: Mapping[str, Any], policy: OnDelete | None = None
    ) -> None:
        """Let a model leave by its policy: deactivated, deleted or left as it is.

        Args:
            model_id: the model.
            state: what the state keeps of it.
            policy: what is declared now for a model that is no longer declared; else the
                state's policy holds.

        Raises:
            ConflictError: it is live and its successor isn't, nor is declared not to be; or it
                is to be deleted and audiences use its score.
            AccountError: the key is another account's.
        """
        if self._run.declared.of_model(model_id) is not None:
            # Going back adopts the model that an earlier run marked for deletion: the same one.
            self._run.say(f"model {model_id} stays: it is in use again")
            return
        inputs = inputs_from(state)
        policy = policy or self._policy_of_resource(model_id, inputs)
        if policy is not None:
            inputs = inputs.model_copy(update={"on_delete": policy})
        self._run.expect_account(state.get("aid"))
        look = self._run.looks.at_most_old(self._run.timing.recent_s)
        model = self._run.find(model_id, look)
        if model is None:
            self._run.say(f"'{inputs.key}': model {model_id} was gone already")
            return
        if inputs.policy != "retain":
            self._refuse_to_leave_a_gap(inputs, model)
        self._leave(inputs, model)

    def _policy_of_resource(self, model_id: str, inputs: ModelInputs) -> OnDelete | None:
        """Return how the resource that has a model lets it leave, whichever delete comes first.

        The state may hold a model twice: as a resource's own, and marked for deletion with the
        policy of before. What is declared in this run is known; of what isn't, the states tell.
        """
        declared = self._run.declared
        known = declared.policy_of(model_id)
        if known is not None or declared.successor_of(inputs.key, inputs.lineage) is not None:
            return known
        return policy_of_live(self._run.holdings_told(), model_id)

    def _refuse_to_leave_a_gap(self, inputs: ModelInputs, model: Model) -> None:
        known = self._run.declared.successor_of(inputs.key, inputs.lineage)
        if known is None or known.current is None or known.stays_idle or not model.is_active:
            return
        successor = self._run.find(
            known.current, self._run.looks.at_most_old(self._run.timing.recent_s)
        )
        if successor is None or not successor.is_active:
            # A model that is built without build_only goes live by itself, perhaps after that look.
            successor = self._run.client.fetch_model(known.current)
        if successor is not None and successor.is_active:
            return
        what = f"model {model.id} of '{inputs.key}' is live and its successor {known.current} isn't"
        if successor is not None and successor.is_complete:
            todo = (
                "Run pulumi up without --target to finish; where is_active isn't declared, "
                "declare whether the successor is to be live"
            )
        else:
            todo = "Run pulumi up again once it is live"
        message = f"{what}, so the first one is kept. {todo}. See {page('guides/leave')}"
        raise ConflictError(message)

    def _leave(self, inputs: ModelInputs, model: Model) -> None:
        """Let a model leave by its policy, or as its key is declared today if that isn't possible.

        What the state says of a model that was replaced can't be changed any more, so a policy
        that was refused would be refused for ever: the remedy is to declare another one.

        Raises:
            ConflictError: it can't leave so, and no other policy is declared.
        """
        try:
            self._retire(inputs, model)
        except ConflictError:
            declared = self._run.declared.successor_of(inputs.key, inputs.lineage)
            today = declared.leaves if declared else None
            if today in {None, inputs.on_delete, inputs.policy}:
                raise
            self._retire(inputs.model_copy(update={"on_delete": today}), model)

    def _refuse_if_used(self, inputs: ModelInputs, model: Model) -> None:
        """Raise ConflictError where a model is to be deleted and audiences use its score."""
        if inputs.on_delete != "delete":
            return
        others = self._run.looks.at_most_old(self._run.timing.recent_s).models.values()
        users = self._run.users.left(model.name, model.id, others)
        if users:
            raise ConflictError(self._run.users.refusal(inputs.key, model.id, users))

    def _retire(self, inputs: ModelInputs, model: Model) -> None:
        self._refuse_if_used(inputs, model)
        name = f"'{inputs.key}': model {model.id}"
        if inputs.policy == "hide" and self._run.settings.api == "v1":
            what = (
                f"{name} is to be hidden, and v1 of the API can't: set lytics:api to v2 "
                "(LYTICS_API), or on_delete to deactivate"
            )
            raise ConflictError(what)
        if inputs.policy == "retain":
            live = "live" if model.is_active else "not live"
            self._run.say(f'{name} "{model.name}" stays in the account as it is, {live}')
        elif inputs.policy == "delete":
            if not deleted(self._run, model.id):
                what = (
                    f"{name} can't be deleted: Lytics says that there is nothing to delete, and "
                    "shows it. Set on_delete: deactivate"
                )
                raise ConflictError(what)
            self._run.say(f"{name} is deleted")
        else:
            self._deactivate(name, model)
            if inputs.policy == "hide":
                show(self._run, model.id, hidden=True)
                self._run.say(f"{name} is hidden in Lytics")

    def _deactivate(self, name: str, model: Model) -> None:
        is_built = not goes_live_by_itself(model)
        stays = f'{name} "{model.name}" stays in the account'
        if is_built and not model.is_active:
            self._run.say(f"{stays}, deactivated")
            return
        shown, unheeded = switch(self._run.client, model, active=False)
        self._run.looks.remember(shown)
        if is_built and unheeded is None:
            self._run.say(f"{stays}, deactivated")
        elif is_built and unheeded is not None:
            helps = "set on_delete: retain, and run pulumi up, to leave it live"
            message = f"{name} can't be deactivated: {unheeded.problem(helps)}"
            raise ConflictError(message)
        else:
            asked = "Lytics was asked to keep it from that"
            if unheeded is not None:
                asked = f"Lytics refuses to keep it from that ({unheeded.words})"
            self._run.say(
                f"{stays}. It is still being built without build_only, and such a model goes live "
                f"by itself when it is done. {asked}. "
                "Look in Lytics later, and deactivate it there if it is live"
            )


def deleted(run: Run, model_id: str) -> bool:
    """Delete a model; False where the API has no such delete and the model stays."""
    is_gone = run.client.delete_model(model_id)
    if is_gone:
        run.looks.forget(model_id)
    return is_gone
