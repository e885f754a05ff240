"""Arrays of devices: reads, programs of pulses, write-verify programming, and studies."""
