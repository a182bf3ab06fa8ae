"""A checkout of four parts that does not know how many processes it runs in.

Each part is a module with a function ``answer(order, ask)``; ``ask`` reaches another part, in the same process or over the
network. Which parts share a process is said when it is started (:mod:`shop.checkout.running`), and nowhere in the parts:
the idea of Ghemawat et al., Towards Modern Development of Cloud Applications, 2023.
"""

from __future__ import annotations

from shop.checkout.parts import NEEDED, PARTS
from shop.checkout.running import Answered, Running

__all__ = ["NEEDED", "PARTS", "Answered", "Running"]
