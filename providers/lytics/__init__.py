"""Lytics lookalike models as Pulumi resources.

What is listed here is loaded when it is first used: the command line reads declarations without
waiting for Pulumi.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from providers.lytics.sdk_costs import collect_seldom, spare_httpx_command_line

if TYPE_CHECKING:
    from providers.lytics.activation import MlModelActivationProvider
    from providers.lytics.model import MlModelProvider
    from providers.lytics.program.builds.waiting import wait_until_built
    from providers.lytics.program.declare import declare
    from providers.lytics.program.resources.activation import MlModelActivation
    from providers.lytics.program.resources.model import MlModel
    from providers.lytics.program.stack_outputs import export
    from providers.lytics.program.start import read_stack

spare_httpx_command_line()
collect_seldom()

__all__ = [
    "MlModel",
    "MlModelActivation",
    "MlModelActivationProvider",
    "MlModelProvider",
    "declare",
    "export",
    "read_stack",
    "wait_until_built",
]

_HOMES = {
    "MlModel": "program.resources.model",
    "MlModelActivation": "program.resources.activation",
    "MlModelActivationProvider": "activation",
    "MlModelProvider": "model",
    "declare": "program.declare",
    "export": "program.stack_outputs",
    "read_stack": "program.start",
    "wait_until_built": "program.builds.waiting",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
