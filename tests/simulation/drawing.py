"""What a history is made of, drawn from a seed: plain values, so that it can be shrunk and told."""

import random
from typing import Any

Json = dict[str, Any]
KEYS = ("a", "b", "c")
PASSED: Json = {"auc": 0.0, "healthy": False}
FAILED: Json = {"auc": 1.0, "healthy": False}
BEATS: Json = {"auc": 0.0, "healthy": False, "beats_current": {"auc": 0.0}}
LAG_S = 3.0
NO_DATA = "200 without data"

WAYS: dict[str, Json] = {
    "500": {"status": 500},
    "500 as a page": {"status": 500, "body": "html"},
    "502": {"status": 502, "body": "html"},
    "503": {"status": 503},
    "503 with Retry-After": {"status": 503, "body": "html", "retry_after": 2},
    "504": {"status": 504, "body": "html"},
    "429": {"status": 429},
    "429 with Retry-After": {"status": 429, "retry_after": 2},
    "401": {"status": 401},
    "closed": {"what": "drop"},
    "reset": {"what": "reset"},
    "cut": {"what": "cut"},
    "reset midway": {"what": "reset_midway"},
    "late": {"what": "slow"},
    "wrong content type": {"what": "wrong_content_type"},
    "200 as a page": {"status": 200, "body": "html"},
    NO_DATA: {"status": 200},
}
"""Every way in which a request fails."""
MOMENTS = ("before", "after")
REQUESTS: dict[str, Json] = {
    "create": {"method": "POST", "path": "/ml$"},
    "update": {"method": "POST|PUT", "path": "/ml/"},
    "list": {"method": "GET", "path": "/ml$"},
    "fetch": {"method": "GET", "path": "/ml/"},
    "delete": {"method": "DELETE", "path": "/ml/"},
}
EDITS = (
    *("change",) * 10,
    *("rename", "move", "take_out", "remove", "retrain", "adopt", "protect"),
    *("state_delete", "rename_stack", "new_stack", "destroy", "again", "spoil"),
)
"""What somebody does to a stack file, or with `pulumi stack` and `pulumi state`."""
DEEDS = ("start", "stop", "label", "delete")
"""What people do in Lytics."""


def drawn(seed: int, number: int) -> Json:
    """Return one history of a seed."""
    dice = random.Random(f"{seed}/{number}")
    variety = _variety(dice)
    steps = [_step(dice, variety) for _ in range(dice.choice([2, 3, 3, 4, 5]))]
    return {"variety": variety, "steps": steps}


def _share(dice: random.Random) -> float:
    """Draw where in a list something is: 0 to less than 1."""
    return dice.randrange(1000) / 1000


def _variety(dice: random.Random) -> Json:
    """Draw how an account differs from a plain one: mostly in nothing, or in one thing."""
    variety: Json = {"api": dice.choice(["v1", "v1", "v1", "v2"])}
    variety["build_s"] = dice.choice([0.0, 0.0, 1.0, 30.0])
    for _ in range(dice.choice([0, 0, 1, 1, 2])):
        variety.update(
            dice.choice(
                [
                    {"list_delay_s": LAG_S},
                    {"rename": "prefix"},
                    {"rename": "suffix"},
                    {"rename": "lower"},
                    {"config_echo": "zeroed"},
                    {"config_echo": "none"},
                    {"reorders": True},
                    {"shouts": True},
                    {"retrain": "building"},
                    {"early_stop": "accept"},
                    {"full": 19},
                    {"full": 20},
                ]
            )
        )
    return variety


def _step(dice: random.Random, variety: Json) -> Json:
    """Draw one thing that somebody does, and the run that follows it."""
    edit = dice.choice(EDITS)
    step: Json = {"luck": dice.getrandbits(32), "stack": dice.choice([0, 0, 1]), "do": edit}
    step["which"], step["other"] = _share(dice), _share(dice)
    if edit in {"change", "again"}:
        step["models"] = [_declared(dice, variety) for _ in range(dice.choice([1, 1, 2, 3]))]
    step["refresh"] = dice.random() < 0.3
    step.update(_trouble(dice))
    if dice.random() < 0.1:
        step["target"] = _share(dice)
    if dice.random() < 0.12:
        step["continues"] = True
    if dice.random() < 0.12:
        step["week"] = True
    if dice.random() < 0.12:
        step["beside"] = dice.choice(["other", "twin"])
    return step


def _trouble(dice: random.Random) -> Json:
    """Draw what goes wrong in a run: nothing, or one kind of thing."""
    step: Json = {}
    trouble = dice.choice([*["none", "death"] * 3, *["faults"] * 4, "people", "people", "pages"])
    if trouble == "faults":
        step["rules"] = [_rule(dice) for _ in range(dice.choice([1, 1, 2]))]
        if dice.random() < 0.15:
            step["refused"] = 0.3
    elif trouble == "death":
        step["dies_at"] = dice.choice(range(1, 28))
        step["unwritten"] = dice.random() < 0.2
    elif trouble == "people":
        step["people"] = [
            {
                "at_s": round(dice.uniform(0, 4), 2),
                "what": dice.choice(DEEDS),
                "which": _share(dice),
            }
            for _ in range(dice.choice([1, 1, 2]))
        ]
    if trouble == "pages" or (trouble != "none" and dice.random() < 0.1):
        step["pages"] = dice.choice(["all", "_meta", "_next", "total"])
        # Later than at the start a run has begun already, and something may be under way.
        step["pages_at_s"] = dice.choice([0.0, 1.0, 1.0]) * round(dice.uniform(0, 4), 2)
    return step


def _declared(dice: random.Random, variety: Json) -> Json:
    """Draw one model as a stack file declares it, and its key."""
    fields: Json = {
        "source": dice.choice(["all_users", "all_users", "dormant"]),
        "target": dice.choice(["high_value", "high_value", "likely_to_churn"]),
        "config": dict(
            dice.choice(
                [
                    {"use_scores": True},
                    {"use_scores": True},
                    {"use_scores": True, "re_run": True},
                    {"use_scores": True, "build_only": True},
                    {"use_scores": True, "collect": 900},
                ]
            )
        ),
        "is_active": dice.choice([True, True, True, True, False, None]),
        "label": dice.choice([None, None, "one", "two"]),
        "on_delete": dice.choice([None, "deactivate", "delete", "delete", "retain"]),
    }
    build_only = fields["config"].get("build_only")
    if fields["is_active"] is not False:
        fields["gate"] = dice.choice([None, None, PASSED, PASSED, FAILED, BEATS])
    if fields["is_active"] and dice.random() < 0.2:
        fields["swap"] = "break_first"
    reports = variety.get("config_echo", "full") == "full"
    if reports and not build_only and dice.random() < 0.08:
        fields["named"] = True
    if dice.random() < 0.05:
        fields["protect"] = True
    key = dice.choice(KEYS)
    return {"key": key, **{name: value for name, value in fields.items() if value is not None}}


def _rule(dice: random.Random) -> Json:
    """Draw what goes wrong in one run: a share of all requests, or chosen ones."""
    way, moment = dice.choice(list(WAYS)), dice.choice(MOMENTS)
    requests = [*["create", "update", "delete"] * 3, "list", "fetch"]
    fault = {**WAYS[way], "called": way, "when": moment}
    if dice.random() < 0.2 and way != NO_DATA:
        rate, seed = dice.choice([0.1, 0.25, 0.5]), dice.getrandbits(16)
        return {"rate": rate, "seed": seed, "kinds": [fault]}
    chosen = {"skip": dice.choice([0, 0, 1, 2]), "times": dice.choice([1, 1, 2, None])}
    return {**fault, **chosen, "request": dice.choice(requests)}
