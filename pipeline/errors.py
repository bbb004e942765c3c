"""All errors of Reelhouse.

::

    ReelhouseError
    ├── InvalidInput               what a person gave cannot be used: a parameter, a setting, a list
    │   └── SourceListInvalid      the source list cannot be read as one
    ├── SourceListUnavailable      the source list could not be fetched
    ├── OmdbError                  an answer of OMDb
    │   ├── OmdbUnavailable        no usable answer: time-out, connection, 5xx, HTML, truncated
    │   ├── OmdbQuotaSpent         "Request limit reached!": the day's calls are used up
    │   └── OmdbKeyInvalid         "Invalid API key!"
    ├── StorageFailed              S3, SQS or another AWS service refused or failed; no memory or room was left
    ├── SilverDamaged              an object of Silver cannot be read as what its name says
    ├── ReportFailed               a report's notebook stopped with an error
    └── LocalStackError            the stack on this machine cannot be started, found or deployed

A film that OMDb refuses for good, or whose values cannot be true, is no error: it is an outcome, kept with its reason.
"""

from __future__ import annotations


class ReelhouseError(Exception):
    """Base of all errors: what it is about, in which step, why, and what happens next.

    Parameters
    ----------
    cause : str
        What went wrong, in words that hold no secret.
    subject : str
        The film, object, parameter or queue it is about.
    step : str
        Name of the pipeline step, or "" outside the pipeline.
    next_step : str
        What happens next, or what the reader can do.

    Attributes
    ----------
    retryable : bool
        True when the same call may succeed later.
    """

    retryable = False

    def __init__(self, cause: str, *, subject: str = "", step: str = "", next_step: str = "") -> None:
        super().__init__(cause, subject, step, next_step)
        self.cause, self.subject, self.step, self.next_step = cause, subject, step, next_step

    def __str__(self) -> str:
        """One line: step, subject, cause; what happens next."""
        head = ": ".join(part for part in (self.step, self.subject, self.cause) if part)
        return f"{head}; {self.next_step}" if self.next_step else head

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the keyword arguments when pickled."""
        return (_rebuild, (type(self), self.cause, self.subject, self.step, self.next_step))


def _rebuild(kind: type[ReelhouseError], cause: str, subject: str, step: str, next_step: str) -> ReelhouseError:
    return kind(cause, subject=subject, step=step, next_step=next_step)


class InvalidInput(ReelhouseError):
    """What a person gave cannot be used; the message says what can."""


class SourceListInvalid(InvalidInput):
    """The source list is not a list of films."""


class SourceListUnavailable(ReelhouseError):
    """The source list could not be fetched."""

    retryable = True


class OmdbError(ReelhouseError):
    """OMDb gave no film, for a reason that is not the film's."""

    retryable = True


class OmdbUnavailable(OmdbError):
    """No usable answer: time-out, connection, 5xx, HTML or a truncated body."""


class OmdbQuotaSpent(OmdbError):
    """The day's calls are used up; the key is good."""


class OmdbKeyInvalid(OmdbError):
    """OMDb does not accept the key; nothing can be fetched until it is replaced."""


class StorageFailed(ReelhouseError):
    """An AWS service refused or failed, or DuckDB had no memory or room left."""

    retryable = True


class SilverDamaged(ReelhouseError):
    """An object of Silver cannot be read; Gold stays as it was until the object is made anew from Bronze."""


class ReportFailed(ReelhouseError):
    """A report's notebook stopped with an error; its page, with the error, is published."""


class LocalStackError(ReelhouseError):
    """The stack on this machine cannot be started, found or deployed."""
