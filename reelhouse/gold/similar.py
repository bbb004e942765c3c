"""``reelhouse similar``: films similar to a film, found by title or id, from Gold."""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
import typer
from rich.markup import escape

from insights.find_similar_movies import similar_films
from reelhouse import console, stack
from reelhouse.gold import frames
from reelhouse.options import Json, StackName


def command(
    query: Annotated[str, typer.Argument(help="A title, with or without its year, or an IMDb id.", metavar="TITLE")],
    k: Annotated[int, typer.Option("-k", min=1, max=20, help="Films to show.")] = 10,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Find films similar to a film, with the reasons.

    Exit 1 for an unknown film, and when several films fit.

    Example: [bold]reelhouse similar "the godfather" -k 5[/]
    """
    answer = similar_films(stack.find(stack_name)["GoldBucketName"], query, k)
    if json_output:
        console.print_json(answer)
    else:
        print_answer(answer)
    if "films" in answer:
        raise typer.Exit(1)


def print_answer(answer: dict[str, Any]) -> None:
    """Print the similar films, or the films to choose from."""
    if "films" in answer:
        frames.show(pd.DataFrame(answer["films"]), "Several films fit: repeat with the id or the year of one")
        return
    film = f"{answer['title']} ({answer['year']}, {answer['imdb_id']})"
    if answer["similar"]:
        films = pd.DataFrame(answer["similar"]).drop(columns="imdb_id").rename(columns={"similarity": "match"})
        films["match"] = (100 * films["match"]).round().astype(int)
        frames.show(films, f"Similar to {film}")
    else:
        console.out.print(f"{escape(film)} has no similar films: too little is known about it.")
