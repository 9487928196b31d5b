"""Everything that can go wrong with Discord, as classes with data.

None of them carries a token, a request body or a signed URL, so that each may be logged.
"""


class DiscordError(Exception):
    """Base of all errors of this package."""


class Rejected(DiscordError):
    """Discord answered with a 4xx: the request had no effect.

    Attributes:
        http_status: The HTTP status.
        code: Discord's own code of the error (Discord API reference, "JSON error codes"), None if the body had none.
        message: Discord's words with those on single fields, or the HTTP reason phrase.
    """

    def __init__(self, http_status: int, code: int | None, message: str) -> None:
        super().__init__(f"Discord answered {http_status}: {message} (code {code})")
        self.http_status = http_status
        self.code = code
        self.message = message


class Unauthorized(Rejected):
    """The token is not valid (any more)."""


class Forbidden(Rejected):
    """The account may not do this: no access, no permission, or it must be verified by its owner."""


class NotFound(Rejected):
    """The channel, message or interaction does not exist (any more)."""


class BadRequest(Rejected):
    """The request is malformed in Discord's eyes; the message names the fields that are wrong."""


class RateLimited(Rejected):
    """Too many requests, in Discord's eyes.

    Attributes:
        retry_after: Seconds to wait.
        is_global: Whether every route is closed for that time.
        is_shared: Whether others caused it: the limit belongs to the resource, and nothing is held against this user.
    """

    def __init__(
        self, code: int | None, message: str, *, retry_after: float, is_global: bool = False, is_shared: bool = False
    ) -> None:
        super().__init__(429, code, message)
        self.retry_after = retry_after
        self.is_global = is_global
        self.is_shared = is_shared


class DiscordUnavailable(DiscordError):
    """There was no usable answer: no connection, a timeout, a cut, or a 5xx.

    Attributes:
        reason: What happened, in words.
        sent: Whether the request may have reached Discord; False proves that it did not.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class UnexpectedAnswer(DiscordError):
    """Discord's answer does not have the shape that its documentation gives."""


class UploadRefused(DiscordError):
    """Discord's storage did not take a file. It is not the API, and its refusal says nothing about the account.

    Attributes:
        http_status: The storage's answer.
    """

    def __init__(self, http_status: int) -> None:
        super().__init__(f"Discord's storage refused an upload with {http_status}")
        self.http_status = http_status


class RateLimitTooLong(DiscordError):
    """A request was not sent, since its rate limit would make it wait too long.

    Attributes:
        route: Method and path template, such as `POST /interactions`.
        retry_after: Seconds until the limit lets it through.
        longest_wait: Seconds that a request may wait at most.
    """

    def __init__(self, route: str, *, retry_after: float, longest_wait: float) -> None:
        super().__init__(f"{route} is rate limited for {retry_after:.1f} s, longer than the {longest_wait:.0f} s bound")
        self.route = route
        self.retry_after = retry_after
        self.longest_wait = longest_wait


class InvalidRequestBudgetSpent(DiscordError):
    """A request was not sent, since too many were refused lately and Discord would block this address.

    Attributes:
        retry_after: Seconds until requests are let through again.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"too many requests were refused by Discord lately; none is sent for {retry_after:.0f} s")
        self.retry_after = retry_after


class GatewayFatal(DiscordError):
    """The gateway closed with a code that forbids to connect again.

    Attributes:
        close_code: The code of the WebSocket's close frame.
        meaning: What the code means, in words.
    """

    def __init__(self, close_code: int, meaning: str) -> None:
        super().__init__(f"Discord's gateway closed with {close_code}: {meaning}")
        self.close_code = close_code
        self.meaning = meaning


class AuthenticationFailed(GatewayFatal):
    """The gateway did not accept the token."""
