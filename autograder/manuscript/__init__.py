"""The manuscript: the text that every notebook is built from, and the chain that builds them.

    manuscript/days/*.md ──> days/*.ipynb
    manuscript/labs/*.md ──> solutions/*/*.ipynb ──(nbgrader generate_assignment)──> labs/*/*.ipynb
    quizzes, predictions, hints, rubrics ──> autograder/notebook/items/*.json

One direction, always explicit: ``build`` goes from text to notebooks, and ``import`` brings an edit made in JupyterLab
back.
"""
