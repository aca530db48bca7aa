"""What can be declared of a model, and what a change of each field does.

One set of shapes serves the stack files, their JSON schema, the provider's check and its diff. Each
field's annotation says what a change of it does; nothing else does.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from providers.lytics.domain.fields import (
    DeclaredOnDelete,
    Duration,
    FieldClass,
    FieldName,
    HexId,
    KeptOnDelete,
    Name,
    SegmentRef,
    policy_of,
)
from providers.lytics.domain.live.gate import Gate
from providers.lytics.domain.live.watch import Watch

DEFAULT_BUILD_TIMEOUT = "4h"


class ModelConfig(BaseModel):
    """How a model is trained; a change of any of these trains a new one."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    use_scores: Annotated[
        bool | None, Field(description="use Lytics' behavioral scores as features")
    ] = None
    use_content: Annotated[
        bool | None, Field(description="use Lytics' content affinities as features")
    ] = None
    collect: Annotated[
        Annotated[int, Field(ge=100, le=50_000)] | None,
        Field(description="users to sample of each segment, 100 to 50000 (optional, default 5000)"),
    ] = None
    build_only: Annotated[
        bool | None,
        Field(description="train without scoring users: the model goes live only when activated"),
    ] = None
    auto_tune: Annotated[
        bool | None, Field(description="choose features automatically (optional, default false)")
    ] = None
    tune_model: Annotated[
        bool | None, Field(description="tune the model's parameters (optional, default false)")
    ] = None
    re_run: Annotated[
        bool | None, Field(description="train again every week (optional, default false)")
    ] = None
    additional: Annotated[
        list[FieldName] | None,
        Field(description="user fields to use as features (optional, default none)"),
    ] = None
    blocked: Annotated[
        list[FieldName] | None,
        Field(
            description="user fields never to be used as features; only with lytics:api: v2 "
            "(optional, default none)"
        ),
    ] = None


class ModelSettings(BaseModel):
    """What the stack files and the provider share."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: Annotated[
        Name | None,
        FieldClass.REPLACES,
        Field(description="the model's name in Lytics (optional, default: made from the key)"),
    ] = None
    label: Annotated[
        Annotated[str, Field(max_length=1000)] | None,
        FieldClass.IN_PLACE,
        Field(description="text that people see in Lytics (optional, default: not managed)"),
    ] = None
    is_active: Annotated[
        bool | None,
        FieldClass.IN_PLACE,
        Field(description="whether the model is live (optional, default: not managed)"),
    ] = None
    config: Annotated[
        ModelConfig | None,
        FieldClass.REPLACES,
        Field(description="how the model is trained (optional)"),
    ] = None
    generation: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000)] | None,
        FieldClass.REPLACES,
        Field(description="raise it to train an unchanged declaration anew (optional, default 1)"),
    ] = None
    on_delete: Annotated[
        KeptOnDelete | None,
        FieldClass.STATE_ONLY,
        Field(description="how the model leaves the account (optional, default deactivate)"),
    ] = None
    build_timeout: Annotated[
        Duration | None,
        FieldClass.STATE_ONLY,
        Field(
            description="how long an up waits for the build, for example 4h (optional, default 4h)"
        ),
    ] = None
    swap: Annotated[
        Literal["break_first"] | None,
        FieldClass.STATE_ONLY,
        Field(
            description="break_first: at the account's limit of live models, stop the old one first"
        ),
    ] = None
    adopt: Annotated[
        HexId | None,
        FieldClass.NEVER,
        Field(
            description="id of an existing model to take over instead of training one (optional)"
        ),
    ] = None
    take_over: Annotated[
        bool | None,
        FieldClass.NEVER,
        Field(description="adopt a model whose name shows that another stack made it (optional)"),
    ] = None


class ModelInputs(ModelSettings):
    """One model as the program hands it to the provider: ids resolved, lineage computed."""

    # By key and stack a delete finds what `removed` in the stack file says: the state must have
    # those of today, also after a rename.
    key: Annotated[str, Field(min_length=1), FieldClass.STATE_ONLY]
    stack: Annotated[str | None, FieldClass.STATE_ONLY] = None
    lineage: Annotated[str, Field(min_length=1), FieldClass.NEVER]
    source: Annotated[HexId, FieldClass.REPLACES]
    target: Annotated[HexId, FieldClass.REPLACES]
    # How the declaration spells them: a review tells a slug that points to another id than before.
    source_name: Annotated[str | None, FieldClass.STATE_ONLY] = None
    target_name: Annotated[str | None, FieldClass.STATE_ONLY] = None
    # An MlModelActivation sets the model live (swap) or only evaluates its gate (observe); either
    # way the model itself must not go live when it is trained.
    activation: Annotated[Literal["swap", "observe"] | None, FieldClass.STATE_ONLY] = None

    @property
    def must_not_go_live_by_itself(self) -> bool:
        """Whether it is to be built with `build_only`, whatever the declaration leaves out."""
        return self.activation is not None or self.is_active is False

    @property
    def policy(self) -> str:
        """How the model leaves the account."""
        return policy_of(self.on_delete)


class ModelDeclaration(ModelSettings):
    """One model as a stack file declares it."""

    source: Annotated[
        SegmentRef,
        Field(description="whom to score: a name from segments, a segment's slug or its 32-hex id"),
    ]
    target: Annotated[
        SegmentRef,
        Field(description="whom they should resemble: a name, a slug or a 32-hex id"),
    ]
    on_delete: Annotated[
        DeclaredOnDelete | None,
        FieldClass.STATE_ONLY,
        Field(
            description="how the model leaves the account: deactivate, hide (only with lytics:api: "
            "v2), delete, retain or {delete: even_if_used} (optional, default deactivate)"
        ),
    ] = None
    gate: Annotated[
        Gate | None, Field(description="what the trained model must score to go live (optional)")
    ] = None
    watch: Annotated[
        Watch | None,
        Field(
            description="what the model must keep while it is live (optional, default: its gate)"
        ),
    ] = None
    owner: Annotated[
        Annotated[str, Field(min_length=1, max_length=200)] | None,
        Field(description="who answers for the model, for its card (optional)"),
    ] = None
    was: Annotated[
        str | None, Field(min_length=1, description="the key that this model had before (optional)")
    ] = None
    protect: Annotated[
        bool | None, Field(description="refuse to replace or remove it (optional, default false)")
    ] = None

    @property
    def activation(self) -> Literal["swap", "observe"] | None:
        """Whether something has to be set, or judged, after the build.

        `is_active: false` always means no activation. A gate without `is_active` is evaluated and
        shown, nothing goes live.
        """
        if self.is_active is False:
            return None
        if self.gate is not None:
            return "swap" if self.is_active else "observe"
        waits = self.config is not None and self.config.build_only is True
        return "swap" if self.is_active and waits else None

    @property
    def settings(self) -> dict[str, Any]:
        """What its resource is given besides key and segments; what isn't declared is left out.

        An activation sets the model live: the model itself then has no is_active at all.
        """
        given = self.model_dump(include=set(ModelSettings.model_fields), exclude_none=True)
        if self.activation is None:
            return given
        return {
            **{name: value for name, value in given.items() if name != "is_active"},
            "activation": self.activation,
        }

    def inputs(
        self, *, key: str, lineage: str, source: str, target: str, stack: str | None = None
    ) -> ModelInputs:
        """Return the model as the program hands it to the provider.

        Args:
            key: its key.
            lineage: its lineage.
            source: the source's id.
            target: the target's id.
            stack: the stack's name, without organisation.
        """
        known = {"key": key, "stack": stack, "lineage": lineage}
        return ModelInputs.model_validate(
            {**self.settings, **known, "source": source, "target": target}
        )


class Removal(BaseModel):
    """How a model that is no longer declared leaves the account."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    on_delete: Annotated[
        DeclaredOnDelete,
        Field(description="deactivate, hide, delete, retain or {delete: even_if_used}"),
    ]


def problems_with_generation(
    declared: dict[str, Any], api: str, *, is_new: bool
) -> list[tuple[tuple[str, ...], str]]:
    """Return what one generation of the API can't do of a declaration.

    An existing model keeps what it was trained with, whichever generation is used.

    Args:
        declared: the fields of the provider's inputs, as plain values.
        api: `v1` or `v2`.
        is_new: whether the model is yet to be made.

    Returns:
        Pairs of a path to the field and a sentence.
    """
    config = declared.get("config")
    trained_with = config if isinstance(config, dict) else {}
    found: list[tuple[tuple[str, ...], str]] = []
    if api == "v1" and trained_with.get("blocked"):
        what = "v1 of the API knows no blocked fields: set lytics:api to v2 (LYTICS_API)"
        found.append((("config", "blocked"), what))
    if api == "v1" and declared.get("on_delete") == "hide":
        what = "v1 of the API can't hide models: set lytics:api to v2 (LYTICS_API), or deactivate"
        found.append((("on_delete",), what))
    if api == "v2" and is_new and trained_with.get("tune_model"):
        what = "v2 of the API doesn't know it: leave it out, or set lytics:api to v1 (LYTICS_API)"
        found.append((("config", "tune_model"), what))
    return found


def problems_across_fields(declared: dict[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Return what is wrong between fields that are each right by themselves.

    Args:
        declared: the fields of a declaration or of the provider's inputs, as plain values.

    Returns:
        Pairs of a path to the field and a sentence.
    """
    found: list[tuple[tuple[str, ...], str]] = []
    config = declared.get("config") if isinstance(declared.get("config"), dict) else {}
    assert isinstance(config, dict)  # noqa: S101 - narrows the type
    source, target = declared.get("source"), declared.get("target")
    if isinstance(source, str) and source == target:
        found.append((("target",), "source and target are the same segment; a model needs two"))
    sources = ("use_scores", "use_content", "auto_tune", "additional")
    # Lytics docs, "Building Lookalike Models": without Auto Tune a feature source must be chosen.
    if not declared.get("adopt") and not any(config.get(name) for name in sources):
        what = (
            "no features: set use_scores, use_content or auto_tune to true, or list fields "
            "under additional"
        )
        found.append((("config",), what))
    if declared.get("gate") is not None and config.get("build_only") is False:
        what = "build_only: false lets the model go live before its gate; leave it out"
        found.append((("config", "build_only"), what))
    return found
