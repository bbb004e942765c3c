"""``reelhouse similar``: films similar to a film, found by title or id, from Gold."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from insights.find_similar_movies import named, similar_films
from reelhouse import console, stack
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
    error = f"{query}: several films have this title; repeat with the id or the year of one"
    if json_output:
        console.print_json({"error": error, **answer} if "films" in answer else answer)
    else:
        print_answer(answer)
    if "films" in answer:
        console.fail(error)
        raise typer.Exit(1)


def print_answer(answer: dict[str, Any]) -> None:
    """Print the similar films, or the films to choose from."""
    if "films" in answer:
        rows = [[film["imdb_id"], film["title"], film["year"]] for film in answer["films"]]
        console.print_table(["imdb_id", "title", "year"], rows)
        return
    film = named(answer)
    if answer["similar"]:
        names = ["rank", "title", "year", "match", "because"]
        films = [{**row, "match": round(100 * row["similarity"])} for row in answer["similar"]]
        console.print_table(names, [[row[name] for name in names] for row in films], f"Similar to {film}")
    else:
        console.out.print(f"{escape(film)} has no similar films: too little is known about it.")
