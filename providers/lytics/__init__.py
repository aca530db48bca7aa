"""Lytics lookalike models as Pulumi resources.

What is listed here is loaded when it is first used: the command line reads declarations without
waiting for Pulumi.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from providers.lytics.activation import MlModelActivationProvider
    from providers.lytics.activation_resource import MlModelActivation
    from providers.lytics.model import MlModelProvider
    from providers.lytics.model_resource import MlModel
    from providers.lytics.program import declare
    from providers.lytics.stack_outputs import export
    from providers.lytics.start import read_stack
    from providers.lytics.watcher import wait_until_built

# httpx loads a command line of its own, with rich and click, wherever those are installed. Nobody
# calls it here, and every `pulumi up` starts two processes that would pay for it; httpx itself does
# without where it can't be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

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
    "MlModel": "model_resource",
    "MlModelActivation": "activation_resource",
    "MlModelActivationProvider": "activation",
    "MlModelProvider": "model",
    "declare": "program",
    "export": "stack_outputs",
    "read_stack": "start",
    "wait_until_built": "watcher",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
