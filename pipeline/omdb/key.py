"""The OMDb key: read from Secrets Manager at run time, kept for minutes, so that it can be rotated without a deploy.

And what comes back with a key in it: a service may repeat the address it was asked at, or the key it does not know.
"""

from __future__ import annotations

import html
import json
import time
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from pipeline import aws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEEP_SECONDS = 300.0
# Threads that meet a refused key at the same moment share one look at the secret.
FRESH_SECONDS = 2.0

# A shorter one may be a word that a film's text happens to hold, such as the sample's "sample".
SHORTEST_HIDDEN = 8
HIDDEN = "[the key]"


def without_key(text: str, key: str) -> str:
    """Return a service's answer with the key that it was asked with taken out, however it is escaped. Pure.

    A key of fewer than eight characters is left in: no service's key is as short.
    """
    if len(key) < SHORTEST_HIDDEN:
        return text
    for form in dict.fromkeys((key, quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1], html.escape(key))):
        text = text.replace(form, HIDDEN)
    return text


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
