"""Generated people with the columns of the UCI Census-Income table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from mtl.data.generated.base import Generated, check_least
from mtl.registry import generator

WORLD_SEED = 29
TRAITS = 8
"""Hidden properties of a person, of which every column is a noisy function."""

CODES = {"det_ind_code": 52, "det_occ_code": 47, "own_or_self": 3, "vet_benefits": 3, "year": 2}
NAMED = {
    "class_worker": 9,
    "hs_college": 3,
    "major_ind_code": 24,
    "major_occ_code": 15,
    "race": 5,
    "hisp_origin": 10,
    "sex": 2,
    "union_member": 3,
    "unemp_reason": 6,
    "full_or_part_emp": 8,
    "tax_filer_stat": 6,
    "region_prev_res": 6,
    "state_prev_res": 51,
    "det_hh_fam_stat": 38,
    "det_hh_summ": 8,
    "mig_chg_msa": 10,
    "mig_chg_reg": 9,
    "mig_move_reg": 10,
    "mig_same": 3,
    "mig_prev_sunbelt": 4,
    "fam_under_18": 5,
    "country_father": 43,
    "country_mother": 43,
    "country_self": 43,
    "citizenship": 5,
    "vet_question": 3,
}
MISSING = {"mig_chg_msa": 0.5, "mig_prev_sunbelt": 0.5, "country_father": 0.03}
"""The share of cells that are empty; what is left of the columns is full."""
SUMS = ("wage_per_hour", "capital_gains", "capital_losses", "stock_dividends")
INCOMES = ("- 50000.", "50000+.")
CHANCE = 0.4
RICH = 1.66
"""What wealth, normal with variance 1 + 0.4², must be for the larger income: 6.2 % of all."""
EDUCATIONS = (
    *("Children", "Less than 1st grade", "1st 2nd 3rd or 4th grade", "5th or 6th grade"),
    *("7th and 8th grade", "9th grade", "10th grade", "11th grade", "12th grade no diploma"),
    *("High school graduate", "Some college but no degree"),
    *("Associates degree-occup /vocational", "Associates degree-academic program"),
    *("Bachelors degree(BA AB BS)", "Masters degree(MA MS MEng MEd MSW MBA)"),
    *("Prof school degree (MD DDS DVM LLB JD)", "Doctorate degree(PhD EdD)"),
)
MARITAL = (
    *("Never married", "Married-civilian spouse present", "Divorced", "Widowed", "Separated"),
    *("Married-spouse absent", "Married-A F spouse present"),
)


@generator("people")
def people(*, rows: int = 20_000, seed: int = 0) -> Generated:
    """Return people with the columns of the census table, which say more or less about each other.

    A person has eight hidden traits, standard normal. A category is the one whose own mixture of
    traits, and chance, is greatest; a number is a mixture and chance, brought to the column's
    range; the larger income is that of those, 6.2 %, whose mixture is large. What the
    mixtures are is the same for every `seed`. Nothing here is a fact about people.

    Args:
        rows: How many, 1 or more.
        seed: Of the traits and of chance, 0 or more.

    Returns:
        A table with the columns of the UCI table but `instance_weight`, and its target columns
        `income_50k`, `marital_stat` and `education`.

    Raises:
        DataError: An argument is out of range.
    """
    check_least("people", {"rows": rows, "seed": seed}, {"rows": 1})
    world = np.random.default_rng(WORLD_SEED)
    random = np.random.default_rng(seed)
    traits = random.normal(size=(rows, TRAITS))

    def mixture(width: int = 1) -> np.ndarray:
        return traits @ world.normal(size=(TRAITS, width)) / np.sqrt(TRAITS)

    def category(labels: Sequence[str] | Sequence[int]) -> list[str] | list[int]:
        rarity = np.log(np.arange(1, len(labels) + 1))
        chance = random.gumbel(size=(rows, len(labels)))
        chosen = np.argmax(3 * mixture(len(labels)) + 0.5 * chance - rarity, axis=1)
        return [labels[each] for each in chosen]

    def number() -> np.ndarray:
        return mixture()[:, 0] + 0.3 * random.normal(size=rows)

    table: dict[str, object] = {"age": np.clip(40 + 20 * number(), 0, 90).round().astype(int)}
    table |= {name: category(range(size)) for name, size in CODES.items()}
    table |= {
        name: category([f"{name} {letter + 1}" for letter in range(size)])
        for name, size in NAMED.items()
    }
    table |= {name: np.exp(6 + 2 * number()).round() * (number() > 1) for name in SUMS}
    table["num_emp"] = np.clip(2 + 2 * number(), 0, 6).round().astype(int)
    table["weeks_worked"] = np.clip(26 + 40 * number(), 0, 52).round().astype(int)
    table["education"] = category(EDUCATIONS)
    table["marital_stat"] = category(MARITAL)
    directions = world.normal(size=TRAITS)
    wealth = traits @ directions / np.linalg.norm(directions) + CHANCE * random.normal(size=rows)
    table["income_50k"] = [INCOMES[int(each)] for each in wealth > RICH]
    frame = pl.DataFrame(table)
    for name, share in MISSING.items():
        empty = pl.Series(random.random(rows) < share)
        frame = frame.with_columns(pl.when(empty).then(None).otherwise(pl.col(name)).alias(name))
    return Generated(frame)
