"""Silver: turn Bronze objects into typed rows, write them, and read them. This file imports nothing."""
