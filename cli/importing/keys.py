"""Readable keys for models that have none yet."""

import re
import unicodedata
from collections.abc import Collection

from providers.lytics.domain.identity import proof_in
from providers.lytics.shapes import Model

LONGEST_KEY = 60
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "å": "a", "œ": "oe", "ł": "l"}
)
_ID_LIKE = re.compile(r"^[0-9a-f]{16,}$")


def key_of(model: Model, taken: Collection[str]) -> str:
    """Return a key for a model: from its name, or its label, or its id; always the same.

    Args:
        model: the model.
        taken: keys that can't be used; of two models of one name the second one gets a number.
    """
    base = next(
        (key for text in (_without_proof(model.name), model.label) if (key := _key(text))),
        f"model-{re.sub('[^0-9a-zA-Z]', '', model.id)[:8]}",
    )
    key, number = base, 1
    while key in taken:
        number += 1
        key = f"{base}-{number}"
    return key


def _without_proof(name: str) -> str:
    proof = proof_in(name)
    return name.rsplit(f"-{proof[0]}", 1)[0] if proof else name


def _key(text: str) -> str:
    """Return a text as lower-case letters, digits, - and _; "" if that says nothing."""
    cut = text[: 4 * LONGEST_KEY].strip().lower().removeprefix("ml:").translate(_SPELLED_OUT)
    plain = unicodedata.normalize("NFKD", cut).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:LONGEST_KEY].rstrip("-_")
    return "" if _ID_LIKE.match(key) else key
