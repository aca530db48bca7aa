"""What happens to a model: created exactly once, updated, read, retired. Knows no Pulumi."""

from collections.abc import Iterable, Mapping
from typing import Any

from providers.lytics.domain.declaration import ModelInputs
from providers.lytics.domain.diff import Difference, differ
from providers.lytics.domain.fields import OnDelete
from providers.lytics.domain.finding.ownership import stack_having
from providers.lytics.domain.live.liveness import Unheeded
from providers.lytics.domain.record import inputs_from, outputs_of, with_declared_lineage
from providers.lytics.errors import ConflictError, LyticsError
from providers.lytics.host.create import Creation
from providers.lytics.host.declared import keep
from providers.lytics.host.retire import Retirement
from providers.lytics.host.run import Run
from providers.lytics.host.update import settled, with_liveness
from providers.lytics.shapes import Model


class ModelLifecycle:
    """Creates, updates, reads and retires the models of one run.

    Args:
        run: the account and what this run knows of it.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def diff(
        self, model_id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Difference:
        """Tell what differs, and note for the rest of the run what becomes of the model.

        Sends nothing.

        Raises:
            ConflictError: the declaration adopts another model than the one it manages.
        """
        difference = differ(model_id, state, inputs)
        self._run.expect_account(state.get("aid"))
        declared = self._run.declared.get(str(inputs.get("key")), str(inputs.get("lineage")))
        # After a killed replacement, a swap finds the previous model only by this.
        self._run.declared.remember(declared, str(state.get("lineage")), state.get("trained") or {})
        if difference.replaces:
            policy = inputs_from(state).on_delete or "deactivate"
            self._run.declared.replace(declared, model_id, policy)
            self._warn_if_used(model_id, state, inputs)
        else:
            keep(self._run.declared, declared, model_id, inputs)
            if state.get("held"):
                self._run.note_held(model_id)
        return difference

    def create(self, inputs: ModelInputs) -> tuple[str, dict[str, Any]]:
        """Take up the model that is meant, or train it, exactly once; return its id and state.

        Raises:
            ConflictError: only a person can decide which model is meant.
            AccountError: the key is another account's.
            RequestError: the API failed; the next run finds what this one made.
        """
        return Creation(self._run).create(inputs)

    def update(
        self, model_id: str, state: Mapping[str, Any], inputs: ModelInputs
    ) -> dict[str, Any]:
        """Write what differs of label and is_active, in one request; return the new state.

        Raises:
            ConflictError: the model is gone.
            AccountError: the key is another account's.
        """
        self._run.expect_account(state.get("aid"))
        model = self._run.find(model_id, self._run.looks.at_most_old(self._run.timing.recent_s))
        if model is None:
            what = f"model {model_id} is gone; pulumi up --refresh notices and trains it anew"
            raise ConflictError(what)
        outputs = settled(self._run, inputs, model, state)
        return with_declared_lineage(outputs, state.get("declared_lineage"))

    def read(
        self, model_id: str, state: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return a model's state and inputs as the API shows them, None if it is gone for certain.

        Raises:
            AccountError: the key is another account's, or nothing proves whose it is.
        """
        self._run.expect_account(state.get("aid"))
        model = self._run.find(model_id, self._run.looks.any())
        if model is None:
            return None
        inputs = inputs_from(state)
        known_by = state.get("declared_lineage") or inputs.lineage
        outputs = with_liveness(
            outputs_of(inputs, model, state.get("trained")),
            model,
            Unheeded.kept(state),
            held=bool(state.get("held")),
        )
        outputs = with_declared_lineage(outputs, known_by)
        seen = {name: outputs[name] for name in outputs["managed"] if name in outputs}
        return outputs, {**inputs.model_dump(exclude_none=True), "lineage": known_by, **seen}

    def stack_of(self, model_id: str, state: Mapping[str, Any]) -> str:
        """Return the name that a model's stack has now; the state's is the one of its last write.

        `pulumi stack rename` changes no resource. What this run declares knows today's name; where
        it declares nothing, the states tell which stack has the model.
        """
        known = self._run.declared.stack
        return known or stack_having(self._run.holdings_told(), model_id) or str(state.get("stack"))

    def delete(
        self, model_id: str, state: Mapping[str, Any], policy: OnDelete | None = None
    ) -> None:
        """Let a model leave by its policy, as `Retirement.delete` says."""
        Retirement(self._run).delete(model_id, state, policy)

    def _warn_if_used(
        self, model_id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> None:
        """Warn of a replacement whose old model an `up` will refuse to delete."""
        policies = {state.get("on_delete"), inputs.get("on_delete")}
        if policies == {"delete"} and inputs.get("name") != state.get("name"):
            self._warn_of_users(model_id, state, ())

    def warn_of_deletion(self, model_id: str, state: Mapping[str, Any]) -> None:
        """Warn of a model that is no longer declared, and that an `up` will refuse to delete."""
        self._warn_of_users(model_id, state, self._run.looks.any().models.values())

    def _warn_of_users(
        self, model_id: str, state: Mapping[str, Any], others: Iterable[Model]
    ) -> None:
        try:
            users = self._run.users.left(str(state.get("name")), model_id, others)
        except LyticsError:
            return  # It is only a warning, so an API that fails must not fail the preview.
        if users:
            self._run.warn(self._run.users.refusal(str(state.get("key")), model_id, users))
