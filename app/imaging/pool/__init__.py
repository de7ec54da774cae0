"""Decoding in processes of its own: one file a process, with limits, and nothing left over from the file before."""

from app.imaging.pool.decoder import Decoder, InProcessDecoder
from app.imaging.pool.decoder_pool import DecoderPool

__all__ = ["Decoder", "DecoderPool", "InProcessDecoder"]
