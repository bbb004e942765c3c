"""Sentences of lying models, more than 120, about the facts of :mod:`tests.prose_facts`; none may pass the check.

Each is a text and the claims it declares, "greater f1.mean f2.mean". Many are nearly true: it is what they add.
"""

from __future__ import annotations

from insights.summaries.check import Claim, Sentence


def sentence(text: str, *claims: str) -> Sentence:
    """Write a sentence with claims in short form: kind, values, and the values they are compared with."""
    made = []
    for claim in claims:
        kind, of, *than = claim.split(" ")
        made.append(Claim(kind, tuple(of.split(",")), tuple(than[0].split(",")) if than else ()))
    return Sentence(text, tuple(made))


_OVER = "greater f1.mean f2.mean"
_UNDER = "less f2.mean f1.mean"

LIES = [
    # numbers and marks of the model's own
    sentence("{f1} has 99.9."),
    sentence("{f1} has {f1.mean}, or 99.9."),
    sentence("{f1} has {f1.mean}9."),
    sentence("{f1} has 9{f1.mean}."),
    sentence("{f1} has -{f1.mean}."),
    sentence("{f1} has {f1.mean} ٩٩."),
    sentence("{f1} has {f1.mean} and ninety points."),
    sentence("{f1} has twice {f1.mean}."),
    sentence("{f1} has {f1.mean}, twice as much as {f2}.", _OVER),
    sentence("{f1} has half of {f1.mean}."),
    sentence("{f1} has {f1.mean} million."),
    sentence("{f1} has {f1.mean}%."),
    sentence("{f1} has ${f1.mean}."),
    sentence("{f1} has {f1.mean} a dozen times."),
    sentence("{f1} has {f1.mean}<b>99</b>."),
    sentence("{f1} has {f1.mean}<!-- 99 -->."),
    sentence("{f1} has [{f1.mean}](http://example.test)."),
    sentence("{f1} has {f1.mean}\u200b99."),
    sentence("{f1} has {f1.mean}. It is wonderful."),
    sentence("{f1} has {f1.mean}. {f2} has {f2.mean}. All films are dramas."),
    sentence("{f1}s has {f1.mean}."),
    sentence("Drama has a mean of 99.9 out of 100."),
    sentence(""),
    sentence("{f1}"),
    sentence("{f1} is a genre."),
    sentence("{f99} has {f99.mean}."),
    sentence("{f1} has {f1.gross}."),
    sentence("{f1} has {f1.__class__}."),
    sentence("{f１} has {f１.mean}."),
    sentence("{f1!r} has {f1.mean!r}."),
    sentence("{f1} has {f1.mean:.9f}."),
    sentence("{f1} has {f1.mean} ({f1.films}."),
    # names of the model's own
    sentence("Comedy, like {f1}, has {f1.mean}."),
    sentence("{f1} has {f1.mean} thanks to Ann Ash."),
    sentence("Kubrick and {f17} have {f17.films}."),
    sentence("{f1} has {f1.mean} on IMDb."),
    sentence("In France, {f1} has {f1.mean}."),
    # values with the subject of another
    sentence("{f1} has {f2.mean}."),
    sentence("{f1.mean} has {f1.mean}."),
    sentence("{f1} has {f2.mean}, and {f2} has {f1.mean}."),
    sentence("{f1} and {f2} have {f2.mean} and {f1.mean}."),
    sentence("{f1}, {f2} and {f3} have {f1.mean}, {f3.mean} and {f2.mean}, respectively."),
    sentence("{f1} and {f2} have {f1.mean} and {f2.median}."),
    sentence("{f1} and {f2} have {f2.mean}."),
    sentence("{f1} and {f2} have {f1.mean}."),
    sentence("{f1}, with {f1.mean}, and {f2.mean}."),
    sentence("While {f1} stands at {f1.mean}, {f2} stands at {f1.median}."),
    sentence("{f1}, which {f2} joins, has {f1.mean}."),
    sentence("{f1}, ahead of {f2}, has {f2.mean}.", _OVER),
    sentence("{f2}, which is behind {f1}, has {f1.mean}.", _UNDER),
    sentence("{f1}, whose films {f3} shares, has {f3.mean}."),
    sentence("Although {f1} has {f1.mean}, it has {f2.mean}."),
    sentence("{f1} leads {f2}; it has {f2.mean}.", _OVER),
    sentence("With {f2.mean}, {f1} stands ahead of {f2}.", _OVER),
    sentence("{f2.mean} for {f1}, {f1.mean} for {f2}."),
    sentence("The list has {f13.share} for {f14} and {f14.share} for {f13}."),
    sentence("{f9} was directed by {f9.runtime}."),
    sentence("{f8} and {f9} hold {f9.rank} and {f8.rank}."),
    sentence("{f1} has {f1.mean}, as does {f2}."),
    sentence("{f1}'s {f2.mean} stands against {f2}'s {f1.mean}."),
    # wrong measure, wrong kind
    sentence("{f1} grossed {f1.mean}."),
    sentence("{f1} has a median rating, {f1.mean}."),
    sentence("The average of {f1} is {f1.median}."),
    sentence("{f13} has a score, {f13.share}."),
    sentence("{f7} has a rating, {f7.total}."),
    sentence("{f9} runs for {f9.rotten_tomatoes}."),
    sentence("The director {f1} has {f1.mean}."),
    sentence("The film {f17} has {f17.films}."),
    sentence("{f9} films have {f9.rank}."),
    sentence("{f1} movies grossed {f1.films}."),
    # negation, restriction, modality, sarcasm
    sentence("{f1} has not {f1.mean}."),
    sentence("{f1} hasn't {f1.mean}."),
    sentence("{f1} has never {f1.mean}."),
    sentence("{f1} hardly has {f1.mean}."),
    sentence("Neither {f1} nor {f2} has {f2.mean}."),
    sentence("{f1} is far from {f1.mean}."),
    sentence("{f1} has only {f1.mean}."),
    sentence("Only {f1} has {f1.mean}."),
    sentence("{f1} has just {f1.mean}."),
    sentence("{f1} has nearly {f1.mean}."),
    sentence("{f1} has at least {f1.mean}."),
    sentence("{f1} has up to {f1.mean}, if at all."),
    sentence("{f1} supposedly has {f1.mean}."),
    sentence("{f1} has {f1.mean}?"),
    sentence("Oh sure, {f1} has {f1.mean}!"),
    sentence("{f1} has a “{f1.mean}”."),
    sentence("{f1} would have {f1.mean}."),
    sentence("{f1} has {f1.mean} without {f2}."),
    # time
    sentence("{f1} has had {f1.mean} since 1970."),
    sentence("{f1} has had {f1.mean} ever since."),
    sentence("{f1} now has {f1.mean}."),
    sentence("{f1} has {f1.mean} every year."),
    sentence("{f1} still has {f1.mean}."),
    sentence("{f1} used to have {f1.mean}."),
    # causes and opinions
    sentence("{f1} has {f1.mean} because it moves people."),
    sentence("{f1} has {f1.mean}, so {f2} has {f2.mean}."),
    sentence("{f1} has {f1.mean}, a wonderful result."),
    sentence("{f1} deserves {f1.mean}."),
    sentence("{f1} disappoints with {f1.mean}."),
    # comparisons
    sentence("{f2} has {f2.mean}, ahead of {f1} with {f1.mean}."),
    sentence("{f2} has {f2.mean}, ahead of {f1} with {f1.mean}.", "greater f2.mean f1.mean"),
    sentence("{f2} has {f2.mean}, ahead of {f1} with {f1.mean}.", _OVER),
    sentence("{f1} has {f1.mean}, below {f2} with {f2.mean}.", _OVER),
    sentence("{f1} has {f1.mean}, above {f6} with {f6.mean}.", "greater f1.mean f6.mean"),
    sentence("{f1} has {f1.mean}, above {f2} with {f2.median}.", "greater f1.mean f2.median"),
    sentence("{f1} has {f1.mean}, above {f1}.", "greater f1.mean f1.mean"),
    sentence("{f8} outscores {f9}.", "greater f8.rotten_tomatoes f9.rotten_tomatoes"),
    sentence("{f1} has {f1.mean}, higher than {f2} and {f4}.", "greater f1.mean f2.mean,f4.mean"),
    sentence("{f1} has more than {f1.mean}.", _OVER),
    sentence("{f4} scores higher than {f1}.", "less f4.films f1.films"),
    sentence("{f3} is larger than {f2}, at {f3.mean}.", "greater f3.films f2.films"),
    # small words that change what a value means
    sentence("In {f7}, with {f7.films}, {f1} has {f1.mean}."),
    sentence("{f1} leads by {f1.mean}.", "highest f1.mean"),
    sentence("{f13} makes up {f13.share} of decades."),
    sentence("{f13} makes up {f13.share} of the top-rated films."),
    sentence("{f1} leads {f2} and, with {f2.mean}, stands here.", _OVER),
    sentence("{f1} beats {f2} with {f2.mean}.", _OVER),
    sentence("{f18} climbed {f18.move} to {f18.previous_rank}.", "rising f18.move"),
    sentence("{f9} directed {f9.directors}."),
    sentence("{f1} is the largest genre, with {f1.mean}.", "highest f1.mean"),
    sentence("{f1} is rising, with {f1.mean}.", "rising f10.trend"),
    # frames, owners and nouns
    sentence("{f1} has the most films, {f1.mean}.", "highest f1.mean"),
    sentence("{f1} is the top film, with {f1.mean}.", "highest f1.mean"),
    sentence("{f16} has {f16.share} on the list."),
    sentence("{f7} have {f7.films} and their {f13} has {f13.share}."),
    sentence("{f7} have {f7.films}, of which {f13} has {f13.share}."),
    sentence("{f17} directed {f17.films}, {f9} with {f9.rank}."),
    sentence("{f1} is a decade with {f1.mean}."),
    sentence("The known films of {f1} have {f1.mean}."),
    sentence("{f7} earned {f7.films}."),
    sentence("{f1} has {f1.films} a decade."),
    sentence("{f10} has a rising rating, with {f10.trend}.", "rising f10.trend"),
    sentence("{f2} trails {f1}, {f2.mean} against {f6.mean}.", _UNDER),
    sentence("{f9} ranks above {f8}, {f9.rank} against {f9.rank}.", "greater f9.rank f8.rank"),
    # superlatives, trends, quantifiers
    sentence("{f2} has the highest average, {f2.mean}.", "highest f2.mean"),
    sentence("{f1} has the lowest average, {f1.mean}.", "highest f1.mean"),
    sentence("{f1} has {f1.mean}, the highest of all films.", "highest f1.mean"),
    sentence("{f4} has the highest average, {f4.mean}.", "highest f4.mean"),
    sentence("Most of {f1} has {f1.mean}.", "highest f1.mean"),
    sentence("{f11} is rising, with {f11.trend}.", "rising f11.trend"),
    sentence("{f12} is growing, with {f12.trend}.", "rising f10.trend"),
    sentence("Both {f10} and {f11} are rising.", "rising f10.trend", "all f10.trend,f11.trend"),
    sentence("All films are dramas, as {f13} shows with {f13.share}.", "highest f13.share"),
]
