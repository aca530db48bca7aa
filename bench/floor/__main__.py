"""As many resources as MODELS says, each with what a model has, labelled LABEL."""

import os

from floor_provider import Floor

for number in range(int(os.environ["MODELS"])):
    key = f"model-{number:04}"
    Floor(
        key,
        {
            "key": key,
            "label": os.environ["LABEL"],
            "source": f"{number:032x}",
            "target": f"{number + 1:032x}",
            "lineage": f"{number:06x}",
            "stack": "bench",
            "config": {"use_scores": True, "collect": 5000, "additional": ["city", "visit_ct"]},
        },
    )
