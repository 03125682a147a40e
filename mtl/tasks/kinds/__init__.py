"""The kinds of task, each in a module of its own."""
