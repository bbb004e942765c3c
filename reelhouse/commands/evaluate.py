"""``reelhouse evaluate``: how good the recommendations are, measured on people's ratings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insights.similar.evaluate import Protocol, evaluate, read
from reelhouse import frames, stack
from reelhouse.options import Json, StackName


def command(
    ratings: Annotated[
        Path, typer.Option(help="CSV file: user, imdb_id, rating; or MovieLens' ratings.csv beside its links.csv.")
    ],
    k: Annotated[int, typer.Option("-k", min=1, max=20, help="Length of the lists.")] = 10,
    liked_from: Annotated[float, typer.Option(help="Lowest rating of a liked film.")] = 4.0,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Measure the recommendations on people's ratings.

    A list is good if people who like the film also like the films in it. Half of the users are held out to say which
    films are liked together. The baselines are random films, popular films, a metadata soup, and recommendations
    without a prior. NDCG and hit rate have 95% confidence intervals, for other users of the same films.

    Example: [bold]reelhouse evaluate --ratings ml-latest-small/ratings.csv[/]
    """
    rated = read(ratings)
    scores = evaluate(stack.find(stack_name).lake().table("movies"), rated, Protocol(k, liked_from))
    if json_output:
        frames.print_json(scores)
        return
    shown = scores[["method"]].assign(coverage=scores["coverage"].map("{:.0%}".format))
    for name, title in (("ndcg", f"NDCG@{k}"), ("hit_rate", "hit rate")):
        ends = scores[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False)
        shown[title] = [f"{mean:.3f} ({low:.3f} to {high:.3f})" for mean, low, high in ends]
    films, users = int(scores["films"].iloc[0]), int(scores["users"].iloc[0])
    frames.show(shown, f"Lists of {films:,} films against the likes of {users:,} users")
