"""The dynamic provider of `MlModelActivation`: a thin adapter over gate and swap."""

from collections.abc import Mapping
from typing import Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from providers.lytics.domain.activation import ActivationInputs, differs
from providers.lytics.errors import ConflictError
from providers.lytics.host.engine.adapter import StatelessProvider, check_shape, plain, told
from providers.lytics.host.swap import ActivationLifecycle


class MlModelActivationProvider(StatelessProvider):
    """Judges a trained model by its gate and sets it live in place of the one before."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Report every mistake of a gate at once; sends nothing."""
        found = check_shape(ActivationInputs, plain(news))
        if "model_id" not in news:
            # Under --continue-on-error its model could not be made, which the engine tells: a
            # mistake here would end the program before the other models have had their turn.
            found = [failure for failure in found if failure.property != "model_id"]
        return CheckResult(news, found)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Say whether there is something to do; never a replacement."""
        state, inputs = plain(_olds), plain(_news)
        with told(f"Failed to compare the activation of '{inputs.get('key')}'", self.run):
            return DiffResult(changes=differs(state, inputs), replaces=[])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Judge the model, and set it live if it passes."""
        return CreateResult(str(props.get("key")), self._applied({}, plain(props)))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Say whether the model is live; an outside deactivation is then a difference."""
        state = plain(props)
        if not self.may_look():
            return ReadResult(id_, state)
        with told(f"Failed to read the activation of '{state.get('key')}'", self.run):
            return ReadResult(id_, ActivationLifecycle(self.run).read(state))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Judge the model, and swap it in if it passes: start the new one, stop the old one."""
        return UpdateResult(self._applied(plain(_olds), plain(_news)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Write nothing: how a model leaves is the model's own to say.

        With another account's key it fails, so that such a destroy leaves the state as it is.
        """
        state = plain(_props)
        with told(f"Failed to retire the activation of '{state.get('key')}'", self.run):
            ActivationLifecycle(self.run).check_account(state)

    def _applied(self, state: Mapping[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
        with told(f"Failed to activate model '{properties.get('key')}'", self.run):
            if "model_id" not in properties:
                what = (
                    "its model isn't made in this run: that failed, or --exclude leaves it out. "
                    f"--exclude '**::{properties.get('key')}' leaves out both"
                )
                raise ConflictError(what)
            inputs = ActivationInputs.model_validate(properties)
            lifecycle = ActivationLifecycle(self.run)
            outcome = lifecycle.apply(inputs, state)
            judged_at = self.run.timing.stamp()
            kept = outcome.outputs(inputs, state)
            return {**kept, "aid": lifecycle.account, "judged_at": judged_at}
