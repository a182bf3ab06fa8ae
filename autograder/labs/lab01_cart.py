"""What a cart must hold: the judge follows which additions a removal has seen."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Truth"]


@dataclass
class Truth:
    """Who has seen which addition. A removal removes the additions that its replica has seen, and no other."""

    is_split: bool = False
    additions: list[str] = field(default_factory=list)
    """The item of each addition, in order: an addition is known by its place in this list."""
    removed: set[int] = field(default_factory=set)
    seen: dict[str, set[int]] = field(default_factory=dict)
    """By replica: what it has seen beside what everybody has."""
    everybody: set[int] = field(default_factory=set)

    def happened(self, action: str, item: str, replica: str) -> None:
        """Somebody added or removed an item at this replica."""
        own = self.seen.setdefault(replica, set())
        if action == "a":
            own.add(len(self.additions))
            self.additions.append(item)
        else:
            self.removed |= {one for one in own | self.everybody if self.additions[one] == item}

    def settled(self) -> None:
        """The network has been whole for long enough: everybody has seen everything."""
        self.everybody = set(range(len(self.additions)))
        self.seen = {}

    def in_cart(self) -> list[str]:
        """What the cart holds now."""
        return sorted({item for one, item in enumerate(self.additions) if one not in self.removed})
