"""``reelhouse similar``: films similar to a film, found by title or id, from Gold."""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
import typer
from rich.markup import escape

from insights.find_similar_movies import GoldCatalogue
from insights.similar.lookup import Match
from pipeline.errors import InvalidInput
from reelhouse import console, stack
from reelhouse.gold import frames
from reelhouse.options import Json, StackName
from reelhouse.stack import Stack


def command(
    query: Annotated[str, typer.Argument(help="A title, with or without its year, or an IMDb id.")],
    k: Annotated[int, typer.Option("-k", min=1, max=20, help="Films to show.")] = 10,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Find films similar to a film, with the reasons.

    Exit 1 for an unknown film, and when several films fit.

    Example: [bold]reelhouse similar "the godfather" -k 5[/]
    """
    answer = similar(stack.find(stack_name), query, k)
    if json_output:
        console.print_json(answer)
    else:
        print_answer(answer)
    if "films" in answer:
        raise typer.Exit(1)


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


def print_answer(answer: dict[str, Any]) -> None:
    """Print the similar films, or the films to choose from."""
    if "films" in answer:
        frames.show(pd.DataFrame(answer["films"]), "Several films fit: repeat with the id or the year of one")
    elif not answer["similar"]:
        console.out.print(
            f"{escape(answer['title'])} ({answer['year']}) has no similar films: too little is known about it."
        )
    else:
        films = pd.DataFrame(answer["similar"]).drop(columns="imdb_id").rename(columns={"similarity": "match"})
        films["match"] = (100 * films["match"]).round().astype(int)
        frames.show(films, f"Similar to {answer['title']} ({answer['year']}, {answer['imdb_id']})")
