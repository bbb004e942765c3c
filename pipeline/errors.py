"""All errors of Reelhouse.

::

    ReelhouseError
    ├── InvalidInput               a parameter, setting, message or list cannot be used
    │   └── SourceListInvalid      the source list is not a list of films
    ├── DocumentInvalid            a stored JSON document is damaged or has another shape
    ├── SourceListUnavailable      the source list could not be fetched
    ├── OmdbError                  OMDb gave no film
    │   ├── OmdbUnavailable        no usable answer: time-out, connection error, 5xx, HTML, truncated body
    │   ├── OmdbQuotaSpent         "Request limit reached!": the day's calls are used up
    │   └── OmdbKeyInvalid         "Invalid API key!"
    ├── StorageFailed              an AWS service refused or failed, or memory or disk space ran out
    ├── UnexpectedFailure          an exception that no code expected: a bug
    ├── SilverDamaged              a Silver object cannot be read
    ├── ReportFailed               a report's notebook stopped with an error
    └── LocalStackError            the local stack cannot be started, found or deployed

A film that OMDb does not know, or whose values cannot be true, is not an error but an outcome, stored with its reason.
"""

from __future__ import annotations

from typing import Self


class ReelhouseError(Exception):
    """Base of all errors: the cause, without secrets, and the film, object, parameter or queue that it concerns.

    ``step`` is "" outside the pipeline; ``next_step`` says what happens next, or what the reader can do. ``retryable``
    says whether the same call may succeed later.
    """

    retryable = False

    def __init__(self, cause: str, *, subject: str = "", step: str = "", next_step: str = "") -> None:
        super().__init__(cause, subject, step, next_step)
        self.cause, self.subject, self.step, self.next_step = cause, subject, step, next_step

    def __str__(self) -> str:
        """Return one line: step, subject, cause; next step."""
        head = ": ".join(part for part in (self.step, self.subject, self.cause) if part)
        return f"{head}; {self.next_step}" if self.next_step else head

    def _render_traceback_(self) -> list[str]:
        """Show the same line in a notebook, where IPython would print a traceback."""
        return [f"{type(self).__name__}: {self}"]


class InvalidInput(ReelhouseError):
    """A parameter, setting, message or list cannot be used; the message says what is accepted."""


class SourceListInvalid(InvalidInput):
    """The source list is not a list of films."""


class DocumentInvalid(ReelhouseError):
    """A stored JSON document (manifest, build, local state, reply) is damaged or has another shape."""


class SourceListUnavailable(ReelhouseError):
    """The source list could not be fetched."""

    retryable = True


class OmdbError(ReelhouseError):
    """OMDb gave no film, for a reason that does not depend on the film."""

    retryable = True


class OmdbUnavailable(OmdbError):
    """No usable answer: time-out, connection error, 5xx, HTML or a truncated body."""


class OmdbQuotaSpent(OmdbError):
    """The day's calls are used up; the key is valid."""


class OmdbKeyInvalid(OmdbError):
    """OMDb does not accept the key; nothing can be fetched until it is replaced."""


class StorageFailed(ReelhouseError):
    """An AWS service refused or failed, or DuckDB ran out of memory or disk space."""

    retryable = True


class UnexpectedFailure(ReelhouseError):
    """An exception that no code expected, raised by one record: logged with its traceback and retried alone."""

    retryable = True

    @classmethod
    def of(cls, error: Exception, *, subject: str, step: str, next_step: str = "its message is retried") -> Self:
        """Wrap an exception; the cause is its type and the start of its text, which must not contain secrets."""
        return cls(f"{type(error).__name__}: {str(error)[:200]}", subject=subject, step=step, next_step=next_step)


class SilverDamaged(ReelhouseError):
    """A Silver object cannot be read; Gold is unchanged until the object is rebuilt from Bronze."""


class ReportFailed(ReelhouseError):
    """A report's notebook stopped with an error; its page is published with the error."""


class LocalStackError(ReelhouseError):
    """The local stack cannot be started, found or deployed."""
