"""The facts of a graph that `mtl inspect` shows, gathered from an assembly or a trained run."""
