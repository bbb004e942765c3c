"""Commands that read Gold. This file imports nothing."""
