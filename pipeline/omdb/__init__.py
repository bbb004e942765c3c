"""OMDb: the client, its key, and the record of its calls. This file imports nothing."""
