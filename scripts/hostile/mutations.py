"""Mutations of bytes and of JSON: each the same for the same seed."""

import json
import random
from collections.abc import Callable
from typing import Any

_EDGES = (
    b"\x00",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x80\x00",
    b"\x00\x00\x00\x00",
    b"%s%n",
    b"\r\n",
)
_VALUES: tuple[Any, ...] = (
    *(None, True, "", [], {}, 0, -1, 2**63, -(2**63), 1e308, "\0", "A" * 5000, "\ud800", "’); --", [[[]]]),
    *([1] * 100, {"": ""}, "NaN", 0.1, "2026-13-45", "🩻"),
)


def mutated(content: bytes, random_: random.Random) -> bytes:
    """Change a few places of `content`."""
    for _ in range(random_.choice((1, 1, 2, 4, 16))):
        content = random_.choice(_MUTATIONS)(content, random_)
    return content


def mutated_json(value: Any, random_: random.Random) -> bytes:  # noqa: ANN401 - any JSON
    """Change a value somewhere in `value`, or its text."""
    if random_.random() < 0.1:
        depth = random_.choice((10, 1000, 100_000))
        return b"[" * depth + b"]" * random_.choice((0, depth))
    text = json.dumps(_replaced(value, random_), ensure_ascii=random_.random() < 0.5).encode("utf-8", "surrogatepass")
    return mutated(text, random_) if random_.random() < 0.5 else text


def _replaced(value: Any, random_: random.Random) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict) and value and random_.random() < 0.9:
        key = random_.choice(list(value))
        if random_.random() < 0.1:
            return {name: one for name, one in value.items() if name != key} | {"unknown": 1}
        return value | {key: _replaced(value[key], random_)}
    if isinstance(value, list) and value and random_.random() < 0.8:
        index = random_.randrange(len(value))
        return [*value[:index], _replaced(value[index], random_), *value[index + 1 :]]
    return random_.choice(_VALUES)


def _flip(content: bytes, random_: random.Random) -> bytes:
    if not content:
        return content
    at = _place(content, random_)
    return content[:at] + bytes([content[at] ^ (1 << random_.randrange(8))]) + content[at + 1 :]


def _overwrite(content: bytes, random_: random.Random) -> bytes:
    at, edge = _place(content, random_), random_.choice(_EDGES)
    return content[:at] + edge + content[at + len(edge) :]


def _insert(content: bytes, random_: random.Random) -> bytes:
    at = _place(content, random_)
    return content[:at] + random_.choice((*_EDGES, random_.randbytes(random_.randrange(64)))) + content[at:]


def _cut(content: bytes, random_: random.Random) -> bytes:
    return content[: _place(content, random_)]


def _remove(content: bytes, random_: random.Random) -> bytes:
    at = _place(content, random_)
    return content[:at] + content[at + random_.randrange(1, 256) :]


def _repeat(content: bytes, random_: random.Random) -> bytes:
    at = _place(content, random_)
    part = content[at : at + random_.randrange(1, 1024)]
    return content[:at] + part * random_.randrange(2, 9) + content[at:]


def _place(content: bytes, random_: random.Random) -> int:
    """A place in the content, half the time near its beginning, where headers are."""
    if not content:
        return 0
    return random_.randrange(min(len(content), 512) if random_.random() < 0.5 else len(content))


_MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip,
    _flip,
    _overwrite,
    _insert,
    _cut,
    _remove,
    _repeat,
)
