"""ONNX graphs taken apart and put together: constants, products in plain forms, arrays in the place of nodes."""
