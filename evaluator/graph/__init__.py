"""ONNX graphs taken apart and put together: which nodes go onto arrays, and what stands in their place."""
