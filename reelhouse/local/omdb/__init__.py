"""The OMDb-compatible server and its sample films. This file imports nothing."""
