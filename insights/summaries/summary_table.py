"""The columns of the Gold table that :mod:`.summaries` makes."""

from __future__ import annotations

from pipeline.columns import Column, Table

NOT_SAID = "the service does not say"

SUMMARIES = Table(
    "summaries",
    "gold",
    "Answers to questions about the library, every number and name in them a row of Gold; one row a question.",
    (
        Column("question_id", "string", "Question, such as top_rated or genre/Drama"),
        Column("question", "string", "The question as it is asked"),
        Column("text", "string", "The answer as plain text: notes, sentences, and who wrote them if no model did"),
        Column("written_by", "string", "model and its name when it wrote at least one sentence, else computed"),
        Column("reason", "string", "Why no model wrote it, empty when one did"),
        Column("sentences", "array<string>", "The sentences of the answer; the model's first"),
        Column("sentence_facts", "array<string>", "Ids of the facts each sentence stands on, parted by blanks"),
        Column("by_model", "int", "How many of the sentences are the model's", "sentences"),
        Column("dropped", "int", "Sentences of the model that did not stand the check", "sentences"),
        Column("dropped_reasons", "array<string>", "Each reason with its number of sentences"),
        Column("fact_ids", "array<string>", "Ids of all facts the question had: table and key"),
        Column("facts_hash", "string", "SHA-256 of all that the facts say"),
        Column("missing", "array<string>", "Tables that had no facts for the question"),
        Column("cached", "boolean", "The model's answer was kept from an earlier report"),
        Column("tokens_in", "bigint", "Tokens sent, 0 when no model was asked", "tokens", NOT_SAID),
        Column("tokens_out", "bigint", "Tokens received, 0 when no model was asked", "tokens", NOT_SAID),
        Column("run_id", "string", "Newest run in the data", null="the data names no run"),
        Column("created_at", "timestamp", "When the summary was made", "UTC"),
    ),
)
