"""The OMDb key: read from Secrets Manager at run time and cached for minutes, so that it is rotated without a deploy.

A service may repeat the address it was called at, or the key it does not know: :func:`without_key` removes it.
"""

from __future__ import annotations

import html
import json
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from pipeline import aws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE_SECONDS = 300

# A shorter key may be a word that a film's text contains, such as the sample's "sample".
MIN_HIDDEN_CHARACTERS = 8
HIDDEN = "[the key]"


def without_key(text: str, key: str) -> str:
    """Return a service's answer without the key it was called with, however the key is escaped. Pure.

    A key of fewer than eight characters is kept: no service's key is that short.
    """
    if len(key) < MIN_HIDDEN_CHARACTERS:
        return text
    for form in dict.fromkeys((key, quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1], html.escape(key))):
        text = text.replace(form, HIDDEN)
    return text


class ApiKey:
    """A cached secret; calling it returns its value.

    Parameters
    ----------
    secret_id : str
        Name or ARN of the secret.
    """

    def __init__(self, secret_id: str, client: SecretsManagerClient) -> None:
        self._secret_id = secret_id
        self._secrets = SecretsProvider(boto3_client=client)
        # Threads that start together read the secret once.
        self._lock = Lock()

    def __call__(self, fresh: bool = False) -> str:
        """Return the key; with ``fresh`` as Secrets Manager has it now.

        Raises
        ------
        StorageFailed
            When the secret cannot be read.
        """
        with self._lock, aws.failures_of("EnrichAndStoreMovie", self._secret_id, "the message is retried"):
            try:
                value = self._secrets.get(self._secret_id, max_age=MAX_AGE_SECONDS, force_fetch=fresh)
            except GetParameterError as error:
                raise error.__context__ or error from None
        # A binary secret has no text: OMDb refuses the empty key and says so.
        return value.strip() if isinstance(value, str) else ""

    def __repr__(self) -> str:
        """Show which secret it is, never its value."""
        return f"ApiKey({self._secret_id!r})"
