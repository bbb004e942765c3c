"""Read the sentences of a model's answer wherever its JSON stands, and however it is wrapped. Pure."""

from __future__ import annotations

import ast
import html
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from insights.summaries.check import Sentence
from insights.summaries.facts import Claim

_MOST_TRIES = 2_000  # places at which JSON is looked for in an answer
_MOST_ENTRIES = 200  # sentences, claims, and values of a claim
_MOST_LETTERS = 2_000  # of a sentence
_DEEPEST = 5  # objects around the sentences
_THOUGHT_TAG = re.compile(r"<(/?)(?:think(?:ing)?|reasoning|thought)>|\[(/?)THINK\]|◁(/?)think▷", re.IGNORECASE)
_DOUBLED = re.compile(r"\{\{([a-z][a-z0-9]*(?:\.[a-z0-9_]+)?)\}\}")
_QUOTES = str.maketrans("“”„", '"""')


def read_answer(content: str) -> list[Sentence] | None:
    """Read a model's answer; None when there is none.

    Thoughts, fences, words around and marks of an end are ignored; a list of sentences, a single one and plain texts
    count too. Of several answers the last counts. An entry that is no sentence is left out.
    """
    for variant in _variants(_without_thoughts(content)):
        answers = [answer for value in _json_values(variant) if (answer := _sentences(value))]
        whole = [answer for answer in answers if len(answer) > 1] or answers[-1:]
        if whole:
            singles = [answer[0] for answer in answers if len(answer) == 1]
            return singles if len(singles) == len(answers) else whole[-1]
    return None


def _without_thoughts(content: str) -> str:
    """Remove each thought with its tags, and what stands before the end of one whose beginning is missing.

    One pass over the tags: a pattern of whole thoughts takes hours for a model that repeats the first tag.
    """
    tags = [(tag, tag[0].replace("/", "").lower()) for tag in _THOUGHT_TAG.finditer(content)]
    ends_ahead = Counter(kind for tag, kind in tags if "/" in tag[0])
    kept: list[str] = []
    at, inside = 0, ""
    for tag, kind in tags:
        if "/" in tag[0]:
            ends_ahead[kind] -= 1
            if inside in ("", kind):
                kept = kept if inside else []
                at, inside = tag.end(), ""
        elif not inside and ends_ahead[kind]:
            kept.append(content[at : tag.start()])
            inside = kind
    return " ".join([*kept, content[at:]])


def _variants(text: str) -> Iterator[str]:
    """Yield the text as it is, then with common faults of JSON mended."""
    yield text
    yield text.replace('\\"', '"')
    yield html.unescape(text)
    yield re.sub(r",(\s*[\]}])", r"\1", text)
    yield text.translate(_QUOTES)
    try:
        yield json.dumps(ast.literal_eval(text[text.find("{") : text.rfind("}") + 1]))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return


def _json_values(text: str) -> Iterator[Any]:
    """Yield every JSON object and array that stands in a text, outermost first."""
    decoder, at, tries = json.JSONDecoder(strict=False), 0, 0
    while tries < _MOST_TRIES and (match := re.compile(r"[\[{]").search(text, at)):
        tries += 1
        try:
            value, at = decoder.raw_decode(text, match.start())
        except ValueError:
            at = match.start() + 1
        except RecursionError:
            at = match.start() + sys.getrecursionlimit()
        else:
            yield value


def _sentences(value: Any, depth: int = 0) -> list[Sentence]:
    """Sentences in a JSON value: an answer, perhaps inside other objects, a list of sentences, or a single one."""
    if isinstance(value, str) and depth:
        value = next(_json_values(value), None)
    if isinstance(value, list):
        return list(filter(None, map(_sentence, value[:_MOST_ENTRIES])))
    if not isinstance(value, dict) or depth > _DEEPEST:
        return []
    fields = {str(name).lower(): field for name, field in value.items()}
    if single := _sentence(fields):
        return [single]
    if "sentences" not in fields:
        inner = [nested for field in fields.values() if (nested := _sentences(field, depth + 1))]
        return inner[0] if (inner and not depth) or len(inner) == 1 else []
    given = fields["sentences"]
    if isinstance(given, dict):
        given = [entry for entry in given.values() if isinstance(entry, dict) and _sentence(entry)]
    return _sentences([given] if isinstance(given, str) else given, depth + 1)


def _sentence(entry: Any) -> Sentence | None:
    """Read one sentence: a text, or an object with a text and claims."""
    if isinstance(entry, str) and " " in entry.strip():
        entry = {"text": entry}
    if not isinstance(entry, dict):
        return None
    fields = {str(name).lower(): field for name, field in entry.items()}
    text = fields.get("text", fields.get("sentence"))
    if not isinstance(text, str) or not 0 < len(text) <= _MOST_LETTERS:
        return None
    given = fields.get("claims")
    claims = [given] if isinstance(given, dict) else given if isinstance(given, list) else []
    return Sentence(_DOUBLED.sub(r"{\1}", text), tuple(filter(None, map(_claim, claims[:_MOST_ENTRIES]))))


def _claim(entry: Any) -> Claim | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
        return None
    of, than = _names(entry.get("of")), _names(entry.get("than"))
    return Claim(entry["kind"].lower(), of, than) if of else None


def _names(given: Any) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    return tuple(name for name in names[:_MOST_ENTRIES] if isinstance(name, str))
