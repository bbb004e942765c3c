"""What a person sees when AWS refuses: one line and exit 1, never a traceback."""

from __future__ import annotations

import pytest
import typer
from botocore.exceptions import ClientError, ReadTimeoutError

from reelhouse.commands.base import app, command


@pytest.mark.parametrize(
    "refused",
    [ClientError({"Error": {"Code": "SlowDown", "Message": "-"}}, "GetObject"), ReadTimeoutError(endpoint_url="-")],
)
def test_an_error_of_aws_is_one_line(refused: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def asking() -> None:
        raise refused

    before = list(app.registered_commands)
    guarded = command(asking)
    app.registered_commands[:] = before

    with pytest.raises(typer.Exit) as ended:
        guarded()

    said = capsys.readouterr()
    assert ended.value.exit_code == 1
    assert "asking: AWS: " in said.out + said.err
    assert "Traceback" not in said.out + said.err
