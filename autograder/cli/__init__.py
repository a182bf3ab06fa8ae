"""The command line: one module per verb, and what they share with the terminal and the learner's folder."""
