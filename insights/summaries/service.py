"""What summaries need from outside: the language model that the environment names, and answers kept in Gold.

Reads ``OPENAI_API_KEY``, ``OPENAI_BASE_URL``, ``OPENAI_ORG_ID`` and ``SUMMARY_MODEL``, and, without a key in the
environment, the secret that ``OPENAI_SECRET_ID`` names. Answers are kept in the Gold bucket, so that everyone who runs
the report on this stack pays for an answer once.
"""

from __future__ import annotations

import pandas as pd

from insights import inputs
from insights.summaries.language_model import DEFAULT_MODEL, NO_KEY, HttpModel, ModelSettings, language_model
from insights.summaries.summarise import ALL_DROPPED, NO_FACTS
from pipeline import aws, keys, settings
from pipeline.documents import to_json
from pipeline.settings import LakeSettings

# Why a text is computed, where asking again would give the same.
LASTING_REASONS = {"", NO_KEY, NO_FACTS, ALL_DROPPED}


def model() -> HttpModel | None:
    """Return the language model that the environment names; None without a key, except for one on this machine.

    Raises
    ------
    StorageFailed
        When there is a secret and it cannot be read.
    """
    inputs.read(inputs.MODEL, inputs.of_model())
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


def note_faults(summaries: pd.DataFrame) -> None:
    """Note answers that a fault of the service kept away: the next run asks again."""
    for reason in sorted(set(summaries["reason"]) - LASTING_REASONS):
        inputs.never_the_same(reason)


class GoldCache:
    """Answers kept in the Gold bucket, one object each.

    Raises
    ------
    StorageFailed
        When S3 refuses or fails.
    """

    def __init__(self) -> None:
        self._bucket = settings.load(LakeSettings).gold_bucket

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none or it is no text."""
        name = keys.summary_answer(key)
        with aws.failures_of("summaries", name):
            found = aws.get_json(aws.client("s3"), self._bucket, name)
        return found if isinstance(found, str) else None

    def put(self, key: str, entry: str) -> None:
        """Keep an entry, in place of an older one."""
        name = keys.summary_answer(key)
        with aws.failures_of("summaries", name):
            aws.client("s3").put_object(
                Bucket=self._bucket, Key=name, Body=to_json(entry), ContentType="application/json"
            )
