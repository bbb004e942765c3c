"""Summaries: answers to a few questions in sentences of which every number and name is a row of Gold.

Reads Gold tables as data frames; returns rows of the Gold table ``summaries``. A language model, if there is one,
writes sentences with placeholders. Each is checked against the facts; the model may replace one that fails once, else a
computed sentence takes its place. Without a model all sentences are computed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import pandas as pd

from insights.columns import SUMMARIES
from insights.frames import typed
from insights.summaries import editor
from insights.summaries import language_model as lm
from insights.summaries.answer import read_answer
from insights.summaries.check import Checked, Sentence, check_all
from insights.summaries.completion import UNREADABLE, Reply
from insights.summaries.language_model import LanguageModel
from insights.summaries.prompt import (
    MAX_SENTENCES,
    SCHEMA,
    facts_hash,
    messages,
    repair_messages,
    request_hash,
    sha256,
)
from insights.summaries.questions import Question, questions

COMPUTED = "computed"
NO_FACTS = "there are no facts to answer from"
ALL_DROPPED = "no sentence of the model passed the check"
TOO_MANY = "more sentences than asked for"
SIGNATURE = "Generated from the data, without AI"


class SummaryCache(Protocol):
    """A model's answers, so that a question about the same facts is paid for once.

    Keys are 64 hexadecimal digits. Entries are checked each time they are read, so a modified one cannot put anything
    into a summary.
    """

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none."""

    def put(self, key: str, entry: str) -> None:
        """Store an entry, replacing an older one."""


class MemoryCache(dict[str, str]):
    """A cache that lives as long as the process."""

    put = dict.__setitem__


@dataclass(frozen=True)
class _Answer:
    """What the model, or the cache, gave for a question; ``sentences`` is None when there is nothing to read."""

    sentences: Sequence[Sentence] | None = None
    reason: str = ""
    cached: bool = False
    ask_again: bool = True
    tokens_in: int | None = 0
    tokens_out: int | None = 0
    wanted: int = 0  # sentences of the first answer, where some were replaced


def summarise(
    tables: Mapping[str, pd.DataFrame],
    model: LanguageModel | None,
    cache: SummaryCache | None = None,
    *,
    created_at: datetime,
) -> pd.DataFrame:
    """Answer all questions.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Gold tables by name; any may be missing, empty or of an older schema.
    model : LanguageModel or None
        None: all text is computed.
    cache : SummaryCache, optional
        Where answers of the model are kept; None keeps them nowhere.
    created_at : datetime
        Time of the summaries; one without a zone is UTC.

    Returns
    -------
    pandas.DataFrame
        One row a question, with the columns of ``SUMMARIES``. After a fault that the next question would meet
        too the model is not asked again.
    """
    made_at = created_at.astimezone(UTC).replace(tzinfo=None) if created_at.tzinfo else created_at
    kept = MemoryCache() if cache is None else cache
    run_id = _newest_run(tables)
    rows, stopped = [], ""
    for question in questions(tables):
        answer = _ask(question, model, kept, stopped)
        if not answer.ask_again:
            stopped = answer.reason
        written_by = model.label if model else ""
        rows.append({**summary_row(question, answer, written_by), "run_id": run_id, "created_at": made_at})
    return typed(pd.DataFrame(rows), SUMMARIES)


def _newest_run(tables: Mapping[str, pd.DataFrame]) -> str | None:
    for name in ("pipeline_runs", "movies"):
        if name in tables and "run_id" in tables[name]:
            runs = tables[name]["run_id"].dropna()
            if not runs.empty:
                return str(runs.max())
    return None


def _ask(question: Question, model: LanguageModel | None, cache: SummaryCache, stopped: str) -> _Answer:
    """Get the model's sentences from the cache or from the model; ``stopped`` is why it is not to be asked."""
    if not question.facts:
        return _Answer(reason=NO_FACTS)
    if model is None:
        return _Answer(reason=lm.NO_KEY)
    key = request_hash(question, model.name)
    entry = cache.get(key)
    kept = read_answer(entry) if entry else None
    if kept is not None:
        return _repaired(question, model, cache, _Answer(kept, cached=True))
    if stopped:
        return _Answer(reason=stopped)
    reply = model.ask(messages(question), SCHEMA)
    sentences = None if reply.fault else read_answer(reply.content)
    if sentences is None:
        reason = reply.fault or UNREADABLE
        return _Answer(None, reason, False, reply.ask_again, reply.tokens_in, reply.tokens_out)
    cache.put(key, reply.content)
    return _repaired(question, model, cache, _Answer(sentences, "", False, True, reply.tokens_in, reply.tokens_out))


def _repaired(question: Question, model: LanguageModel, cache: SummaryCache, answer: _Answer) -> _Answer:
    """Ask once for other sentences in place of those that fail the check."""
    given = list(answer.sentences or ())[:MAX_SENTENCES]
    checked = check_all(given, question.facts)
    refused = [(one.text, result.reason) for one, result in zip(given, checked, strict=True) if not result.text]
    if not refused:
        return answer
    content = json.dumps({"sentences": [{"text": one.text} for one in given]})
    key = sha256([request_hash(question, model.name), content])
    entry = cache.get(key)
    if entry:
        reply = Reply(entry, tokens_in=0, tokens_out=0)
    else:
        reply = model.ask(repair_messages(question, content, refused), SCHEMA)
    others = read_answer(reply.content) if reply.content else None
    tokens = [_sum(answer.tokens_in, reply.tokens_in), _sum(answer.tokens_out, reply.tokens_out)]
    if others is None:
        return replace(answer, tokens_in=tokens[0], tokens_out=tokens[1], ask_again=reply.ask_again)
    cache.put(key, reply.content)
    kept = [one for one, result in zip(given, checked, strict=True) if result.text]
    sentences = [*kept, *others, *(one for one in given if one not in kept)]
    return replace(answer, sentences=sentences, tokens_in=tokens[0], tokens_out=tokens[1], wanted=len(given))


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def summary_row(question: Question, answer: _Answer, model: str) -> dict[str, Any]:
    """Check an answer, fill in what it lacks, and return the columns of ``SUMMARIES`` but run_id and created_at."""
    given = answer.sentences or ()
    checked = check_all(given, question.facts)
    passed = [sentence for sentence in checked if sentence.text]
    kept = passed[:MAX_SENTENCES]
    reasons = [sentence.reason for sentence in checked if not sentence.text] + [TOO_MANY] * len(passed[MAX_SENTENCES:])
    sentences = kept + _computed(question, kept, (answer.wanted or len(given)) - len(kept))
    reason = answer.reason or ("" if kept else ALL_DROPPED)
    return {
        "question_id": question.id,
        "question": question.asks,
        "text": _text(question, sentences, _signature(model, len(kept), len(sentences), reason)),
        "written_by": f"model {model}" if kept else COMPUTED,
        "reason": reason,
        "sentences": [sentence.text for sentence in sentences],
        "sentence_facts": [" ".join(fact.id for fact in sentence.facts) for sentence in sentences],
        "by_model": len(kept),
        "dropped": len(reasons),
        "dropped_reasons": [f"{dropped_reason}: {count}" for dropped_reason, count in Counter(reasons).most_common()],
        "fact_ids": [fact.id for fact in question.facts.values()],
        "facts_hash": facts_hash(question),
        "missing": list(question.missing),
        "cached": answer.cached,
        "tokens_in": answer.tokens_in,
        "tokens_out": answer.tokens_out,
    }


def _signature(model: str, kept: int, total: int, reason: str) -> str:
    if not kept:
        shown = reason not in {"", lm.NO_KEY, NO_FACTS}
        return f"{SIGNATURE}: {reason}." if shown else f"{SIGNATURE}."
    others = total - kept
    rest = f", and {others} generated from the data, without AI" if others else ""
    return f"{kept} sentence{'' if kept == 1 else 's'} by {model}, checked against the data{rest}."


def _text(question: Question, sentences: Sequence[Checked], signature: str) -> str:
    """The answer in paragraphs: sentences, notes, and who wrote them."""
    paragraphs = (" ".join(sentence.text for sentence in sentences), " ".join(question.notes), signature)
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)


def _computed(question: Question, kept: Sequence[Checked], lacking: int) -> list[Checked]:
    """Computed sentences: all of them, or as many as are ``lacking``, about facts that the kept ones do not tell."""
    if not question.facts:
        return []
    used_ids = {fact.id for sentence in kept for fact in sentence.facts}
    new = [one for one in editor.answer(question) if not used_ids & {fact.id for fact in one.facts}]
    return new[: max(0, lacking)] if kept else new
