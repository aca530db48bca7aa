"""When Pulumi writes the state of a stack: after every step, or once at the end of a run."""

from cli.edit.files import write_file
from cli.edit.yaml_text import YamlText
from cli.workspace.project import Project
from providers.lytics.api.settings import STATE_WRITES_PAY_FROM

SETTING = "lytics:stateWrites"


def settle_state_writes(project: Project, name: str, models: int) -> bool:
    """Write the state of a large stack once a run, unless its settings say when already.

    Args:
        project: where the stack is.
        name: the stack.
        models: how many models it declares.

    Returns:
        Whether the setting was written.
    """
    file = project.config_file(name)
    if models < STATE_WRITES_PAY_FROM:
        return False
    text = YamlText(file.read_text(encoding="utf-8") if file.is_file() else "config: {}\n")
    if text.has("config", SETTING):
        return False
    text.set(("config", SETTING), "end")
    write_file(file, text.text)
    return True
