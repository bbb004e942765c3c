"""The Gold tables that insights make, in one place; their columns stand beside the modules that fill them."""

from __future__ import annotations

from insights.predictions.prediction_tables import PREDICTION_SCORES, PREDICTIONS
from insights.summaries.summary_table import SUMMARIES
from insights.trends.trend_tables import GENRE_TRENDS, RANK_MOVERS
from pipeline.columns import Column, Table

RECOMMENDATIONS = Table(
    "recommendations",
    "gold",
    "Similar films of each film, best first.",
    (
        Column("imdb_id", "string", "The film asked for"),
        Column("rank", "int", "Place among its recommendations", "1 is best"),
        Column("recommended_imdb_id", "string", "The film recommended"),
        Column("similarity", "double", "How alike the two films are", "0-1"),
        Column("because", "string", "What both films have in common", null="nothing that can be named"),
    ),
)

INSIGHTS_TABLES = {
    table.name: table
    for table in (GENRE_TRENDS, RANK_MOVERS, RECOMMENDATIONS, SUMMARIES, PREDICTIONS, PREDICTION_SCORES)
}
