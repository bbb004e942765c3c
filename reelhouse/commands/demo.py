"""``reelhouse demo``, which `make run` calls: the whole pipeline once, and its results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insights.reports import notebooks
from pipeline import settings
from reelhouse import console, frames, stack
from reelhouse.commands import dashboard, report, up
from reelhouse.commands.run import WATCH_SECONDS, print_report, start, watch_to_end
from reelhouse.local.stack import REAL_LIST, REAL_OMDB, Options

# OMDb's free tier allows 1,000 calls a day.
MOST_REAL_FILMS = 250
REPORTS = Path("reports")
NEXT = (
    ("reelhouse status", "runs and queues"),
    ("reelhouse table", "names of all tables"),
    ("reelhouse table films_by_year --output years.csv", "a table as a file"),
    ("reelhouse run --top-n 20 --batch-size 5", "another run"),
    ("reelhouse doctor", "check everything"),
    ("reelhouse down", "stop; --delete removes data"),
)
RESULTS = {
    "Films in Gold": "SELECT count(*) AS films, min(year) AS first_year, max(year) AS last_year FROM movies",
    "Top genres by the source that rates most films (0-100; n = films rated)": """
        WITH most AS (SELECT source FROM ratings_by_genre GROUP BY source ORDER BY sum(films) DESC LIMIT 1)
        SELECT genre, source, mean, median, films AS n FROM ratings_by_genre JOIN most USING (source)
        WHERE films >= 20 ORDER BY mean DESC, genre LIMIT 8
    """,
    "Box office by decade (nominal US dollars; n = films with a figure)": """
        SELECT decade, mean_usd, median_usd, films_with_box_office AS n FROM box_office_by_decade
        WHERE films_with_box_office > 0 ORDER BY decade
    """,
    "Most frequent directors": "SELECT director, films FROM films_by_director ORDER BY films DESC, director LIMIT 8",
}


def command(films: Annotated[int, typer.Option(min=1, help="Films to ingest.")] = 1000) -> None:
    """Run everything once: stack, films, reports, results. `make run` does this.

    With OMDB_API_KEY set, it uses the real list and the real OMDb, and at most 250 films.

    Example: [bold]reelhouse demo --films 100[/]
    """
    key = settings.variable("OMDB_API_KEY")
    up.start(Options(REAL_LIST, REAL_OMDB, key) if key else Options())
    deployed = stack.find(None)
    reply = start(deployed, min(films, MOST_REAL_FILMS) if key else films, 10 if key else 20)
    result = watch_to_end(deployed, reply, WATCH_SECONDS)
    print_report(result)
    if result.status != "complete":
        raise typer.Exit(1)
    for title, sql in RESULTS.items():
        frames.show(deployed.lake().sql(sql), title)
    published = report.run(deployed, notebooks.discover(), {}, REPORTS)
    report.print_published(published, REPORTS, deployed)
    dashboard.print_page(dashboard.make(deployed.lake(), REPORTS / "dashboard.html"), browser=False)
    console.out.print("[bold]Next[/], after `source .venv/bin/activate`")
    console.print_fields(NEXT, width=max(len(example) for example, _ in NEXT))
    if not all(one.succeeded for one in published):
        raise typer.Exit(1)
