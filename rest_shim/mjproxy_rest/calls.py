"""One request of one caller, as the endpoints see it: who asks, in which language, and what may be asked."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request

from mjproxy.v1.task_pb2 import Mode
from mjproxy_rest.accounts import AccountService
from mjproxy_rest.bodies import BodyReader
from mjproxy_rest.live import LiveTasks
from mjproxy_rest.picture_links import ImageUrl
from mjproxy_rest.pictures import Pictures
from mjproxy_rest.service import TaskService
from mjproxy_rest.texts import Language, preferred_language


@dataclass(frozen=True, slots=True)
class Services:
    """What the endpoints are made of."""

    tasks: TaskService
    accounts: AccountService
    bodies: BodyReader
    live: LiveTasks
    pictures: Pictures
    image_url: ImageUrl


@dataclass(frozen=True, slots=True)
class Call:
    """One request of one caller.

    Attributes:
        request: The HTTP request.
        services: What it may ask.
        mode: The mode that the path asks for.
    """

    request: Request
    services: Services
    mode: Mode.ValueType

    @property
    def tasks(self) -> TaskService:
        """The task service."""
        return self.services.tasks

    @property
    def path_id(self) -> str:
        """The id that the path names."""
        return str(self.request.path_params["id"])

    @property
    def key(self) -> str:
        """The caller's key; "" for none."""
        return key_of(self.request.headers)

    @property
    def language(self) -> Language:
        """The language to answer in."""
        return language_of(self.request)


def language_of(request: Request) -> Language:
    """Returns the language that a request asks for."""
    return preferred_language(request.headers.get("accept-language", ""))


def key_of(headers: Headers) -> str:
    """Returns the key that a caller shows; "" for none. Bearer tokens are what relays of this API expect."""
    return headers.get("mj-api-secret") or _bare(headers.get("authorization", ""))


def _bare(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else authorization
