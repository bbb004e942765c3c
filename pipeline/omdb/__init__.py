"""OMDb: the client, its key, and the calls it made. This file imports nothing."""
