"""Layers of a network as ONNX operators of their arrays: drivers, tiles, noise, converters."""
