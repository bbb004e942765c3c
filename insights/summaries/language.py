"""The controlled language in which a summary's sentences are written, by a model and by the computed text alike.

A sentence is made of one to four clauses about one fact each::

    [OPENER] {f1} JOINT {f1.mean} [BETWEEN {f1.median} …] [CONNECTOR {f2} JOINT {f2.mean} …] .

``{f1}`` stands for a fact's subject and ``{f1.mean}`` for one of its values; both are written by our code from Gold.
All other words are the phrases below, none of which says anything by itself except the comparisons, and those are
checked. So a number, a name, a unit or a claim can come from Gold only. Pure data; reads and writes nothing.
"""

from __future__ import annotations

CLAUSES_PER_SENTENCE = 4

OPENERS = ("", "Here, ", "In this data, ", "Also, ", "In addition, ", "By contrast, ", "Meanwhile, ")
JOINTS = (
    " has ",
    " also has ",
    " shows ",
    " with ",
    ", with ",
    ", which has ",
    " comes with ",
    " carries ",
    " at ",
    " stands at ",
    " holds ",
    " records ",
    " accounts for ",
    " makes up ",
    ": ",
)
BETWEENS = (
    ", ",
    " and ",
    ", and ",
    " with ",
    ", with ",
    ", and it has ",
    " and also has ",
    " as well as ",
    ", along with ",
    ", together with ",
    "; it has ",
)
NEUTRAL_CONNECTORS = (
    "; ",
    ", and ",
    ", while ",
    ", whereas ",
    ", but ",
    ", although ",
    ", compared with ",
    "; by contrast, ",
    "; meanwhile, ",
)
# Each says that every value before it is larger (1), or smaller (-1), than every value after it.
COMPARING_CONNECTORS = {
    ", ahead of ": 1,
    ", above ": 1,
    ", more than ": 1,
    ", higher than ": 1,
    ", behind ": -1,
    ", below ": -1,
    ", less than ": -1,
    ", fewer than ": -1,
    ", lower than ": -1,
}
