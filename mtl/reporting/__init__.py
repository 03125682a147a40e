"""What a run leaves behind and shows: its folder, figures, console, TensorBoard, comparisons.

Nothing in this package but `tensorboard` and `quiet` imports TensorFlow.
"""
