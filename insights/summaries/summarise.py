"""Summaries: answers to a few questions in sentences of which every number and name is a row of Gold.

Reads Gold tables as data frames; gives rows of the Gold table ``summaries``. A language model chooses, orders and
joins facts, if there is one; its sentences are checked and those that fail are dropped and counted. In their place,
and where no model answers, stand sentences computed from the same facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from insights.columns import SUMMARIES
from insights.frames import typed
from insights.summaries import language_model as lm
from insights.summaries.cache import MemoryCache, SummaryCache
from insights.summaries.check import Checked, Sentence, check_all
from insights.summaries.facts import Fact
from insights.summaries.language_model import LanguageModel, Reply
from insights.summaries.prompt import MAX_SENTENCES, SCHEMA, facts_hash, messages, read_answer, request_hash
from insights.summaries.questions import Question, questions

COMPUTED = "computed"
NO_FACTS = "there are no facts to answer from"
ALL_DROPPED = "no sentence of the model stood the check"
TOO_MANY = "more sentences than asked for"
CLAUSES_TOLD = 3  # clauses in one computed sentence


@dataclass(frozen=True)
class _Answer:
    """What a model, or the cache, gave for a question; ``sentences`` is None when there is nothing to read."""

    sentences: Sequence[Sentence] | None = None
    reason: str = ""
    cached: bool = False
    ask_again: bool = True
    tokens_in: int | None = 0
    tokens_out: int | None = 0


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
        return _Answer(kept, cached=True)
    if stopped:
        return _Answer(reason=stopped)
    reply = model.ask(messages(question), SCHEMA)
    sentences = None if reply.fault else read_answer(reply.content)
    if sentences is None:
        return _failed(reply)
    cache.put(key, reply.content)
    return _Answer(sentences, tokens_in=reply.tokens_in, tokens_out=reply.tokens_out)


def _failed(reply: Reply) -> _Answer:
    reason = reply.fault or lm.NONSENSE
    return _Answer(None, reason, False, reply.ask_again, reply.tokens_in, reply.tokens_out)


def summary_row(question: Question, answer: _Answer, model: str) -> dict[str, Any]:
    """Check an answer and fill in what it lacks.

    Returns
    -------
    dict
        The columns of ``SUMMARIES`` but run_id and created_at.
    """
    given = answer.sentences or ()
    checked = check_all(given[:MAX_SENTENCES], question.facts)
    kept = [sentence for sentence in checked if sentence.text]
    reasons = [sentence.reason for sentence in checked if not sentence.text] + [TOO_MANY] * len(given[MAX_SENTENCES:])
    told = kept + _to_fill_in(question, kept, len(checked) - len(kept) if kept else len(question.facts))
    reason = answer.reason or ("" if kept else ALL_DROPPED)
    return {
        "question_id": question.id,
        "question": question.asks,
        "text": _text(question, told, _byline(model, len(kept), len(told), reason)),
        "written_by": f"model {model}" if kept else COMPUTED,
        "reason": reason,
        "sentences": [sentence.text for sentence in told],
        "sentence_facts": [" ".join(fact.id for fact in sentence.facts) for sentence in told],
        "by_model": len(kept),
        "dropped": len(reasons),
        "dropped_reasons": [f"{found}: {count}" for found, count in Counter(reasons).most_common()],
        "fact_ids": [fact.id for fact in question.facts.values()],
        "facts_hash": facts_hash(question),
        "missing": list(question.missing),
        "cached": answer.cached,
        "tokens_in": answer.tokens_in,
        "tokens_out": answer.tokens_out,
    }


def _byline(model: str, kept: int, told: int, reason: str) -> str:
    if not kept:
        return f"No model wrote this text: {reason}."
    return "" if kept == told else f"{kept} of {told} sentences by model {model}, the others computed."


def _text(question: Question, told: Sequence[Checked], byline: str) -> str:
    return " ".join(part for part in (*question.notes, *(sentence.text for sentence in told), byline) if part)


def _to_fill_in(question: Question, kept: Sequence[Checked], wanted: int) -> list[Checked]:
    """Computed sentences about facts that the kept ones do not tell, at most ``wanted``."""
    told = {fact.id for sentence in kept for fact in sentence.facts}
    remaining = {name: fact for name, fact in question.facts.items() if fact.id not in told}
    computed = [sentence for group in question.groups for sentence in _told(group, remaining)]
    return [sentence for sentence in check_all(computed, question.facts) if sentence.text][:wanted]


def _told(group: Sequence[str], facts: Mapping[str, Fact]) -> list[Sentence]:
    """Tell facts of one selection in sentences of a few clauses each."""
    names = [name for name in group if name in facts and facts[name].tell]
    parts = [names[start : start + CLAUSES_TOLD] for start in range(0, len(names), CLAUSES_TOLD)]
    return [Sentence("; ".join(_clause(name, facts[name]) for name in part) + ".", tuple(part)) for part in parts]


def _clause(name: str, fact: Fact) -> str:
    return fact.tell.replace("{.", f"{{{name}.").replace("{}", f"{{{name}}}")
