"""What `mtl inspect` says of a graph: the facts, as tables and as JSON."""
