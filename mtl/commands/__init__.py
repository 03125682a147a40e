"""The command line: a verb is a module with `run(words) -> exit status`, its docstring its help."""
