"""The ways to a step's gradients, by what the balancing reads."""
