"""Does one device behave the same in every simulator that is here; which simulators are here (doctor)."""
