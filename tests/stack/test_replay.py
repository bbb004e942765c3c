"""Replay on the deployed stack: under new code, with a film that changes its outcome, and after an interruption."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from pipeline import aws, keys
from pipeline.silver.reader import SilverReader
from reelhouse import lake
from reelhouse.commands.publish import publish
from reelhouse.commands.replay import Replay, replay
from reelhouse.commands.verify import verify
from reelhouse.local.deploy import build_folder
from reelhouse.operate.outcomes import OUTCOMES
from reelhouse.stack import Stack
from tests.running import Omdb, let_events_settle

LONGEST = 110
NEW_VERSION = "new-version"


@pytest.fixture
def deploy(stack: Stack) -> Iterator[Callable[[str, str, str], None]]:
    """Deploys ProcessBronzeToSilver with a text of one of its files replaced; after the test it is as it was."""
    template = json.loads((build_folder() / "template.yaml").read_text(encoding="utf-8"))
    built = build_folder() / template["Resources"]["ProcessBronzeToSilver"]["Properties"]["CodeUri"]

    def update(code: bytes) -> None:
        # The emulator ends a function that is running, whose events would return after minutes.
        let_events_settle(stack)
        aws.client("lambda").update_function_code(FunctionName=stack["ProcessBronzeToSilverName"], ZipFile=code)

    yield lambda name, old, new: update(changed(built, name, old, new))
    update(built.read_bytes())


def changed(built: Path, module: str, old: str, new: str) -> bytes:
    """Return an archive of code with a text of one of its modules replaced, and another version."""
    code = io.BytesIO()
    with zipfile.ZipFile(built) as before, zipfile.ZipFile(code, "w") as after:
        for name in before.namelist():
            body = before.read(name)
            if name == f"pipeline/{module}.py":
                assert old.encode() in body
                body = body.replace(old.encode(), new.encode())
            # Python would not compare packed bytecode with the changed source.
            if not name.startswith(f"pipeline/__pycache__/{module}."):
                after.writestr(name, NEW_VERSION if name == "pipeline/CODE_VERSION" else body)
    return code.getvalue()


def outcomes(stack: Stack, run_id: str) -> dict[str, list[str]]:
    """Outcomes of each film of a run, as Silver's objects have them, doubles included."""
    reader = SilverReader(stack["SilverBucketName"], [run_id])
    reader.refresh()
    by_film: dict[str, list[str]] = {}
    for _, imdb_id, _, _, _, outcome in reader.query(OUTCOMES):
        by_film.setdefault(imdb_id, []).append(outcome)
    return by_film


def again(stack: Stack, run_id: str) -> Replay:
    let_events_settle(stack)
    return replay(stack, [run_id], lambda *_: None)


def test_new_code_gives_films_another_outcome(
    stack: Stack, omdb: Omdb, deploy: Callable[[str, str, str], None], new_run: Callable[[int, int], str]
) -> None:
    run_id = new_run(30, 5)
    movies = lake.table("movies").query("run_id == @run_id")
    long = set(movies[movies["runtime_minutes"] > LONGEST]["imdb_id"])
    assert 0 < len(long) < 30
    omdb.reset_calls()
    deploy("columns", "high=60_000", f"high={LONGEST}")

    result = again(stack, run_id)

    assert (result.status, result.objects, result.missing) == ("held", 31, [])
    assert omdb.calls() == {}
    after = outcomes(stack, run_id)
    assert {film for film, what in after.items() if what == ["quarantined"]} == long
    assert {film for film, what in after.items() if what == ["silver"]} == set(movies["imdb_id"]) - long
    assert result.changes["silver.movies"].removed == result.changes["silver.quarantine"].added == len(long)
    assert result.changes["silver.movies"].changed == 0
    # Most films of the newest run are quarantined now: Gold stays as it was until a person says that this is right.
    assert result.held is not None
    assert "quarantined" in result.held.reasons[0]
    assert all(change.same for name, change in result.changes.items() if name.startswith("gold."))
    publish(stack, result.held.build_id, "films must be shorter now")
    gold = lake.table("movies").query("run_id == @run_id")
    assert set(gold["imdb_id"]) == set(movies["imdb_id"]) - long
    assert set(gold["code_version"]) == {NEW_VERSION}
    assert stack.build().runs[run_id].quarantined == len(long)


def test_a_replay_by_the_same_code_changes_nothing_but_finishes_what_was_interrupted(
    stack: Stack, new_run: Callable[[int, int], str]
) -> None:
    """Both generations are there, as after a replay that died before it removed the old one."""
    run_id = new_run(10, 5)
    let_events_settle(stack)
    s3, bucket = aws.client("s3"), stack["SilverBucketName"]
    for part in aws.list_objects(s3, bucket, keys.run_prefix("movies", run_id)):
        copy = keys.silver_part(run_id, "0" * 32, keys.rows_of(part.key))
        s3.put_object(Bucket=bucket, Key=copy, Body=aws.get(s3, bucket, part.key)[0])
    imdb_id = next(iter(stack.manifest(run_id).expected))
    assert outcomes(stack, run_id)[imdb_id].count("silver") >= 1

    result = again(stack, run_id)

    assert result.status == "complete"
    assert result.removed >= 1
    assert all(what == ["silver"] for what in outcomes(stack, run_id).values())
    assert all(change.same for change in result.changes.values()), result.changes
    assert verify(stack, run_id).ok


def test_an_object_that_cannot_be_processed_keeps_the_old_silver_of_its_run(
    stack: Stack, new_run: Callable[[int, int], str]
) -> None:
    """A Bronze object put there by hand, of another schema, is parked; nothing old is removed."""
    run_id = new_run(5, 5)
    s3 = aws.client("s3")
    let_events_settle(stack)
    before = {e.key for e in aws.list_objects(s3, stack["SilverBucketName"]) if keys.run_of(e.key) == run_id}
    bad = keys.film("movies", run_id, "tt0000002")
    s3.put_object(Bucket=stack["BronzeBucketName"], Key=bad, Body=b"no JSON")

    result = replay(stack, [run_id], lambda *_: None, patience=5)

    assert result.status == "incomplete"
    assert bad in result.missing
    assert result.removed == 0
    after = {e.key for e in aws.list_objects(s3, stack["SilverBucketName"]) if keys.run_of(e.key) == run_id}
    assert before <= after


def test_parts_with_a_column_less_and_one_more_are_read_together(
    stack: Stack, new_run: Callable[[int, int], str]
) -> None:
    run_id = new_run(5, 5)
    s3, bucket = aws.client("s3"), stack["SilverBucketName"]
    part = aws.list_objects(s3, bucket, keys.run_prefix("movies", run_id))[0].key
    original = aws.get(s3, bucket, part)[0]
    # Arrow's types, since pandas makes a column of whole numbers and nulls a column of decimals.
    older = pd.read_parquet(io.BytesIO(original), dtype_backend="pyarrow").drop(columns=["rated"]).assign(later="x")
    s3.put_object(Bucket=bucket, Key=part, Body=older.to_parquet(index=False))

    stack.build_gold()

    movies = lake.table("movies")
    mine = movies["imdb_id"].isin(older["imdb_id"]) & (movies["run_id"] == run_id)
    assert mine.sum() == len(older)
    assert movies[mine]["rated"].isna().all()
    assert movies[~mine]["title"].notna().all()
    assert "later" not in movies.columns
