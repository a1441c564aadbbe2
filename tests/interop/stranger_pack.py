"""The part of MessagePack that lanmsg/1 needs."""

from __future__ import annotations

import struct
from typing import Any

DEEPEST = 16


class NotMessagePackError(ValueError):
    pass


def _integer(value: int) -> bytes:
    if 0 <= value < 0x80:
        return bytes([value])
    if -32 <= value < 0:
        return struct.pack(">b", value)
    if value >= 0:
        for code, form, limit in ((0xCC, ">BB", 8), (0xCD, ">BH", 16), (0xCE, ">BI", 32), (0xCF, ">BQ", 64)):
            if value < 1 << limit:
                return struct.pack(form, code, value)
    for code, form, limit in ((0xD0, ">Bb", 7), (0xD1, ">Bh", 15), (0xD2, ">Bi", 31), (0xD3, ">Bq", 63)):
        if -(1 << limit) <= value < 0:
            return struct.pack(form, code, value)
    raise NotMessagePackError(f"{value} is too large")


def _head(length: int, small: tuple[int, int] | None, codes: tuple[tuple[int, str, int], ...]) -> bytes:
    if small and length < small[1]:
        return bytes([small[0] | length])
    for code, form, limit in codes:
        if length < 1 << limit:
            return struct.pack(form, code, length)
    raise NotMessagePackError(f"{length} is too long")


_STR = ((0xD9, ">BB", 8), (0xDA, ">BH", 16), (0xDB, ">BI", 32))
_BIN = ((0xC4, ">BB", 8), (0xC5, ">BH", 16), (0xC6, ">BI", 32))
_ARRAY = ((0xDC, ">BH", 16), (0xDD, ">BI", 32))
_MAP = ((0xDE, ">BH", 16), (0xDF, ">BI", 32))


def pack(value: object) -> bytes:
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, str):
        text = value.encode()
        return _head(len(text), (0xA0, 32), _STR) + text
    if isinstance(value, bytes):
        return _head(len(value), None, _BIN) + value
    if isinstance(value, list):
        return _head(len(value), (0x90, 16), _ARRAY) + b"".join(map(pack, value))
    if isinstance(value, dict):
        inside = b"".join(pack(key) + pack(item) for key, item in value.items())
        return _head(len(value), (0x80, 16), _MAP) + inside
    raise NotMessagePackError(f"no place for {type(value)}")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        part = self.data[self.at : self.at + length]
        if len(part) != length:
            raise NotMessagePackError("too short")
        self.at += length
        return part

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self, length: int) -> str:
        try:
            return self.take(length).decode()
        except UnicodeDecodeError as error:
            raise NotMessagePackError("not UTF-8") from error

    def array(self, length: int, depth: int) -> list[Any]:
        return [self.value(depth + 1) for _ in range(length)]

    def map(self, length: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(length):
            key = self.value(depth + 1)
            if not isinstance(key, str):
                raise NotMessagePackError("a key that is no text")
            found[key] = self.value(depth + 1)
        return found

    def value(self, depth: int = 0) -> Any:
        if depth > DEEPEST:
            raise NotMessagePackError("too deep")
        code = self.take(1)[0]
        if code < 0x80:
            return code
        if code < 0x90:
            return self.map(code & 15, depth)
        if code < 0xA0:
            return self.array(code & 15, depth)
        if code < 0xC0:
            return self.text(code & 31)
        if code >= 0xE0:
            return code - 256
        return self.long_form(code, depth)

    def long_form(self, code: int, depth: int) -> Any:
        if code in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[code]
        numbers = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
        numbers |= {0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
        if code in numbers:
            return self.number(numbers[code])
        lengths = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
        lengths |= {0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}
        if code not in lengths:
            raise NotMessagePackError(f"code {code:#x}")
        length = self.number(lengths[code])
        if code <= 0xC6:
            return self.take(length)
        if code <= 0xDB:
            return self.text(length)
        return self.array(length, depth) if code <= 0xDD else self.map(length, depth)


def unpack(data: bytes) -> dict[str, Any]:
    reader = _Reader(data)
    value = reader.value()
    if not isinstance(value, dict) or reader.at != len(data):
        raise NotMessagePackError("not one map")
    return value
