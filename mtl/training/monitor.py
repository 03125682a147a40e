"""The figure that chooses the best epoch and stops the training early."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Monitor:
    """Follows one figure over the epochs.

    Attributes:
        name: The figure, for example `validation/loss` or `validation/mean/auc`.
        mode: `min` where a low figure is good, `max` where a high one is.
        patience: After how many epochs without an improvement the training stops; None: never.
        minimum_improvement: By how much a figure must be better to count.
        best: The best figure so far; NaN before the first.
        best_epoch: The epoch that had it, counted from 1; 0 before the first.
    """

    name: str
    mode: str
    patience: int | None = None
    minimum_improvement: float = 0.0
    best: float = field(default=math.nan, init=False)
    best_epoch: int = field(default=0, init=False)
    _last_epoch: int = field(default=0, init=False)

    def go_on(self, epoch: int, best: float, best_epoch: int) -> None:
        """Continue after an epoch, with the best figure until then and its epoch."""
        self._last_epoch, self.best, self.best_epoch = epoch, best, best_epoch

    def update(self, epoch: int, value: float) -> bool:
        """Take in an epoch's figure and say whether it is the best so far.

        Args:
            epoch: Counted from 1.
            value: NaN (a split without a label, say) is never an improvement.
        """
        self._last_epoch = epoch
        better = value - self.best if self.mode == "max" else self.best - value
        improved = math.isfinite(value) and (
            math.isnan(self.best) or better > self.minimum_improvement
        )
        if improved:
            self.best, self.best_epoch = value, epoch
        return improved

    @property
    def exhausted(self) -> bool:
        """Whether the patience has run out."""
        waited = self._last_epoch - self.best_epoch
        return self.patience is not None and waited >= self.patience
