"""A measurement replayed on a model: the voltages that the device saw, and what the model shows at them."""
