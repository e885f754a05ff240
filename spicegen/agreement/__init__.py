"""Agreement of simulators: whether one device behaves the same in all (check), and which are installed (doctor)."""
