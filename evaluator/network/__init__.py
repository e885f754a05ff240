"""The ONNX network: read, rewritten into forms with weights, taken apart into layers."""
