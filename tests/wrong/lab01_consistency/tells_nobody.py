"""Every replica counts its own likes and tells nobody."""

from shop import Node


class LikeCounter:
    def __init__(self, node: Node) -> None:
        self.likes = 0

    async def like(self):
        self.likes += 1

    async def count(self):
        return self.likes
