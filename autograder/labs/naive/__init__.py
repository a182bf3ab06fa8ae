"""Naive hand-ins: what most shops write first. Each works as long as nothing goes wrong; ``demo`` shows what happens then."""
