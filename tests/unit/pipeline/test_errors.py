"""Errors: one documented tree; each error says what happens next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import errors
from pipeline.errors import ReelhouseError


def tree(kind: type[ReelhouseError]) -> Iterator[type[ReelhouseError]]:
    """An error class and all below it that pipeline.errors defines."""
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from tree(below)


KINDS = list(tree(ReelhouseError))


def test_the_message_has_step_subject_cause_and_next_step() -> None:
    error = errors.OmdbUnavailable("no answer", subject="tt0111161", step="EnrichAndStoreMovie", next_step="is retried")

    assert str(error) == "EnrichAndStoreMovie: tt0111161: no answer; is retried"
    assert str(ReelhouseError("no answer")) == "no answer"


@pytest.mark.parametrize("kind", KINDS)
def test_only_transient_errors_are_retryable(kind: type[ReelhouseError]) -> None:
    passing = (errors.SourceListUnavailable, errors.OmdbError, errors.StorageFailed, errors.UnexpectedFailure)

    assert kind.retryable == issubclass(kind, passing)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    drawn = [word for line in errors.__doc__.splitlines() for word in line.split()[:4] if word.isidentifier()]

    assert [name for name in drawn if name in {kind.__name__ for kind in KINDS}] == [kind.__name__ for kind in KINDS]


def test_every_error_has_a_docstring() -> None:
    source = ast.parse(Path(errors.__file__).read_text(encoding="utf-8"))
    classes = [node for node in source.body if isinstance(node, ast.ClassDef)]

    assert [node.name for node in classes if not ast.get_docstring(node)] == []


def test_an_unexpected_exception_keeps_its_type_and_the_start_of_its_text() -> None:
    error = errors.UnexpectedFailure.of(ZeroDivisionError("x" * 500), subject="tt0111161", step="EnrichAndStoreMovie")

    assert error.cause == "ZeroDivisionError: " + "x" * 200
    assert str(error).endswith("; its message is retried")
