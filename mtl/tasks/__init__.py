"""What each output learns: targets, losses and metrics, all of them aware of missing labels."""
