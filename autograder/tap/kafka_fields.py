"""The primitive types of the Kafka protocol, read from and written to bytes.

A *flexible* version writes lengths as variable-length integers, one more than the length, and ends every structure with
tagged fields. Source: the Kafka protocol guide, and KIP-482.
"""

from __future__ import annotations

import struct

__all__ = ["Fields", "array_head", "string"]

VARINT_BITS_MAX = 63


class Fields:
    """Reads one field after the other. Raises ``struct.error`` or ``IndexError`` where the bytes end too early."""

    def __init__(self, data: bytes, at: int = 0, *, flexible: bool = False) -> None:
        self.data = data
        self.at = at
        self.flexible = flexible

    def int8(self) -> int:
        self.at += 1
        return struct.unpack_from("!b", self.data, self.at - 1)[0]

    def int16(self) -> int:
        self.at += 2
        return struct.unpack_from("!h", self.data, self.at - 2)[0]

    def int32(self) -> int:
        self.at += 4
        return struct.unpack_from("!i", self.data, self.at - 4)[0]

    def int64(self) -> int:
        self.at += 8
        return struct.unpack_from("!q", self.data, self.at - 8)[0]

    def unsigned_varint(self) -> int:
        total = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            total |= (byte & 0x7F) << shift
            if byte < 0x80:
                return total
            shift += 7
            if shift > VARINT_BITS_MAX:
                raise IndexError("a Kafka number that does not end")

    def varint(self) -> int:
        """The zig-zag form that records use."""
        value = self.unsigned_varint()
        return (value >> 1) ^ -(value & 1)

    def string(self) -> str:
        """A string; empty where it is null."""
        return self._take(self.unsigned_varint() - 1 if self.flexible else self.int16()).decode("utf-8", "replace")

    def blob(self) -> bytes:
        """Bytes or records; empty where they are null."""
        return self._take(self.unsigned_varint() - 1 if self.flexible else self.int32())

    def counted_bytes(self) -> bytes | None:
        """A key or a value inside a record."""
        length = self.varint()
        return None if length < 0 else self._take(length)

    def count(self) -> int:
        """The length of an array."""
        return max(0, self.unsigned_varint() - 1 if self.flexible else self.int32())

    def tags(self) -> None:
        """Skip the tagged fields at the end of a structure."""
        if self.flexible:
            for _ in range(self.unsigned_varint()):
                self.unsigned_varint()
                self._take(self.unsigned_varint())

    def _take(self, length: int) -> bytes:
        if length <= 0:
            return b""
        if self.at + length > len(self.data):
            raise IndexError("a Kafka message ends in the middle of a field")
        self.at += length
        return bytes(self.data[self.at - length : self.at])


def string(text: str, *, flexible: bool) -> bytes:
    """A string as it goes on the wire."""
    data = text.encode()
    return (unsigned_varint(len(data) + 1) if flexible else struct.pack("!h", len(data))) + data


def array_head(count: int, *, flexible: bool) -> bytes:
    """What stands before the elements of an array."""
    return unsigned_varint(count + 1) if flexible else struct.pack("!i", count)


def unsigned_varint(value: int) -> bytes:
    """An unsigned number, seven bits to a byte."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
