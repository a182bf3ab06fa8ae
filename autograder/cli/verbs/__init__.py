"""The verbs, one module each: ``run`` is the command, its docstring the help. The grader is loaded when it runs."""
