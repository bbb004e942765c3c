"""The local stack: emulator, OMDb-compatible server, deployment. This file imports nothing."""
