"""Which training examples become exemplars."""

from __future__ import annotations

from typing import Literal

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from mtl.errors import MtlError

Choice = Literal["first", "random", "stratified", "medoids"]
BY_CLASS = ("stratified", "medoids")
"""The choices that give each class exemplars of its own."""


def choose_exemplars(
    features: np.ndarray, classes: np.ndarray, count: int, choice: Choice, seed: int
) -> np.ndarray:
    """Return the numbers of the rows that are chosen, sorted by class, then by place.

    Each choice is the same for the same arguments.

    * `first`: the first labelled rows.
    * `random`: any of the labelled rows, each at most once.
    * `stratified`: any rows, from each class its share of the labelled rows.
    * `medoids`: from each class its share; k-means divides the class into so many parts, and of
      each part the row that is nearest to its mean is chosen.

    Args:
        features: Shape `(rows, features)`.
        classes: Each row's class, from 0 on, NaN where missing; shape `(rows,)`.
        count: How many rows. As many as there are classes, at least, for `stratified` and
            `medoids`: each class gets one.
        choice: How they are chosen.
        seed: Of what is drawn.

    Raises:
        MtlError: There are fewer labelled rows than exemplars.
    """
    labelled = np.flatnonzero(~np.isnan(classes))
    if len(labelled) < count:
        raise MtlError(
            f"the training split has {len(labelled)} labelled rows to choose {count} exemplars "
            "from. Choose fewer, with model.exemplars, or train on more rows"
        )
    random = np.random.default_rng(seed)
    if choice == "first":
        chosen = labelled[:count]
    elif choice == "random":
        chosen = random.choice(labelled, count, replace=False)
    else:
        present, sizes = np.unique(classes[labelled], return_counts=True)
        parts = []
        for each, share in zip(present, shares(sizes, count), strict=True):
            rows = labelled[classes[labelled] == each]
            if choice == "stratified":
                parts.append(random.choice(rows, share, replace=False))
            else:
                parts.append(rows[medoids(features[rows], share, seed)])
        chosen = np.concatenate(parts)
    return chosen[np.lexsort((chosen, classes[chosen]))]


def shares(sizes: np.ndarray, count: int) -> np.ndarray:
    """Divide a count among classes by their sizes: at least 1 each, at most the class's size.

    Args:
        sizes: How many rows each class has, 1 or more.
        count: From the number of classes to the number of all rows.

    Returns:
        How many each class gets: whole numbers whose sum is `count`, no further than 1 from the
        exact share where neither bound is met.
    """
    found = np.ones(len(sizes), dtype=int)
    exact = sizes * count / sizes.sum()
    for _ in range(count - len(sizes)):
        lacking = np.where(found < sizes, exact - found, -np.inf)
        found[lacking.argmax()] += 1
    return found


def medoids(features: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the row nearest to the mean of each of the parts into which k-means divides rows.

    Args:
        features: Shape `(rows, features)`, as many rows as parts at least.
        count: How many parts.
        seed: Of the means from which k-means starts.

    Returns:
        Different rows' numbers, shape `(count,)`, in no order. Where a part has no row of its own,
        as equal rows make it, the nearest row that is not yet chosen stands for it.
    """
    # Threads add up in an order that varies, and with it the last digits of the means.
    with threadpool_limits(limits=1):
        fitted = KMeans(count, n_init=1, random_state=seed).fit(features)
        distances = fitted.transform(features)
    chosen = np.zeros(count, dtype=int)
    free = np.ones(len(features), dtype=bool)
    for part in range(count):
        order = np.where(free, distances[:, part], np.inf)
        own = np.where(fitted.labels_ == part, order, np.inf)
        chosen[part] = (own if np.isfinite(own).any() else order).argmin()
        free[chosen[part]] = False
    return chosen


def spread(features: np.ndarray, least: float) -> np.ndarray:
    """Return the standard deviation of each feature over rows, but no small one.

    Args:
        features: Shape `(rows, features)`.
        least: No spread is below this share of the root mean square of all features' spreads: a
            pixel that is hardly ever set would otherwise count for more than all others once it is.

    Returns:
        Shape `(features,)`, above 0; 1 everywhere if no feature varies.
    """
    deviations = features.std(axis=0, dtype=np.float64)
    typical = float(np.sqrt(np.square(deviations).mean()))
    smallest = max(least * typical, 1e-6 * typical)
    return np.maximum(deviations, smallest) if typical > 0 else np.ones(features.shape[1])
