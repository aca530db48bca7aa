"""A population of one's own as columns of numbers, for the workers."""

import numpy as np

from sandbox.people.cells import as_number, is_known
from sandbox.people.fields import FieldPlan
from sandbox.people.population import Floats, Population, Texts
from sandbox.people.profiles import Profiles


def profile_population(profiles: Profiles) -> Population:
    """Turn cells into columns: float64 with NaN, or str objects, per field."""
    columns = {
        field.name: _column(field, profiles.columns[field.name]) for field in profiles.fields
    }
    members = {slug: np.array(users, dtype=np.int64) for slug, users in profiles.members.items()}
    return Population(profiles.fields, columns, members, profiles.withheld)


def _column(field: FieldPlan, cells: list[str]) -> Floats | Texts:
    if field.type == "numeric":
        return np.array([as_number(cell) for cell in cells])
    return np.array([cell if is_known(cell) else "" for cell in cells], dtype=object)
