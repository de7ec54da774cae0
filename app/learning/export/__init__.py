"""Weights to files that serve: OpenVINO and ONNX graphs, calibration, `model.json`."""
