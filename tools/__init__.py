"""Commands for developers only: generated files. This file imports nothing."""
