"""Keras layers, all serialisable without custom objects.

Importing this package registers them, so that `keras.models.load_model` knows a saved model's.
"""
