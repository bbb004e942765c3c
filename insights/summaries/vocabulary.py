"""The words a summary's sentence may use beside its placeholders, by what they can claim. Pure data.

A word that is in no list is refused: it could be a number, a name, a cause, an opinion, a negation or a time. Neutral
words state nothing that facts could contradict; all others must be borne out, see :mod:`insights.summaries.check`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEUTRAL = _words(
    """
    a an the here of in on at by for from to with within among across as into and but while whereas though although
    against versus compared comparison contrast turn addition meanwhile moreover furthermore also alongside plus which
    who whose it its they their is are was were been has have had holds hold held holding carries carry carried shows
    show showed showing posts post posted stands stand stood standing sits sit sat comes come came reaches reach
    reached reaching makes make made making accounts account accounted accounting gets get got takes take took brings
    bring brought belongs belong belonged goes go went appears appear appeared joins join joined contributes contribute
    contributed contains contain contained counts count gives give gave giving includes include included features
    feature featured finishes finish finished arrives arrive arrived sees see saw produced produces produce moved moves
    move moving receives received receive claims claimed claim occupies occupied occupy represents represented
    represent constitutes constituted achieves achieved achieve registers registered register does do did
    list catalogue library collection film films movie movies title titles picture pictures genre genres decade decades
    category categories figure value whole group overall listed respectively entry entries work works credit
    credits credited name names range result data side based manages manage managed lands landed land
    collects collected collect records recorded attains attained garners garnered secures secured
    covers covered provides provided delivers delivered comprises comprised tally number terms measured find finds
    found mark amounts amounted amount slot according having being this these source sources ground showing coming
    """
)
PRONOUNS = _words("it its they their here this these")
POSSESSIVES = _words("its their whose")

# Words that call a value by its measure, and the measure (see facts.toml) they call it by.
MEASURES = {
    word: measure
    for measure, words in {
        "average": "average averages averaged averaging mean",
        "median": "median",
        "total": "total totals totalled",
        "share": "share shares proportion common commonest frequent often",
        "score": "score scores scored scoring outscores outscored outscoring highest-scoring top-scoring "
        "lowest-scoring",
        "rating": "rating ratings rated rate rates best-rated highest-rated lowest-rated worst-rated",
        "critics": "critics critical",
        "viewers": "viewers audiences",
        "reviews": "review reviews reviewers",
        "money": "earnings grosses gross grossed grossing takings outearns outearned outgrosses outgrossed "
        "highest-grossing top-grossing lowest-grossing",
        "box office": "box office",
        "length": "time clocks clocked runtime running runs run length lasts lasted outlasts long longer longest "
        "shorter shortest",
        "earned": "earns earn earned earning",
        "rank": "rank ranks ranked ranking place places placed spot position outranks outranked best-placed "
        "highest-placed highest-ranked top-ranked",
        "director": "director directors directs direct directed directing helmed",
        "difference": "difference gap",
        "trend": "trend",
        "interval": "interval confidence",
        "top-rated": "top-rated",
        "years": "period span",
    }.items()
    for word in words.split()
}
# Words that may also say what a subject is.
NOUNS = {
    "film": "film", "movie": "film", "genre": "genre", "decade": "decade", "director": "director",
    "films": "films", "movies": "films", "genres": "genre", "decades": "decade", "directors": "director",
}  # fmt: skip

# Each compares the subject before it with the subject after it: 1 says that the first is larger.
COMPARATIVES = {
    **dict.fromkeys(
        _words(
            "higher above ahead more larger bigger greater longer outscores outscored outscoring outearns outearned "
            "outgrosses outgrossed outranks outranked outnumbers outnumbered outlasts beats beat exceeds exceed "
            "exceeded surpasses surpassed tops topped leads led outperforms outperformed better followed"
        ),
        1,
    ),
    **dict.fromkeys(
        _words("lower below behind less fewer smaller shorter trails trail trailed lags lag lagged worse follows"), -1
    ),
}
# Those that need "than" before the subject they compare with; others are followed by it, or by "of".
NEED_THAN = _words("better worse higher more larger bigger greater longer lower less fewer smaller shorter")
# Each says that its subject is the first or last of all rows of its table.
SUPERLATIVES = {
    **dict.fromkeys(
        _words(
            "highest most largest biggest longest commonest top tops topped topping leads lead led leading leader "
            "heads headed heading first dominates dominated best best-rated highest-rated top-scoring highest-scoring "
            "highest-grossing top-grossing best-placed highest-placed highest-ranked top-ranked"
        ),
        1,
    ),
    **dict.fromkeys(
        _words(
            "lowest least fewest smallest shortest bottom last end worst lowest-rated worst-rated lowest-scoring "
            "lowest-grossing"
        ),
        -1,
    ),
}
TRENDS = {
    **dict.fromkeys(
        _words(
            "rising rise rises rose risen growing grows grew grown increasing increases increased climbing climbs "
            "climbed climb gaining gains gained gain expanding jumps jumped jumping advances advanced growth upward"
        ),
        1,
    ),
    **dict.fromkeys(
        _words(
            "falling fall falls fell fallen declining declines declined shrinking shrinks shrank decreasing decreases "
            "decreased dropping drops dropped drop losing loses lost slipping slips slipped decline slides slid "
            "sliding sinks sank downward down"
        ),
        -1,
    ),
}
QUANTIFIERS = _words("both all")
# Between the two that they compare stands no other: "followed by Comedy", "follows Drama".
NEIGHBOURS = _words("followed follows")
# Before "other genres" they make a comparison one with all others: "higher than any other genre".
EVERY_OTHER = _words("any every all")
# With these, "more common" and "less common" say what changed over time.
BECOMES = _words("become becomes became becoming grown growing getting")
# Each compares the share of the top-rated films with the share of the list.
REPRESENTED = {
    "overrepresented": 1, "over-represented": 1, "underrepresented": -1, "under-represented": -1,
}  # fmt: skip
FREQUENCIES = _words("common frequent often")
# After "over the" they are the time over which a trend is measured.
PERIODS = _words("years time decades period")
EARNS = _words("earn earns earned earning")
# Prepositions by which a value stands before its subject: "22% for Drama", "the average of Drama".
BEFORE_SUBJECT = _words("for of by from in to goes belongs the is was comes went")
# What may stand between a subject that is compared with and a value of its own: "Drama leads Comedy (54.6)".
AFTER_COMPARED = _words("( 's")
# Prepositions that would narrow what a sentence says: "In the 1970s, Drama has 65.2".
NARROWING = _words("in of for by from within among across on at into")
# "up" is part of a verb, or says that something rose.
MAKES = _words("make makes made making take takes took")
MOVES = _words("moved moves move moving went")
# A film that is new on the list joins it; others were there before.
JOINS = _words("joins join joined arrives arrive arrived")
# A director does neither, as far as the facts say.
MAKES_OR_ACTS = _words("produces produce produced appears appear appeared features feature featured")
# After the last placeholder they say that something else has the value too: "as the whole list has".
HAVING = _words("has have had holds hold held does do did")
# Words by which the list as a whole is meant.
WHOLE = _words("list listed catalogue library collection overall whole")
# These compare sizes, unless a measure stands beside them.
SIZES = _words("larger bigger smaller largest biggest smallest outnumbers outnumbered")
SIZE_MEASURES = _words("share films money")
# What a director does; a film is directed "by" one.
DIRECTING = _words("directs direct directed directing helmed")
# Known only right after one of the first words, or right before one of the second.
ONLY_BESIDE: Mapping[str, tuple[Collection[str], Collection[str]]] = {
    **dict.fromkeys(EVERY_OTHER - {"all"}, ((), {"other"})),
    **dict.fromkeys(BECOMES - TRENDS.keys(), ((), {"more", "less"})),
    **dict.fromkeys(_words("best worst"), ((), MEASURES)),
    "but": ({","}, ()),
    "followed": ((), {"by"}),
    "other": (EVERY_OTHER, {"end"}),
    "out": (_words("stand stands stood standing come comes came"), ()),
    "well": ({"as"}, {"as"}),
}
