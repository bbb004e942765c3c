"""The commands, by what they are about: the stack, Gold, operation. This file imports nothing."""
