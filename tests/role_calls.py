"""The calls that each role of the templates may make, and those that no role may, for tests/stack/test_iam.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RUN = "run_id=20261124T000000Z-00000000"
BUILD = "20261124T030000.000000Z"
FILM = f"{RUN}/imdb_id=tt0000001.json"
LIST_BUCKET = "roles-source"
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}
# Answers that prove the call was authorised: it names something missing or is invalid, so nothing happens.
LET_IN = {
    "allowed", "404", "NoSuchKey", "NoSuchUpload", "EntityNotFoundException", "ResourceNotFoundException",
    "InvalidExecutionInput", "InvalidRequestException", "InvalidParameterException", "LayersNotFoundException",
    "UploadNotFoundException", "ReceiptHandleIsInvalid", "InvalidReceiptHandle", "ImageNotFoundException",
    "EmptyUploadException", "InvalidLayerPartException", "InvalidParameterValue",
}  # fmt: skip
SERVICES = {"states": "stepfunctions"}
METHODS = {
    "s3:ListBucket": "list_objects_v2", "s3:ListMultipartUploadParts": "list_parts",
    "s3:ListBucketMultipartUploads": "list_multipart_uploads",
    "s3:DeleteObjectVersion": "delete_object", "lambda:InvokeFunction": "invoke", "sqs:SendMessage*": "send_message",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Call:
    """An IAM action and the arguments of its call, in which logical ids stand for physical names."""

    action: str
    arguments: dict[str, Any]

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        """Compare by API call and arguments: two actions may be tried by the same call."""
        return isinstance(other, Call) and (self.service, self.method, self.arguments) == (
            other.service, other.method, other.arguments,
        )  # fmt: skip

    @property
    def service(self) -> str:
        prefix = self.action.partition(":")[0]
        return SERVICES.get(prefix, prefix)

    @property
    def method(self) -> str:
        verb = self.action.partition(":")[2]
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in verb).lstrip("_")
        return METHODS.get(self.action, snake)


def s3(verb: str, bucket: str, key: str = "", **more: Any) -> Call:
    return Call(f"s3:{verb}", {"Bucket": bucket, **({"Key": key} if key else {}), **more})


def taking(queue: str) -> list[Call]:
    """Return the calls that an SQS event source makes."""
    url = {"QueueUrl": queue}
    return [
        Call("sqs:ReceiveMessage", {**url, "VisibilityTimeout": 0}),
        Call("sqs:DeleteMessage", {**url, "ReceiptHandle": "of-no-message"}),
        Call("sqs:GetQueueAttributes", url),
    ]


def table(verb: str, database: str, name: str = "movies", **more: Any) -> Call:
    return Call(f"glue:{verb}", {"DatabaseName": database, **more, **({"Name": name} if name else {})})


def image(verb: str, **more: Any) -> Call:
    return Call(f"ecr:{verb}", {"repositoryName": "Repository", **more})


LAYER, UPLOAD = "sha256:" + "0" * 64, "00000000-0000-0000-0000-000000000000"
# Calls that each role may make: every action of its policies, on the resources they name. Other roles are denied them.
ALLOWED: dict[str, list[Call]] = {
    "ScheduleRole": [
        Call("lambda:InvokeFunction", {"FunctionName": "roles-GetMoviesAndSendToQueue"}),
        Call("sqs:SendMessage", {"QueueUrl": "ScheduleDeadLetters", "MessageBody": "probe"}),
    ],
    "GetMoviesAndSendToQueueRole": [
        s3("GetObject", LIST_BUCKET, "list.json"),
        s3("PutObject", "BronzeBucket", f"runs/{RUN}/manifest.json", IfNoneMatch="*"),
        s3("PutObject", "BronzeBucket", f"source/{RUN}/list.json", IfNoneMatch="*"),
        s3("GetObject", "BronzeBucket", f"runs/{RUN}/manifest.json"),
        s3("GetObject", "BronzeBucket", "source/invocation=0.json"),
        s3("ListBucket", "BronzeBucket"),
        Call("sqs:GetQueueAttributes", {"QueueUrl": "MovieQueue"}),
        Call("sqs:SendMessage*", {"QueueUrl": "MovieQueue", "MessageBody": "probe"}),
    ],
    "EnrichAndStoreMovieRole": [
        *taking("MovieQueue"),
        Call("sqs:ChangeMessageVisibility", {
            "QueueUrl": "MovieQueue", "ReceiptHandle": "of-no-message", "VisibilityTimeout": 0,
        }),
        Call("sqs:SendMessage", {"QueueUrl": "MovieQueue", "MessageBody": "probe"}),
        Call("secretsmanager:GetSecretValue", {"SecretId": "OmdbApiKeySecret"}),
        s3("PutObject", "BronzeBucket", f"movies/{FILM}", IfNoneMatch="*"),
        s3("PutObject", "BronzeBucket", f"rejected/{FILM}", IfNoneMatch="*"),
        s3("GetObject", "BronzeBucket", f"movies/{FILM}"),
        s3("GetObject", "BronzeBucket", f"rejected/{FILM}"),
        s3("GetObject", "BronzeBucket", f"runs/{RUN}/manifest.json"),
        s3("ListBucket", "BronzeBucket"),
    ],
    "ProcessBronzeToSilverRole": [
        *taking("BronzeEvents"),
        s3("GetObject", "BronzeBucket", f"movies/{FILM}"),
        s3("GetObject", "BronzeBucket", f"rejected/{FILM}"),
        s3("GetObject", "BronzeBucket", f"runs/{RUN}/manifest.json"),
        s3("PutObject", "SilverBucket", f"quarantine/{FILM}"),
    ],
    "AggregateToGoldRole": [
        *taking("SilverEvents"),
        s3("ListBucket", "SilverBucket"),
        s3("GetObject", "SilverBucket", f"quarantine/{FILM}"),
        s3("PutObject", "GoldBucket", "_build.json"),
        s3("GetObject", "GoldBucket", "_build.json"),
        s3("PutObject", "GoldBucket", f"builds/{BUILD}/movies/movies.parquet"),
        s3("GetObject", "GoldBucket", f"builds/{BUILD}/build.json"),
        s3("GetObject", "GoldBucket", f"builds/{BUILD}/movies/part"),
        s3("ListBucket", "GoldBucket"),
        s3("PutObjectTagging", "GoldBucket", f"builds/{BUILD}/build.json", Tagging={"TagSet": []}),
        table("GetTables", "GoldDatabase", ""),
        table("UpdateTable", "GoldDatabase", "", TableInput={"Name": "movies"}),
        # With GoldEngine=athena.
        Call("sqs:SendMessage", {"QueueUrl": "SilverEvents", "MessageBody": "{}"}),
        Call("athena:StartQueryExecution", {"QueryString": "SELECT 1", "WorkGroup": "AthenaWorkGroup"}),
        table("GetTable", "SilverDatabase"),
        table("GetTables", "SilverDatabase", ""),
        table("GetPartitions", "SilverDatabase", "", TableName="movies"),
        table("GetTable", "GoldBuildsDatabase"),
        *(s3("GetBucketLocation", bucket) for bucket in ("SilverBucket", "GoldBucket", "AthenaResultsBucket")),
        *(s3("ListBucketMultipartUploads", bucket) for bucket in ("GoldBucket", "AthenaResultsBucket")),
        s3("AbortMultipartUpload", "GoldBucket", f"builds/{BUILD}/movies/part", UploadId="none"),
        s3("ListMultipartUploadParts", "GoldBucket", f"builds/{BUILD}/movies/part", UploadId="none"),
        s3("PutObject", "AthenaResultsBucket", "result.csv"),
        s3("GetObject", "AthenaResultsBucket", "result.csv"),
        s3("ListBucket", "AthenaResultsBucket"),
    ],
    "FindSimilarMoviesRole": [
        s3("GetObject", "GoldBucket", "recommendations/recommendations.parquet"),
        s3("GetObject", "GoldBucket", "_build.json"),
        s3("GetObject", "GoldBucket", f"builds/{BUILD}/movies/part"),
        s3("ListBucket", "GoldBucket"),
    ],
    "RefreshSpiceRole": [s3("GetObject", "GoldBucket", "_build.json")],
    # Invalid JSON starts no execution.
    "RefreshSpiceOnBuildRole": [Call("states:StartExecution", {"stateMachineArn": "RefreshSpice", "input": "probe"})],
    "RunReportsRole": [
        s3("GetObject", "GoldBucket", "recommendations/recommendations.parquet"),
        s3("GetObject", "GoldBucket", "_build.json"),
        s3("GetObject", "GoldBucket", f"builds/{BUILD}/movies/part"),
        s3("GetObject", "GoldBucket", f"builds/{BUILD}/build.json"),
        s3("ListBucket", "GoldBucket"),
        s3("PutObject", "GoldBucket", "reports/index.html"),
        s3("PutObject", "GoldBucket", "_summary_answers/answer.json"),
        *(s3("PutObject", "GoldBucket", f"{name}/{name}.parquet") for name in (
            "genre_trends", "rank_movers", "recommendations", "summaries", "predictions", "prediction_scores",
        )),
        table("GetTable", "GoldDatabase", "summaries"),
        table("GetPartitions", "GoldDatabase", "", TableName="summaries"),
        table("CreateTable", "GoldDatabase", "", TableInput={"Name": "summaries"}),
        table("UpdateTable", "GoldDatabase", "", TableInput={"Name": "summaries"}),
        Call("sns:Publish", {"TopicArn": "Alarms", "Message": "probe"}),
        Call("secretsmanager:GetSecretValue", {"SecretId": "LanguageModelKeySecret"}),
    ],
    "ReportsScheduleRole": [
        Call("lambda:InvokeFunction", {"FunctionName": "roles-RunReports"}),
        Call("sqs:SendMessage", {"QueueUrl": "ScheduleDeadLetters", "MessageBody": "probe"}),
    ],
    "BuildRole": [
        s3("GetObject", "SourceBucket", "source.zip"),
        s3("ListBucket", "SourceBucket"),
        Call("s3:GetBucketLocation", {"Bucket": "SourceBucket"}),
        Call("ecr:GetAuthorizationToken", {}),
        image("BatchCheckLayerAvailability", layerDigests=[LAYER]),
        image("InitiateLayerUpload"),
        image("UploadLayerPart", uploadId=UPLOAD, partFirstByte=0, partLastByte=0, layerPartBlob=b"0"),
        image("CompleteLayerUpload", uploadId=UPLOAD, layerDigests=[LAYER]),
        image("PutImage", imageManifest="{}"),
        image("BatchGetImage", imageIds=[{"imageTag": "none"}]),
    ],
}  # fmt: skip
# Actions that no call here proves, and the reason.
NOT_HERE = {
    "quicksight:CreateIngestion": "the emulator has no QuickSight",
    "quicksight:DescribeIngestion": "the emulator has no QuickSight",
    "logs:CreateLogStream": "the emulator expects the log group's ARN without the :* that AWS appends",
    "logs:PutLogEvents": "as CreateLogStream",
    "glue:GetDatabase": "the emulator checks the database as if it were a table",
    "athena:GetQueryExecution": "the emulator denies calls that name no workgroup",
    "athena:GetQueryResults": "as GetQueryExecution",
    "athena:StopQueryExecution": "as GetQueryExecution",
    "s3:GetObjectVersion": "CodeBuild reads versions of versioned buckets only; this bucket is not versioned",
}
# Further calls that a role may make.
WIDER = {
    # It may read all of Gold and change every table of its database.
    "AggregateToGoldRole": [
        s3("GetObject", "GoldBucket", "recommendations/recommendations.parquet"),
        table("UpdateTable", "GoldDatabase", "", TableInput={"Name": "summaries"}),
    ],
    # On AWS its rights are limited to its own tables; the emulator checks the database only.
    "RunReportsRole": [table("UpdateTable", "GoldDatabase", "", TableInput={"Name": "movies"})],
}
# Calls that no role may make.
FORBIDDEN = [
    *(s3("DeleteObject", f"{bucket}Bucket", "movies/any") for bucket in ("Bronze", "Silver", "Gold")),
    s3("DeleteObjectVersion", "BronzeBucket", f"movies/{FILM}", VersionId="null"),
    s3("PutBucketVersioning", "BronzeBucket", VersioningConfiguration={"Status": "Suspended"}),
    s3("PutBucketPolicy", "BronzeBucket", Policy="{}"),
    s3("DeleteBucket", "SilverBucket"),
    s3("PutObject", "BronzeBucket", "elsewhere/object.json"),
    Call("sqs:PurgeQueue", {"QueueUrl": "MovieQueue"}),
    Call("secretsmanager:PutSecretValue", {"SecretId": "OmdbApiKeySecret", "SecretString": "stolen"}),
    Call("secretsmanager:GetSecretValue", {"SecretId": "roles-another"}),
    Call("iam:ListRoles", {}),
    Call("lambda:UpdateFunctionConfiguration", {"FunctionName": "roles-RunReports", "Timeout": 3}),
    Call("cloudformation:DeleteStack", {"StackName": "reelhouse"}),
    Call("logs:DeleteLogGroup", {"logGroupName": "EnrichAndStoreMovieLogs"}),
]
