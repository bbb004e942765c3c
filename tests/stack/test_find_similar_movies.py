"""FindSimilarMovies on the deployed stack: its function URL, signed and not, and the command beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from insights.columns import RECOMMENDATIONS
from insights.lake import Lake
from insights.similar import recommendations
from pipeline import aws
from reelhouse.stack import Stack
from tests.running import WATCH_SECONDS, reelhouse, wait_until


def lake_of(stack: Stack) -> Lake:
    return Lake(stack["GoldBucketName"], stack["GoldDatabaseName"], stack["SilverBucketName"])


@pytest.fixture
def recommended(stack: Stack) -> Stack:
    """The stack with recommendations in Gold, which a report of another test may have published."""
    lake = lake_of(stack)
    if RECOMMENDATIONS.name not in lake.tables():
        lake.publish(RECOMMENDATIONS, recommendations.build(lake.table("movies")))
    return stack


ROOT = object()


def get(stack: Stack, path: str, credentials: Any = ROOT, sent: str = "") -> requests.Response:
    """Ask the function URL, signed unless ``credentials`` is None; ``sent`` is a path in place of the signed one.

    The emulator serves it on its own port, told apart by the Host header.
    """
    headers = {"Host": urlsplit(stack["FindSimilarMoviesAddress"]).netloc}
    url = os.environ["AWS_ENDPOINT_URL"] + path
    if credentials is not None:
        request = AWSRequest("GET", url, headers=headers)
        signer = boto3.Session().get_credentials() if credentials is ROOT else credentials
        SigV4Auth(signer, "lambda", os.environ["AWS_REGION"]).add_auth(request)
        headers = dict(request.headers)
    return requests.get(os.environ["AWS_ENDPOINT_URL"] + (sent or path), headers=headers, timeout=WATCH_SECONDS)


def test_similar_films_by_id_and_by_title(recommended: Stack) -> None:
    by_id = get(recommended, "/similar/tt0068646?k=5")
    by_title = get(recommended, "/similar?title=the%20GODFATHER&k=5")

    assert by_id.status_code == by_title.status_code == 200
    answer = by_id.json()
    assert answer == by_title.json()
    assert (answer["imdb_id"], answer["title"], answer["year"]) == ("tt0068646", "The Godfather", 1972)
    assert [film["rank"] for film in answer["similar"]] == [1, 2, 3, 4, 5]
    assert all(film["because"] and film["imdb_id"] != "tt0068646" for film in answer["similar"])


@pytest.mark.parametrize(
    ("path", "status"), [("/similar/tt9999999", 404), ("/similar/tt0068646?k=0", 400), ("/elsewhere", 400)]
)
def test_what_cannot_be_answered_says_why(recommended: Stack, path: str, status: int) -> None:
    answer = get(recommended, path)

    assert answer.status_code == status
    assert answer.json()["error"]


def test_unsigned_calls_and_calls_of_strangers_are_refused(recommended: Stack) -> None:
    stranger = Credentials("AKIASTRANGER00000000", "a secret of somebody else")

    assert get(recommended, "/similar/tt0068646", None).status_code == 403
    assert get(recommended, "/similar/tt0068646", stranger).status_code == 403


CALLER = "caller-of-similar-movies"


def allow(*actions: str, resource: str) -> None:
    """Give the caller these rights, and no others."""
    statements = [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    aws.client("iam").put_user_policy(UserName=CALLER, PolicyName="Call", PolicyDocument=document)


@pytest.fixture
def caller(stack: Stack) -> Iterator[Credentials]:
    """A user who may call the function URL, and nothing else: the emulator checks signatures of all but its root."""
    iam = aws.client("iam")
    arn = aws.client("lambda").get_function_configuration(FunctionName=stack["FindSimilarMoviesName"])["FunctionArn"]
    iam.create_user(UserName=CALLER)
    # AWS asks for both since October 2025.
    allow("lambda:InvokeFunctionUrl", "lambda:InvokeFunction", resource=arn)
    key = iam.create_access_key(UserName=CALLER)["AccessKey"]
    yield Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    iam.delete_access_key(UserName=CALLER, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=CALLER, PolicyName="Call")
    iam.delete_user(UserName=CALLER)


def test_a_wrong_signature_is_refused(recommended: Stack, caller: Credentials) -> None:
    wrong = Credentials(caller.access_key, "not this user's secret")

    assert get(recommended, "/similar/tt0068646?k=1", caller).status_code == 200
    assert get(recommended, "/similar/tt0068646?k=1", wrong).status_code == 403
    assert get(recommended, "/similar/tt0068646?k=1", caller, sent="/similar/tt0071562?k=1").status_code == 403


def test_a_good_signature_without_the_right_is_refused(recommended: Stack, caller: Credentials) -> None:
    allow("lambda:InvokeFunctionUrl", "lambda:InvokeFunction", resource="arn:aws:lambda:*:*:function:another")

    assert get(recommended, "/similar/tt0068646?k=1", caller).status_code == 403


def test_new_recommendations_are_answered_within_seconds(recommended: Stack) -> None:
    before = get(recommended, "/similar/tt0068646?k=1").json()["similar"][0]["imdb_id"]
    lake = lake_of(recommended)
    published = lake.table(RECOMMENDATIONS.name)
    lake.publish(RECOMMENDATIONS, published[published["recommended_imdb_id"] != before])
    try:
        wait_until(lambda: get(recommended, "/similar/tt0068646?k=1").json()["similar"][0]["imdb_id"] != before)
    finally:
        lake.publish(RECOMMENDATIONS, published)


def test_the_command_answers_as_the_function_does(recommended: Stack) -> None:
    done = similar("godfater", "-k", "3", "--json")

    assert done.returncode == 0, done.stderr
    # A function may answer from the table of seconds ago.
    wait_until(lambda: json.loads(done.stdout) == get(recommended, "/similar/tt0068646?k=3").json())


def test_an_unknown_film_is_rejected_with_the_closest_titles(recommended: Stack) -> None:
    done = similar("the godmother of all films")

    assert done.returncode == 1
    assert "closest titles" in done.stderr
    assert "Traceback" not in done.stderr


def similar(*arguments: str) -> Any:
    return reelhouse("similar", *arguments)
