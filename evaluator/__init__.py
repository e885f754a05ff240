"""ONNX networks onto simulated arrays: mapping, tiles, accuracy, reports."""
