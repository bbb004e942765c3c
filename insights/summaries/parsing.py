"""Sentences with placeholders, read into placeholders, words and punctuation. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from insights.summaries.facts import Fact

# A mark is ASCII only, so that no look-alike letter or digit passes for one.
_MARK = re.compile(r"\{([a-z][a-z0-9]*)(?:\.([a-z0-9_]+))?\}")
_TOKEN = re.compile(rf"{_MARK.pattern}|['’]s\b|[A-Za-z]+(?:-[A-Za-z]+)*|[,;:()–—.]")


@dataclass(frozen=True)
class Mark:
    """A placeholder: a fact's subject, or (``value`` is not "") one of its values.

    Attributes
    ----------
    at : int
        Its place among the tokens of the sentence.
    name : str
        Short name of the fact.
    """

    at: int
    name: str
    value: str
    fact: Fact

    @property
    def subject(self) -> str:
        """What it is about; two facts may be about the same."""
        return self.fact.about

    @property
    def text(self) -> str:
        """What the reader sees."""
        return self.fact.values[self.value].text if self.value else self.fact.subject


@dataclass(frozen=True)
class Word:
    """A word in lower case, or a punctuation mark."""

    at: int
    text: str

    @property
    def is_word(self) -> bool:
        """Whether it is a word."""
        return self.text[0].isalpha()


@dataclass(frozen=True)
class Parsed:
    """A sentence in tokens; ``clean`` is False where something is neither mark, word nor plain punctuation."""

    source: str
    tokens: tuple[Mark | Word, ...]
    clean: bool

    @property
    def marks(self) -> list[Mark]:
        """All placeholders in order."""
        return [token for token in self.tokens if isinstance(token, Mark)]

    @property
    def words(self) -> list[Word]:
        """All words in order."""
        return [token for token in self.tokens if isinstance(token, Word) and token.is_word]

    def before(self, token: Mark | Word) -> Mark | Word | None:
        """The token before one."""
        return self.tokens[token.at - 1] if token.at else None

    def after(self, token: Mark | Word) -> Mark | Word | None:
        """The token after one."""
        return self.tokens[token.at + 1] if token.at + 1 < len(self.tokens) else None

    def neighbours(self, token: Mark | Word) -> tuple[str, str]:
        """The words right before and after a token; "" where there is a mark or nothing."""
        before, after = self.before(token), self.after(token)
        return (before.text if isinstance(before, Word) else "", after.text if isinstance(after, Word) else "")

    def gap(self, before: Mark, after: Mark) -> list[str]:
        """Words and punctuation between two marks."""
        return [token.text for token in self.tokens[before.at + 1 : after.at] if isinstance(token, Word)]

    def words_between(self, before: Mark, after: Mark) -> list[Word]:
        """Words between two marks."""
        return [word for word in self.words if before.at < word.at < after.at]

    def words_after(self, word: Word, end: Mark | None) -> list[str]:
        """Words after a word, up to a mark or the end."""
        return [one.text for one in self.words if one.at > word.at and (end is None or one.at < end.at)]

    def written(self) -> str:
        """The sentence with each placeholder written out, once: braces inside a name stay text."""
        texts = iter(self.marks)
        return _MARK.sub(lambda _: next(texts).text, self.source)


def has_marks(text: str) -> bool:
    """Return whether a text has anything that looks like a placeholder."""
    return _MARK.search(text) is not None


def parse(text: str, facts: Mapping[str, Fact]) -> Parsed | None:
    """Read a sentence; None when a placeholder names a fact or value that does not exist."""
    tokens: list[Mark | Word] = []
    clean, end = True, 0
    for match in _TOKEN.finditer(text):
        clean &= text[end : match.start()] in ("", " ")
        if match[1]:
            fact, value = facts.get(match[1]), match[2] or ""
            if fact is None or (value and value not in fact.values):
                return None
            # A letter or digit at a placeholder would change the number or the name.
            clean &= not re.match(r"[\w$%&*+/=<>-]", text[match.end() :]) and not re.search(
                r"[\w$%&*+/=<>-]$", text[: match.start()]
            )
            tokens.append(Mark(len(tokens), match[1], value, fact))
        else:
            tokens.append(Word(len(tokens), "'s" if match[0] in ("'s", "’s") else match[0].lower()))
        end = match.end()
    clean &= not text[end:].strip()
    stops = [token.at for token in tokens if isinstance(token, Word) and token.text == "."]
    return Parsed(text, tuple(tokens), clean and stops in ([], [len(tokens) - 1]) and _brackets_match(text))


def _brackets_match(text: str) -> bool:
    return re.sub(r"\([^()]*\)", "", text).count("(") == 0 and text.count("(") == text.count(")")
