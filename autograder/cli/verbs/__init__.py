"""The verbs, one module each: ``run`` is the command, its docstring the help. They load the grader only when they run."""
