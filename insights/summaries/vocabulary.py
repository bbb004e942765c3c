"""The words a summary's sentence may use beside its placeholders, by what they can claim. Pure data.

A word that is in no list is refused: it could be a number, a name, a cause, an opinion, a negation or a time. Neutral
words state nothing that facts could contradict; all others must be borne out, see :mod:`insights.summaries.check`.
"""

from __future__ import annotations


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
    credits credited name names range result data side based
    """
)
PRONOUNS = _words("it its they their here")
POSSESSIVES = _words("its their whose")

# Words that call a value by its measure, and the measure (see facts.toml) they call it by.
MEASURES = {
    word: measure
    for measure, words in {
        "average": "average averages averaged averaging mean",
        "median": "median",
        "total": "total totals totalled",
        "share": "share shares proportion common commonest frequent often",
        "score": "score scores scored scoring outscores outscored outscoring",
        "rating": "rating ratings rated",
        "reviews": "review reviews reviewers",
        "money": "earnings grosses gross grossed takings outearns outearned outgrosses outgrossed",
        "box office": "box office",
        "length": "time clocks clocked runtime running runs run length lasts lasted longer longest shorter shortest",
        "earned": "earns earn earned",
        "rank": "rank ranks ranked ranking place places placed spot position outranks outranked",
        "director": "director directors directs direct directed directing",
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
            "exceeded surpasses surpassed tops topped leads led outperforms outperformed better"
        ),
        1,
    ),
    **dict.fromkeys(
        _words("lower below behind less fewer smaller shorter trails trail trailed lags lag lagged worse"), -1
    ),
}
# Those that need "than" before the subject they compare with; others are followed by it, or by "of".
NEED_THAN = _words("better worse higher more larger bigger greater longer lower less fewer smaller shorter")
# Each says that its subject is the first or last of all rows of its table.
SUPERLATIVES = {
    **dict.fromkeys(
        _words(
            "highest most largest biggest longest commonest top tops topped leads lead led leading leader heads headed "
            "first dominates dominated"
        ),
        1,
    ),
    **dict.fromkeys(_words("lowest least fewest smallest shortest bottom last"), -1),
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
            "decreased dropping drops dropped drop losing slipping slips slipped decline slides slid "
            "sliding sinks sank downward down"
        ),
        -1,
    ),
}
QUANTIFIERS = _words("both all")
# Prepositions by which a value stands before its subject: "22% for Drama", "the average of Drama".
BEFORE_SUBJECT = _words("for of by from in to goes belongs the is was comes went")
# What may stand between a subject that is compared with and a value of its own: "Drama leads Comedy (54.6)".
AFTER_COMPARED = _words("( 's")
# Prepositions that would narrow what a sentence says: "In the 1970s, Drama has 65.2".
NARROWING = _words("in of for by from within among across on at into")
# "up" is part of a verb, or says that something rose.
MAKES = _words("make makes made making")
MOVES = _words("moved moves move moving went")
# Words by which the list as a whole is meant.
WHOLE = _words("list listed catalogue library collection overall whole")
# These compare sizes, unless a measure stands beside them.
SIZES = _words("larger bigger smaller largest biggest smallest")
SIZE_MEASURES = _words("share films money")
# What a director does; a film is directed "by" one.
DIRECTING = _words("directs direct directed directing")
