"""The shop of day 11: it works, and it says nothing. Who watches it has to make it speak.

The API handles requests on two threads. What blocks (asking stock, packing) is done by the threads of :data:`POOL`.
"""

from shop.watched.back import messages, pack, publish, save_order, unpublished
from shop.watched.front import POOL, Request, stock_of

__all__ = ["POOL", "Request", "messages", "pack", "publish", "save_order", "stock_of", "unpublished"]
