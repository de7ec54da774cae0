"""The end of a body is found however its bytes are divided, and what is not well formed is refused."""

import pytest

from app.serving.body import Body
from app.serving.framing import BadFraming, ByLength, Chunked

CHUNKED = b"4;name=value\r\nradi\r\n6\r\nograph\r\n0\r\nX-Trailer: 1\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_chunked_body_is_the_same_in_pieces_of_any_size(size: int) -> None:
    framing, body, after = Chunked(), Body(), b""
    sent = CHUNKED + b"GET /next"
    for at in range(0, len(sent), size):
        piece = sent[at : at + size]
        after += piece if framing.is_over else framing.feed(piece, body)
    assert framing.is_over
    assert body.read() == b"radiograph"
    assert after == b"GET /next"


@pytest.mark.parametrize(
    "sent",
    [
        b"zz\r\n",
        b"-1\r\n",
        b"0x4\r\n",
        b"\r\n",
        b"4\r\nradiX",
        b"4\r\nradi\rX\r\n",
        b"4" + b"0" * 20 + b"\r\n",
        b"4;" + b"x" * 2000,
        b"4;\0\r\n",
        b"0\r\nno trailer\r\n\r\n",
        b"0\r\n" + b"X-Long: y\r\n" * 1000,
    ],
)
def test_a_malformed_chunk_or_trailer_is_refused(sent: bytes) -> None:
    framing = Chunked()
    with pytest.raises(BadFraming):
        framing.feed(sent + b"\r\n" * (not sent.endswith(b"x")), Body())


def test_a_body_of_a_known_length_leaves_the_next_request() -> None:
    framing, body = ByLength(5), Body()
    assert framing.feed(b"abc", body) == b""
    assert framing.feed(b"deGET", body) == b"GET"
    assert framing.is_over
    assert body.read() == b"abcde"


def test_a_body_gives_its_bytes_away_once_in_any_portions() -> None:
    body = Body()
    content = bytes(range(256)) * 1200
    for at in range(0, len(content), 999):
        body.append(content[at : at + 999])
    buffer = bytearray(100)
    assert body.readinto(buffer) == 100
    rest = b"".join(iter(lambda: body.read(65_536), b""))
    assert bytes(buffer) + rest == content
    assert body.read() == b""
    assert body.length == len(content)


def test_a_body_that_drips_takes_little_more_than_its_bytes() -> None:
    body = Body()
    for _ in range(100_000):
        body.append(b"x")
    assert len(body._pieces) == 2
