"""Replays of measurements on a model: the voltages applied to the device, and the model's response to them."""
