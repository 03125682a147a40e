"""Keras metrics that leave out missing labels, and are NaN where nothing defines them."""
