"""OpenVINO's CPU plugin leaves the process as it was."""

import ctypes

import numpy as np
import pytest

from app.detection.engines.openvino_import import open_core

pytest.importorskip("openvino")


class SignalStack(ctypes.Structure):
    """`stack_t` of sigaltstack(2)."""

    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def signal_stack() -> tuple[int | None, int, int]:
    """The alternate signal stack of this thread."""
    stack = SignalStack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    return stack.address, stack.flags, stack.size


def test_signals_are_not_delivered_on_memory_of_the_plugin() -> None:
    from openvino import Model, opset13  # type: ignore[import-untyped]

    before = signal_stack()

    core = open_core()
    grey = opset13.parameter([1, 4], name="grey")
    core.compile_model(Model([opset13.relu(grey)], [grey]), "CPU").create_infer_request().infer(
        [np.zeros((1, 4), np.float32)]
    )

    assert signal_stack() == before
