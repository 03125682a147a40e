"""From tables to tensors: reading, splitting, preparing and batching."""
