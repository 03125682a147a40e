"""Keras layers, all serialisable without custom objects.

Importing this package registers them, so that `keras.models.load_model` knows a saved model's.
"""

from mtl.layers.bag_of_vectors import BagOfVectors
from mtl.layers.category_mean import CategoryMean
from mtl.layers.class_sums import ClassSums
from mtl.layers.constant import Constant
from mtl.layers.datetime import DatetimeFeatures
from mtl.layers.elementwise_weights import ElementwiseWeights
from mtl.layers.exemplars import Exemplars
from mtl.layers.folded_convolutions import FoldedConvolutions
from mtl.layers.hashed_pairs import HashedPairs
from mtl.layers.image_size import ImageSize
from mtl.layers.lstm import LSTM
from mtl.layers.missing import MissingValues, Standardization
from mtl.layers.one_hot import OneHot
from mtl.layers.padding import LeftPadding
from mtl.layers.prepared import PreparedInput
from mtl.layers.prepared_array import PreparedArray
from mtl.layers.product import WeightedProduct
from mtl.layers.remove_urls import RemoveURLs
from mtl.layers.select_state import SelectState
from mtl.layers.symbol_lstm import SymbolLSTM
from mtl.layers.value_iteration import ValueIteration

__all__ = [
    "LSTM",
    "BagOfVectors",
    "CategoryMean",
    "ClassSums",
    "Constant",
    "DatetimeFeatures",
    "ElementwiseWeights",
    "Exemplars",
    "FoldedConvolutions",
    "HashedPairs",
    "ImageSize",
    "LeftPadding",
    "MissingValues",
    "OneHot",
    "PreparedArray",
    "PreparedInput",
    "RemoveURLs",
    "SelectState",
    "Standardization",
    "SymbolLSTM",
    "ValueIteration",
    "WeightedProduct",
]
