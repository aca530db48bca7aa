"""What the diagrams of "What happens to a model" say."""

from docs.made.sequence import Arrow, Diagram, Note, Part, draw

_UP, _LYTICS, _STATE = range(3)
_NEW, _BETWEEN, _OLD = range(3)

DIAGRAMS = {
    "create": Diagram(
        "A model is created",
        ("pulumi up", "Lytics", "state"),
        (
            Arrow(_UP, _LYTICS, "is it there\nalready?"),
            Arrow(_LYTICS, _UP, "no"),
            Arrow(_UP, _LYTICS, "create, under a name\nthat holds a hash"),
            Arrow(_LYTICS, _UP, "its id"),
            Arrow(_UP, _STATE, "the id, at once"),
            Note(_LYTICS, "trains it: minutes to hours"),
            Arrow(_UP, _LYTICS, "are they trained?\n(one list for all)"),
            Arrow(_LYTICS, _UP, "yes"),
            Note(_LYTICS, "sets it live, unless it was\ncreated with build_only", "good"),
        ),
    ),
    "replace": Diagram(
        "A model with a gate is replaced",
        ("new model", "pulumi up", "old model"),
        (
            Note(_OLD, "live: it scores", "good"),
            Arrow(_BETWEEN, _NEW, "create\nwith build_only"),
            Note(_NEW, "is trained, not live"),
            Arrow(_NEW, _BETWEEN, "its scores"),
            Note(_BETWEEN, "compares them\nwith the gate"),
            Part("The gate passes"),
            Arrow(_BETWEEN, _NEW, "start"),
            Arrow(_BETWEEN, _OLD, "stop"),
            Note(_OLD, "leaves by on_delete"),
            Note(_NEW, "live: it scores", "good"),
            Part("The gate doesn't pass"),
            Note(_BETWEEN, "fails, with a table", "bad"),
            Note(_OLD, "stays live", "good"),
        ),
    ),
    "going-back": Diagram(
        "An earlier declaration comes back",
        ("pulumi up", "newer model", "earlier model"),
        (
            Note(_LYTICS, "live: it scores", "good"),
            Note(_STATE, "trained, not live"),
            Note(_UP, "the file has the\nearlier lines again"),
            Arrow(_UP, _STATE, "is it there, trained on these inputs?"),
            Arrow(_STATE, _UP, "yes: nothing is trained"),
            Arrow(_UP, _STATE, "start, if it passes its gate"),
            Note(_STATE, "live: it scores", "good"),
            Arrow(_UP, _LYTICS, "stop"),
            Note(_LYTICS, "leaves by on_delete"),
        ),
    ),
    "killed": Diagram(
        "A run is killed while it creates",
        ("run", "Lytics", "state"),
        (
            Arrow(_UP, _STATE, "under way: a create, no id yet"),
            Arrow(_UP, _LYTICS, "create"),
            Note(_UP, "is killed", "bad"),
            Note(_LYTICS, "has the model"),
            Note(_STATE, "locked, no id", "bad"),
            Part("lytics-ml recover"),
            Arrow(_UP, _STATE, "free the lock, drop what was under way"),
            Part("pulumi up"),
            Arrow(_UP, _LYTICS, "is it there\nalready?"),
            Arrow(_LYTICS, _UP, "yes: the name\nholds its hash"),
            Arrow(_UP, _STATE, "the id: one model, not two"),
        ),
    ),
}


def drawn() -> dict[str, str]:
    """Return the SVG of every diagram, by its name."""
    return {name: draw(diagram) for name, diagram in DIAGRAMS.items()}
