"""Which fields a config asks for, and what is said of those that can't be had. Pure."""

from collections.abc import Iterable

from sandbox.building import reading
from sandbox.models import Config
from sandbox.people.fields import FieldPlan, Fields

NO_FEATURES = (
    "no features were selected: set use_scores, use_content or auto_tune, or name known fields "
    "in additional"
)


def chosen_fields(fields: Iterable[FieldPlan], config: Config) -> list[FieldPlan]:
    """Return the fields that a config asks for, in the population's order.

    ``auto_tune`` looks at all of them (Lytics v2 OpenAPI); ``blocked`` always wins; unknown
    names in ``additional`` are passed over (assumption).
    """
    kinds = {"score": config.use_scores, "content": config.use_content, "lql": False}
    return [
        field
        for field in fields
        if (config.auto_tune or kinds[field.kind] or field.name in config.additional)
        and field.name not in config.blocked
    ]


def passed_over(fields: Fields, config: Config) -> list[str]:
    """Return a sentence for each kind of name in ``additional`` that can't be a feature."""
    usable = {field.name for field in fields.usable}
    told = [
        f"The field {name} isn't used: {fields.withheld[name]}"
        for name in config.additional
        if name in fields.withheld
    ]
    unknown = [n for n in config.additional if n not in usable and n not in fields.withheld]
    if unknown:
        told.append(f"The following fields are in no user profile: {', '.join(unknown)}")
    return told


def field_messages(fields: Fields, config: Config) -> list[dict[str, object]]:
    """Return what a summary says of names in ``additional`` that can't be a feature."""
    told = passed_over(fields, config)
    return [reading.message(text, "warn", "summary", "feature") for text in told]


def no_features_because(fields: Fields, config: Config) -> str:
    """Say why a model has no features and is invalid; empty if it has some.

    The interface asks for one source of features at least.
    """
    if chosen_fields(fields.usable, config):
        return ""
    return ". ".join([NO_FEATURES, *passed_over(fields, config)])
