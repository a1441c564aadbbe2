"""As much of a MessagePack encoder as payloads need, written from its specification."""

from collections.abc import Mapping, Sequence
from struct import pack

Value = None | bool | int | str | bytes | Sequence["Value"] | Mapping[str, "Value"]


def pack_value(value: Value) -> bytes:
    """The shortest form of each value; maps in the order given."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _unsigned(value)
        case str():
            data = value.encode()
            return _text_head(len(data)) + data
        case bytes():
            return _head(len(value), ((0xFF, ">BB", 0xC4), (0xFFFF, ">BH", 0xC5))) + value
        case Mapping():
            items = b"".join(pack_value(key) + pack_value(item) for key, item in value.items())
            return _short_or(len(value), 0x80, ">BH", 0xDE) + items
        case Sequence():
            return _short_or(len(value), 0x90, ">BH", 0xDC) + b"".join(map(pack_value, value))


def _unsigned(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    sizes = ((0xFF, ">BB", 0xCC), (0xFFFF, ">BH", 0xCD), (0xFFFF_FFFF, ">BI", 0xCE), (2**64 - 1, ">BQ", 0xCF))
    return _head(value, sizes)


def _text_head(length: int) -> bytes:
    if length < 0x20:
        return bytes((0xA0 | length,))
    return _head(length, ((0xFF, ">BB", 0xD9), (0xFFFF, ">BH", 0xDA)))


def _short_or(length: int, short: int, layout: str, first: int) -> bytes:
    return bytes((short | length,)) if length < 16 else pack(layout, first, length)


def _head(number: int, sizes: Sequence[tuple[int, str, int]]) -> bytes:
    layout, first = next((layout, first) for most, layout, first in sizes if number <= most)
    return pack(layout, first, number)
