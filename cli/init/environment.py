"""A new environment: its stack file and Pulumi's own file beside it."""

import re
from pathlib import Path

from cli.edit.files import write_file
from cli.edit.stack_edit import StackEdit
from cli.edit.yaml_text import inline
from cli.errors import PROBLEMS, CliError
from cli.workspace.project import Project, read_yaml
from cli.workspace.state_writes import settle_state_writes
from providers.lytics.api.setting_table import DEFAULT_API_URL
from providers.lytics.domain.fields import HEX_ID
from providers.lytics.text import shown

SCHEMA_LINE = "# yaml-language-server: $schema=schema.json"
_NAME = re.compile(r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$")
# What a declaration says of one account's models; a new environment trains its own.
_OF_ONE_ACCOUNT = ("adopt", "take_over", "was", "generation")

STACK_FILE = """\
# yaml-language-server: $schema=schema.json
#
# The models of the environment {name}. schema.json, and stacks/dev.yaml by example, explain
# every key.

# (optional) Names for segments of this account: a segment's slug, or its 32-hex id.
segments: {{}}

# (optional) What every model below has unless it says otherwise.
defaults:
  on_delete: deactivate # (optional, default deactivate) deactivate | hide | delete | retain

models:
  # grow-customer-base: # the key: the resource's name in this stack
  #   label: Predictive model to grow the customer base
  #   source: all_users # whom to score
  #   target: high_value # whom they should resemble
  #   is_active: true # (optional, default: not managed)
  #   config: {{use_scores: true, use_content: true}}
  #   gate: {{auc: 0.75}} # (optional) go live only when the trained model scores this
"""

CONFIG_FILE = """\
# Pulumi's own settings of the stack {name}; its models are declared in {name}.yaml.
config:
  # (optional, default {default}; LYTICS_API_URL in the environment wins)
  lytics:apiUrl: {url}
  # The key: LIOKEY in the environment, or stored here, encrypted, by
  #   bin/pulumi config set --stack {name} --secret lytics:apiKey
  # (optional) lytics:accountId: the account's number; a key of another account is then refused.
  # (optional) lytics:stateWrites: end writes the state once a run: quicker from some 60 models on.
  # (optional) lytics:wait: false returns before models are built for the first time.
"""


def new_environment(project: Project, name: str, template: str | None) -> tuple[list[Path], bool]:
    """Write the two files of a new stack.

    Args:
        project: where.
        name: the new stack's.
        template: the stack whose declarations are copied, None for none.

    Returns:
        The files, and whether the declarations name segments by ids of the other account.

    Raises:
        CliError: the name can't be one, or a file is there already.
        DeclarationError: the template's file can't be used.
    """
    if not _NAME.match(name):
        message = f"\"{name}\" can't be a stack's name: use letters, digits, -, _ and . only."
        raise CliError(message, PROBLEMS)
    files = [project.stack_file(name), project.config_file(name)]
    if there := [shown(file) for file in files if file.exists()]:
        verb = "is" if len(there) == 1 else "are"
        message = f"{' and '.join(there)} {verb} there already; nothing was written."
        raise CliError(message, PROBLEMS)
    text, url, has_ids = STACK_FILE.format(name=name), DEFAULT_API_URL, False
    if template is not None:
        text, has_ids = _copied(project, name, template)
        url = _url(project, template)
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
    write_file(files[0], text)
    config = CONFIG_FILE.format(name=name, url=inline(url), default=DEFAULT_API_URL)
    write_file(files[1], config)
    settle_state_writes(project, name, len(StackEdit(files[0]).stack.models))
    return files, has_ids


def _copied(project: Project, name: str, template: str) -> tuple[str, bool]:
    """Return another stack's declarations without what holds for its account alone."""
    edit = StackEdit(project.stack_file(template))
    edit.yaml.remove(("removed",))
    for key in edit.stack.models:
        for field in _OF_ONE_ACCOUNT:
            edit.yaml.remove(("models", key, field))
    edit.check()
    note = f"# {name}: copied from {template}.yaml by lytics-ml init.\n"
    text = edit.yaml.text
    first, end, rest = text.partition("\n")
    text = f"{first}{end}{note}{rest}" if first.startswith(SCHEMA_LINE) else f"{note}{text}"
    stack = edit.stack
    references = [stack.segment(s) for m in stack.models.values() for s in (m.source, m.target)]
    return text, any(HEX_ID.match(reference) for reference in references)


def _url(project: Project, template: str) -> str:
    file = project.config_file(template)
    config = read_yaml(file).get("config") if file.is_file() else None
    url = config.get("lytics:apiUrl") if isinstance(config, dict) else None
    return url if isinstance(url, str) else DEFAULT_API_URL
