"""Cold import of each handler, against what no function can do without: ``import boto3`` and one S3 client.

Each run is a fresh interpreter with the packages that `sam build` packs for the local stack, bytecode compiled; boto3
is the environment's, as it is the runtime's in Lambda. The time is that of the import alone: an interpreter's own
start, the same on both sides, would only blur the ratio.
"""
