"""Sentences of lying models about :mod:`tests.gold_rows`, and why each is refused.

f1 Drama, f2 Comedy, f3 Horror and f4 Western by Rotten Tomatoes, f6 Comedy by Metacritic, f7 the 1970s, f8 a film.
"""

from insights.summaries import check

LIES = [
    # numbers of the model's own, in every dress
    ("{f1} has 99.9.", check.VALUE_OF_OTHER),
    ("{f1} has {f1.mean}, or 99.9.", check.OWN_WORDS),
    ("{f1} has {f1.mean}9.", check.OWN_WORDS),
    ("{f1} has 9{f1.mean}.", check.OWN_WORDS),
    ("{f1} has {f1.mean} ٩٩.", check.OWN_WORDS),
    ("{f1} has {f1.mean}, ninety points.", check.OWN_WORDS),
    ("{f1} has twice {f1.mean}.", check.OWN_WORDS),
    ("{f1} has half of {f1.mean}.", check.OWN_WORDS),
    ("{f1} has {f1.mean} million.", check.OWN_WORDS),
    ("{f1} has {f1.mean}%.", check.OWN_WORDS),
    ("{f1} has ${f1.mean}.", check.OWN_WORDS),
    ("{f1} has {f1.mean}<b>99</b>.", check.OWN_WORDS),
    ("{f1} has {f1.mean}<!-- 99 -->.", check.OWN_WORDS),
    ("{f1} has [{f1.mean}](http://example.test).", check.OWN_WORDS),
    ("{f1} has {f1.mean}\u200b99.", check.OWN_WORDS),
    ("{f1} has {f1.mean}. Everything has 99.9.", check.OWN_WORDS),
    ("In the 1950s, {f1} has {f1.mean}.", check.OWN_WORDS),
    ("{f1} has {f1.mean} (12 films).", check.OWN_WORDS),
    ("Drama has a mean of 99.9 out of 100.", check.NO_FACT),
    ("", check.NO_FACT),
    ("{f1}", check.VALUE_OF_OTHER),
    # numbers of one, names of another
    ("{f1} has {f2.mean}.", check.VALUE_OF_OTHER),
    ("{f1} has {f2.mean}, and {f2} has {f1.mean}.", check.VALUE_OF_OTHER),
    ("{f1}, with {f1.mean}, and {f2.mean}.", check.VALUE_OF_OTHER),
    ("{f1.mean} has {f1.mean}.", check.VALUE_OF_OTHER),
    ("Comedy, like {f1}, has {f1.mean}.", check.OWN_WORDS),
    ("{f1} has Comedy's {f1.mean}.", check.OWN_WORDS),
    ("{f1} and {f2} has {f2.mean}.", check.VALUE_OF_OTHER),
    ("{f1} has {f1.mean} and {f2} have {f2.mean}.", check.OWN_WORDS),
    # claims of the model's own
    ("{f1} has never {f1.mean}.", check.OWN_WORDS),
    ("{f1} has not {f1.mean}.", check.OWN_WORDS),
    ("{f1} fell to {f1.mean}.", check.OWN_WORDS),
    ("{f1} has nearly {f1.mean}.", check.OWN_WORDS),
    ("{f1} has the highest {f1.mean}.", check.OWN_WORDS),
    ("{f1} rose from {f1.median} to {f1.mean}.", check.OWN_WORDS),
    ("{f1} has {f1.mean} thanks to Ann Ash.", check.OWN_WORDS),
    # false comparisons
    ("{f2} has {f2.mean}, ahead of {f1} with {f1.mean}.", check.FALSE_COMPARISON),
    ("{f1} has {f1.mean}, below {f2} with {f2.mean}.", check.FALSE_COMPARISON),
    ("{f1} has {f1.mean}, above {f6} with {f6.mean}.", check.FALSE_COMPARISON),
    ("{f1} has {f1.mean}, above {f2} with {f2.median}.", check.FALSE_COMPARISON),
    ("{f1} has {f1.mean}, above {f1} with {f1.mean}.", check.FALSE_COMPARISON),
    ("{f1} has {f1.mean}, above {f2} with {f2.mean}, and {f4} with {f4.mean}.", check.FALSE_COMPARISON),
    ("{f1} has {f1.mean} and {f1.p90}, above {f2} with {f2.mean}.", check.FALSE_COMPARISON),
    ("{f1} has {f1.mean_and_place}, above {f2} with {f2.mean}.", check.UNKNOWN_FACT),
    ("{f1} has {f1.mean}, above {f7} with {f7.mean}.", check.FALSE_COMPARISON),
    ("{f8} has {f8.rank}, above {f1} with {f1.mean}.", check.FALSE_COMPARISON),
    # facts that are not there
    ("{f99} has {f99.mean}.", check.UNKNOWN_FACT),
    ("{f1} has {f1.gross}.", check.UNKNOWN_FACT),
    ("{f1} has {f1.__class__}.", check.UNKNOWN_FACT),
    ("{f１} has {f１.mean}.", check.NO_FACT),
    ("{f1!r} has {f1.mean!r}.", check.NO_FACT),
    ("{f1} has {f1.mean:.9f}.", check.VALUE_OF_OTHER),
    ("; ".join(["{f1} has {f1.mean}"] * 5) + ".", check.TOO_LONG),
]
