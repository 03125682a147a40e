"""Seconds and memory to load, split and vectorise 60,000 posts.

    python tests/benchmarks/load_posts.py [posts.csv.gz]

The posts are those of the file, by default the real ones beside the checkout, else generated ones
written to a CSV file first. Importing TensorFlow is not counted in the seconds, and is in the
memory.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from mtl.data.batches import Examples, training_batches
from mtl.data.dataset import load_dataset
from mtl.data.generated.headlines import headlines
from mtl.data.preparation import fit_preparation

ROWS = 60_000
REAL = Path(__file__).parents[3] / "shared" / "data" / "headlines" / "posts.csv.gz"
COLUMNS = {
    "link_name": {"kind": "text", "vocabulary_size": 10_000, "length": 100},
    "page": {"kind": "categorical", "encoding": "target_mean"},
    "status_published": {"kind": "datetime", "features": ["hour", "weekday"]},
}
SPLIT = {"by": "time", "column": "status_published", "validation": 0.15, "test": 0.15}
INPUTS = {"main_input": "link_name", "aux_input": ["status_published", "page"]}


def megabytes() -> float:
    """Return the most memory that the process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def posts(folder: Path) -> Path:
    """Return the path of a table of about 60,000 posts."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    if REAL.is_file():
        return REAL
    headlines(rows=ROWS).table.write_csv(folder / "posts.csv")
    return folder / "posts.csv"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = posts(Path(folder))
        before, started = megabytes(), time.perf_counter()
        dataset = load_dataset({"path": str(path), "columns": COLUMNS, "split": SPLIT})
        loaded = time.perf_counter()
    table = dataset.table[: ROWS + ROWS // 10]
    training = dataset.part("training")
    reactions = training["num_reactions"].to_numpy()
    popular = (reactions > np.median(reactions)).astype(np.float32)
    preparation = fit_preparation(
        COLUMNS, INPUTS, training, targets={"main": popular}, main_task="main"
    )
    fitted = time.perf_counter()
    inputs = preparation.transform(table)
    done = time.perf_counter()
    print(f"{path.name}: {table.height} rows")
    print(f"load and split  {loaded - started:6.2f} s")
    print(f"fit             {fitted - loaded:6.2f} s")
    print(f"vectorise       {done - fitted:6.2f} s")
    print(f"together        {done - started:6.2f} s   (to reach: under 10 s)")
    print(f"peak memory     {megabytes():6.0f} MB  (to reach: under 1000; imports {before:.0f} MB)")
    labels = np.zeros(table.height, np.float32)
    examples = Examples(inputs, {"main": labels}, {"main": labels})
    for epoch in (1, 2):
        started = time.perf_counter()
        batches = sum(1 for _ in training_batches(examples, 32, seed=0, epoch=epoch))
        elapsed = (time.perf_counter() - started) / batches * 1e3
    print(f"a batch of 32   {elapsed:6.2f} ms")


if __name__ == "__main__":
    main()
