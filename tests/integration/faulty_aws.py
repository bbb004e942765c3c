"""Inject a fault into the n-th AWS call: botocore's event handlers put it between boto3 and moto.

A fault stands for an error of the network or the service. It happens before the call takes effect or after it (the
response is lost), and once (botocore's retry succeeds) or on every retry (the step gets the error). ``Killed`` stands
for a process that ends at that call: nothing may catch it, and no later call of that process takes effect.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody
from urllib3.exceptions import ProtocolError

from pipeline import aws

SERVICES = ("s3", "sqs", "secretsmanager", "glue")
# The first attempt and the four retries that pipeline.aws configures; here without their delays.
ATTEMPTS = 5
_NOWHERE = "https://nowhere.invalid/"
_XML = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>-</Message></Error>"
_JSON = '{{"__type": "{code}", "message": "-"}}'


class Killed(BaseException):
    """The process ended: it timed out or ran out of memory."""


@dataclass(frozen=True)
class Fault:
    """A fault of one call.

    Attributes
    ----------
    status, code : int, str
        The service's error response; status 0 for none.
    error : type
        Exception raised instead of a response.
    late : bool
        Whether the call took effect first.
    lasting : bool
        Whether every retry by botocore fails in the same way.
    cut : bool
        Whether the response's body breaks off while it is read.
    """

    name: str
    status: int = 0
    code: str = ""
    error: type[BaseException] | None = None
    late: bool = False
    lasting: bool = False
    cut: bool = False

    @property
    def retried(self) -> bool:
        """Whether botocore retries this fault."""
        return bool(self.error) or self.status >= 500 or "Throttl" in self.code

    def strike(self, request: Any) -> AWSResponse | None:
        """Return the error response, or raise, in place of AWS."""
        if self.error is None:
            body = _XML if ".s3." in request.url else _JSON
            request.url = _NOWHERE
            content: Any = _Raw(body.format(code=self.code).encode())
            return AWSResponse(_NOWHERE, self.status, {"Content-Type": "application/xml"}, content)
        if self.error is Killed:
            raise Killed
        raise self.error(endpoint_url=request.url, error="-")


class _Raw(BytesIO):
    """A response body with the interface of urllib3."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield the whole body."""
        yield self.read()


class _Broken(BytesIO):
    """A response body whose connection breaks while it is read."""

    def read(self, *_: Any) -> bytes:
        """Raise as urllib3 does."""
        raise ProtocolError("Connection broken: ConnectionResetError(104, 'Connection reset by peer')")


def lasting(fault: Fault) -> Fault:
    """Return the same fault, on every retry too."""
    return Fault(
        f"{fault.name}, each time", fault.status, fault.code, fault.error, fault.late, lasting=True, cut=fault.cut
    )


SLOW_DOWN = Fault("SlowDown", 503, "SlowDown")
THROTTLED = Fault("ThrottlingException", 400, "ThrottlingException")
INTERNAL = Fault("InternalError", 500, "InternalError")
UNAVAILABLE = Fault("ServiceUnavailable", 503, "ServiceUnavailable")
DENIED = lasting(Fault("AccessDenied", 403, "AccessDenied"))
GONE = lasting(Fault("no such thing", 404, "NoSuchBucket"))
NO_CONNECTION = Fault("no connection", error=EndpointConnectionError)
RESET = Fault("connection reset", error=ConnectionClosedError)
TIMED_OUT = Fault("read time-out", error=ReadTimeoutError)
ANSWER_LOST = Fault("connection reset, the answer lost", error=ConnectionClosedError, late=True)
ANSWER_LATE = Fault("read time-out, the answer lost", error=ReadTimeoutError, late=True)
CUT = lasting(Fault("body cut short", cut=True))
PASSING = (SLOW_DOWN, THROTTLED, INTERNAL, UNAVAILABLE, NO_CONNECTION, RESET, TIMED_OUT, ANSWER_LOST, ANSWER_LATE)
FAULTS = (*PASSING, *map(lasting, PASSING), DENIED, GONE, CUT)
KILLED = (
    Fault("killed before the call", error=Killed),
    Fault("killed after the call", error=Killed, late=True),
)


@dataclass
class FaultyAws:
    """Count calls while :meth:`watching`, and inject the fault into the n-th.

    Attributes
    ----------
    n : int
        Number of the call that fails, from 1; 0 for none.
    calls : list of str
        Names of the operations called so far.
    struck : str
        The operation that failed, or "".
    dead : bool
        Whether the process was killed: until :meth:`revive`, every further call raises ``Killed``.
    resting : bool
        Whether calls are not counted, because another process makes them.
    """

    n: int = 0
    fault: Fault = RESET
    calls: list[str] = field(default_factory=list)
    struck: str = ""
    dead: bool = False
    resting: bool = False
    _here: threading.local = field(default_factory=threading.local)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Intercept calls between boto3's clients and moto inside the block."""
        emitters = [aws.client(service).meta.events for service in SERVICES]
        for events in emitters:
            events.register_first("before-call", self._begin)
            # moto responds in "before-send": one of our handlers runs before it, one after.
            events.register_first("before-send", self._before)
            events.register_last("before-send", self._after)
            # Handlers with longer event names run first: botocore's own is "needs-retry.s3".
            events.register_first("needs-retry.*.*", self._retry)
            events.register_last("after-call", self._end)
        try:
            yield
        finally:
            for events in emitters:
                events.unregister("before-call", self._begin)
                events.unregister("before-send", self._before)
                events.unregister("before-send", self._after)
                events.unregister("needs-retry.*.*", self._retry)
                events.unregister("after-call", self._end)

    def count(self, name: str) -> Fault | None:
        """Count a call; return the fault to inject into it, if any."""
        if self.resting:
            return None
        with self._lock:
            if self.dead:
                raise Killed
            self.calls.append(name)
            if len(self.calls) != self.n or self.struck:
                return None
            self.struck = name
            return self.fault

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Do not count calls inside the block."""
        self.resting = True
        try:
            yield
        finally:
            self.resting = False

    def die(self) -> None:
        """End the process."""
        self.dead = True
        raise Killed

    def revive(self) -> None:
        """Start a new process."""
        self.dead = False

    def _begin(self, model: Any, **_: Any) -> None:
        self._here.fault = self.count(model.name)

    def _before(self, request: Any, **_: Any) -> AWSResponse | None:
        return None if (fault := self._here.fault) is None or fault.late or fault.cut else self._strike(fault, request)

    def _after(self, request: Any, **_: Any) -> None:
        if (fault := self._here.fault) is not None and fault.late:
            self._strike(fault, request)

    def _strike(self, fault: Fault, request: Any) -> AWSResponse | None:
        if fault.error is Killed:
            self.die()
        if not fault.lasting:
            self._here.fault = None
            self._here.again = fault.retried
        return fault.strike(request)

    def _retry(self, attempts: int, **_: Any) -> int | None:
        """Make botocore retry without its delay."""
        fault, again = self._here.fault, getattr(self._here, "again", False)
        self._here.again = False
        wanted = again or (fault is not None and fault.lasting and fault.retried)
        return 0 if wanted and attempts < ATTEMPTS else None

    def _end(self, parsed: dict[str, Any], **_: Any) -> None:
        if (fault := self._here.fault) is not None and fault.cut and "Body" in parsed:
            parsed["Body"] = StreamingBody(_Broken(), content_length=1)
