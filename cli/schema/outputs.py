"""The JSON schemas of what commands print with `--json`, made from the types that they print."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from cli.importing.as_json import ImportJson
from cli.promote.as_json import PromoteJson
from cli.prune.report import PruneJson
from cli.recover.as_json import RecoverJson
from cli.review.showing.as_json import ReviewJson
from cli.schema import printed
from cli.screen.json_error import ErrorJson

OUTPUTS: Mapping[str, Any] = {
    "error": ErrorJson,
    "validate": printed.ValidateJson,
    "list": printed.ListJson | printed.RetiredModelsJson,
    "show": printed.ShowJson,
    "audiences": list[printed.UsedJson],
    "import": ImportJson,
    "recover": RecoverJson,
    "prune": PruneJson,
    "rules": printed.RulesJson,
    "review": ReviewJson,
    "rehearse": printed.RehearseJson,
    "promote": PromoteJson,
    "drift": printed.DriftJson,
    "doctor": printed.DoctorJson,
    "watch": printed.WatchJson,
    "history": printed.HistoryJson,
    "compare": printed.CompareJson,
}
"""What is printed, by command; `error` is what each of them prints where it can't go on."""


def output_schema(command: str) -> dict[str, Any]:
    """Return the schema of what a command prints."""
    made = TypeAdapter(OUTPUTS[command]).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def output_schema_text(command: str) -> str:
    """Return the text of a schema's file."""
    return json.dumps(output_schema(command), indent=2, ensure_ascii=False) + "\n"
