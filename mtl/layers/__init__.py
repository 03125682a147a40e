"""Keras layers, all serialisable without custom objects.

Importing this package registers them, so that `keras.models.load_model` knows a saved model's.
"""

from mtl.layers.bag_of_vectors import BagOfVectors
from mtl.layers.category_mean import CategoryMean
from mtl.layers.datetime import DatetimeFeatures
from mtl.layers.hashed_pairs import HashedPairs
from mtl.layers.lstm import LSTM
from mtl.layers.missing import MissingValues, Standardization
from mtl.layers.padding import LeftPadding
from mtl.layers.prepared import PreparedInput

__all__ = [
    "LSTM",
    "BagOfVectors",
    "CategoryMean",
    "DatetimeFeatures",
    "HashedPairs",
    "LeftPadding",
    "MissingValues",
    "PreparedInput",
    "Standardization",
]
