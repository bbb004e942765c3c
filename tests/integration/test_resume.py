"""Resuming a run on moto: what it lacks is requested again, films rejected for an unusable body included."""

from __future__ import annotations

import json

from pipeline import keys
from reelhouse.run.resume import resume
from reelhouse.stack import QUEUES, Stack
from tests.integration.moto_lake import Cold, Lake, Omdb, Top, s3_event, sqs_event


def stack_of(lake: Lake) -> Stack:
    outputs = {f"{bucket}BucketName": bucket.lower() for bucket in ("Bronze", "Silver", "Gold")}
    outputs |= {f"{queue}Url": lake.sqs.create_queue(QueueName=queue)["QueueUrl"] for queue in QUEUES}
    return Stack("moto", outputs)


def test_a_film_rejected_for_its_body_is_requested_again(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> None:
    good, unknown, evil = top(3)
    omdb.error(unknown, "Incorrect IMDb ID.")
    omdb.answers[evil] = (200, b'{"Title":"cut')
    run_id = str(handler("get_movies_and_send_to_queue")({})["run_id"])
    handler("enrich_and_store_movie")(sqs_event(*lake.receive()))
    announced = [s3_event(key) for key in lake.keys("bronze") if not key.startswith("source/")]
    handler("process_bronze_to_silver")(sqs_event(*announced))
    assert lake.keys("bronze", "rejected/") == [keys.film("rejected", run_id, film) for film in (unknown, evil)]
    omdb.film(evil)
    omdb.film(unknown)

    reply = resume(stack_of(lake), run_id)

    (message,) = lake.receive()
    assert [movie["id"] for movie in json.loads(message["Body"])["movies"]] == [evil]
    assert "1 film from OMDb" in reply.note
    handler("enrich_and_store_movie")(sqs_event(message))
    assert lake.keys("bronze", "movies/") == [keys.film("movies", run_id, film) for film in (good, evil)]
