"""``reelhouse similar``: similar films of a film, by its title or id, answered from Gold."""

from __future__ import annotations

from typing import Any

import pandas as pd

from insights.find_similar_movies import GoldCatalogue
from insights.similar.lookup import Match
from pipeline.errors import InvalidInput
from reelhouse import show
from reelhouse.stack import Stack


def similar(stack: Stack, query: str, k: int) -> dict[str, Any]:
    """Answer as the function URL does.

    Returns
    -------
    dict
        With ``similar``, or with ``films`` where several fit the title.

    Raises
    ------
    InvalidInput
        For an unknown film, with the closest titles.
    """
    catalogue = GoldCatalogue(stack["GoldBucketName"])()
    match = catalogue.find(query)
    if len(match.films) == 1:
        return catalogue.similar(match.films[0].imdb_id, k)
    if match.films:
        return {"films": [film.shown() for film in match.films]}
    raise InvalidInput("no such film in the catalogue", subject=query, next_step=_closest(match))


def _closest(match: Match) -> str:
    titles = ", ".join(f"{film.title} ({film.year}, {film.imdb_id})" for film in match.closest)
    return f"the closest titles are: {titles}" if titles else "give its title or IMDb id"


def show_answer(answer: dict[str, Any]) -> None:
    """Print the similar films, or the films to choose from."""
    if "films" in answer:
        show.frame("Several films fit: ask again with the id or the year of one", pd.DataFrame(answer["films"]))
    elif not answer["similar"]:
        show.out.print(f"{answer['title']} ({answer['year']}) has no similar films: too little is known of it.")
    else:
        films = pd.DataFrame(answer["similar"]).drop(columns="imdb_id")
        show.frame(f"Similar to {answer['title']} ({answer['year']}, {answer['imdb_id']})", films)
