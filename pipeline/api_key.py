"""The OMDb key: read from Secrets Manager at run time, kept for minutes, so that it can be rotated without a deploy."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from pipeline import aws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEEP_SECONDS = 300.0
# Threads that meet a refused key at the same moment share one look at the secret.
FRESH_SECONDS = 2.0


class ApiKey:
    """A secret, cached; calling it gives its value.

    Parameters
    ----------
    secret_id : str
        Name or ARN of the secret.
    """

    def __init__(self, secret_id: str, client: SecretsManagerClient) -> None:
        self._secret_id, self._client = secret_id, client
        self._value, self._read_at = "", float("-inf")
        self._lock = Lock()

    def __call__(self, fresh: bool = False) -> str:
        """Return the key; with ``fresh`` as Secrets Manager has it now.

        Raises
        ------
        StorageFailed
            When the secret cannot be read.
        """
        with self._lock:
            if time.monotonic() - self._read_at > (FRESH_SECONDS if fresh else KEEP_SECONDS):
                with aws.failures_of("EnrichAndStoreMovie", "the OMDb key's secret", "the message is retried"):
                    answer = self._client.get_secret_value(SecretId=self._secret_id)
                # A secret of bytes has no text: OMDb refuses the empty key, and says so.
                self._value, self._read_at = answer.get("SecretString", "").strip(), time.monotonic()
            return self._value

    def __repr__(self) -> str:
        """Show which secret it is, never its value."""
        return f"ApiKey({self._secret_id!r})"
