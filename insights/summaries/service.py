"""The language model that the environment names, and the cache of its answers in the Gold bucket.

Reads ``OPENAI_API_KEY``, ``OPENAI_BASE_URL``, ``OPENAI_ORG_ID`` and ``SUMMARY_MODEL``, and, without a key in the
environment, the secret that ``OPENAI_SECRET_ID`` names. Everyone who runs the report on a stack shares its
cache.
"""

from __future__ import annotations

from insights.summaries.language_model import DEFAULT_MODEL, HttpModel, ModelSettings, language_model
from pipeline import aws, keys, settings
from pipeline.documents import to_json


def model() -> HttpModel | None:
    """Return the language model that the environment names; None without a key, except for one on this machine.

    Raises
    ------
    StorageFailed
        When there is a secret and it cannot be read.
    """
    key, secret = settings.variable("OPENAI_API_KEY"), settings.variable("OPENAI_SECRET_ID")
    if not key and secret:
        with aws.failures_of("summaries", "the language model's secret"):
            answer = aws.client("secretsmanager").get_secret_value(SecretId=secret)
        key = answer["SecretString"].strip()
    address = settings.variable("OPENAI_BASE_URL") or None
    return language_model(
        ModelSettings(
            api_key=key,
            model=settings.variable("SUMMARY_MODEL", DEFAULT_MODEL),
            base_url=address,
            organization=settings.variable("OPENAI_ORG_ID"),
        )
    )


class GoldCache:
    """A cache in the Gold bucket, one object per answer.

    Raises
    ------
    StorageFailed
        When S3 refuses or fails.
    """

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none or it is not text."""
        name = keys.summary_answer(key)
        with aws.failures_of("summaries", name):
            entry = aws.get_json(aws.client("s3"), self._bucket, name)
        return entry if isinstance(entry, str) else None

    def put(self, key: str, entry: str) -> None:
        """Store an entry, replacing an older one."""
        name = keys.summary_answer(key)
        with aws.failures_of("summaries", name):
            aws.client("s3").put_object(
                Bucket=self._bucket, Key=name, Body=to_json(entry), ContentType="application/json"
            )
