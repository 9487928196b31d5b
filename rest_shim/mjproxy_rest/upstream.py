"""The server, as the shim calls it: with the caller's key and a deadline; errors come back typed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import grpc
from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from mjproxy.channel import Metadata, authorization
from mjproxy.errors import Unauthenticated, Unsupported, from_rpc
from mjproxy.v1.account_service_pb2 import (
    GetAccountRequest,
    GetAccountResponse,
    ListAccountsRequest,
    ListAccountsResponse,
)
from mjproxy.v1.account_service_pb2_grpc import AccountServiceStub
from mjproxy.v1.task_service_pb2 import (
    CancelTaskRequest,
    CancelTaskResponse,
    GetImageSeedRequest,
    GetImageSeedResponse,
    GetImageUrlRequest,
    GetImageUrlResponse,
    GetTaskRequest,
    GetTaskResponse,
    ListTasksRequest,
    ListTasksResponse,
    SubmitModalRequest,
    SubmitTaskRequest,
    SubmitTaskResponse,
    UploadImagesRequest,
    UploadImagesResponse,
    WatchFilter,
)
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy.watch import Position, TaskWatch
from mjproxy_rest import request_ids
from mjproxy_rest.submissions import Caller, Submissions, named

if TYPE_CHECKING:
    from mjproxy.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub

# Clients give up a read after five seconds, and say more to their users when they are told than when they time out.
_READ_SECONDS = 4.0
# Whoever asks whether the shim is ready asks often, and seldom waits for more than a second.
_HEALTH_SECONDS = 0.8
# A server that is there answers at once; one that has just come back is found within a second.
_REACH_SECONDS = 2.0
# A submission is checked and written, for so long.
_SUBMIT_SECONDS = 10.0
# What a call carries is sent and looked at, for so long a mebibyte.
_SECONDS_PER_MIB = 1.0
# A seed, say, waits for the bot.
_BOT_SECONDS = 60.0

# By default a channel that has lost its server knocks less and less often. A shim has one server, and callers who wait.
CHANNEL_OPTIONS: Final = (
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.enable_http_proxy", 0),  # A proxy that the environment names is none of the configuration's.
)


class Upstream:
    """The services of one server. Every method raises `mjproxy.errors.ServerError`.

    Keys are as the caller sent them; "" is none.
    """

    def __init__(self, channel: grpc.aio.Channel, translation_seconds: float = 0) -> None:
        """Uses a channel that somebody else opens and closes.

        Args:
            channel: Leads to the server.
            translation_seconds: For how long the server may translate the prompt of a submission.
        """
        self._channel = channel
        self._submit_seconds = _SUBMIT_SECONDS + translation_seconds
        self._stub: TaskServiceAsyncStub = TaskServiceStub(channel)
        self._accounts: AccountServiceAsyncStub = AccountServiceStub(channel)
        self._health = HealthStub(channel)
        self._submissions = Submissions(self._stub)

    async def run(self) -> None:
        """Sends what is submitted until cancelled."""
        await self._submissions.run()

    async def says_it_is_unfit(self) -> bool:
        """Asks the server's health service; raises nothing, for a server that cannot be asked says nothing."""
        try:
            answer = await self._health.Check(HealthCheckRequest(), timeout=_HEALTH_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == HealthCheckResponse.NOT_SERVING)

    @property
    def is_connected(self) -> bool:
        """False if it is known that a call could not be sent now."""
        return self._channel.get_state() is grpc.ChannelConnectivity.READY

    async def reach(self) -> None:
        """Waits until the server answers anything at all, for a moment."""
        with suppress(Unsupported), _typed_errors():
            await self._health.Check(HealthCheckRequest(), timeout=_REACH_SECONDS, wait_for_ready=True)

    async def submit(self, key: str, request: SubmitTaskRequest) -> SubmitTaskResponse:
        """Calls SubmitTask."""
        caller = Caller(_authorization(key), request_ids.current())
        return await self._submissions.submit(caller, request, self._patience(request))

    async def confirm(self, key: str, request: SubmitModalRequest) -> SubmitTaskResponse:
        """Calls SubmitModal; the answer has the form of a submission's, which it is to the callers of this API."""
        with _typed_errors():
            answer = await self._stub.SubmitModal(request, metadata=_metadata(key), timeout=self._patience(request))
        return SubmitTaskResponse(
            tasks=[answer.task],
            code=answer.code,
            description=answer.description,
            queue_position=answer.queue_position,
            deduplicated=answer.deduplicated,
            revision=answer.revision,
        )

    async def cancel(self, key: str, request: CancelTaskRequest) -> CancelTaskResponse:
        """Calls CancelTask."""
        with _typed_errors():
            return await self._stub.CancelTask(request, metadata=_metadata(key), timeout=_BOT_SECONDS)

    async def seed(self, key: str, request: GetImageSeedRequest) -> GetImageSeedResponse:
        """Calls GetImageSeed."""
        with _typed_errors():
            return await self._stub.GetImageSeed(request, metadata=_metadata(key), timeout=_BOT_SECONDS)

    async def image_url(self, key: str, request: GetImageUrlRequest) -> GetImageUrlResponse:
        """Calls GetImageUrl."""
        with _typed_errors():
            return await self._stub.GetImageUrl(request, metadata=_metadata(key), timeout=_BOT_SECONDS)

    async def upload(self, key: str, request: UploadImagesRequest) -> UploadImagesResponse:
        """Calls UploadImages."""
        with _typed_errors():
            seconds = _BOT_SECONDS + _SECONDS_PER_MIB * request.ByteSize() / 2**20
            return await self._stub.UploadImages(request, metadata=_metadata(key), timeout=seconds)

    async def get(self, key: str, request: GetTaskRequest) -> GetTaskResponse:
        """Calls GetTask."""
        with _typed_errors():
            return await self._stub.GetTask(request, metadata=_metadata(key), timeout=_READ_SECONDS)

    async def list(self, key: str, request: ListTasksRequest) -> ListTasksResponse:
        """Calls ListTasks."""
        with _typed_errors():
            return await self._stub.ListTasks(request, metadata=_metadata(key), timeout=_READ_SECONDS)

    async def get_account(self, key: str, request: GetAccountRequest) -> GetAccountResponse:
        """Calls GetAccount."""
        with _typed_errors():
            return await self._accounts.GetAccount(request, metadata=_metadata(key), timeout=_READ_SECONDS)

    async def list_accounts(self, key: str, request: ListAccountsRequest) -> ListAccountsResponse:
        """Calls ListAccounts."""
        with _typed_errors():
            return await self._accounts.ListAccounts(request, metadata=_metadata(key), timeout=_READ_SECONDS)

    def _patience(self, request: Message) -> float:
        """Returns for how many seconds the answer to a submission is waited for."""
        return self._submit_seconds + _SECONDS_PER_MIB * request.ByteSize() / 2**20

    def watch(self, key: str, watch_filter: WatchFilter | None = None, after: Position | None = None) -> TaskWatch:
        """Returns a watch of the tasks that the key may see: of all by default, and from now on."""
        return TaskWatch(self._stub, watch_filter=watch_filter, after=after, metadata=_metadata(key))


def _metadata(key: str) -> Metadata:
    """Returns the metadata that carries a key, and the id of the request that is being answered.

    Raises:
        Unauthenticated: See `_authorization`.
    """
    return (*_authorization(key), *named(request_ids.current()))


def _authorization(key: str) -> Metadata:
    """Returns the metadata that carries a key.

    Raises:
        Unauthenticated: The key has characters that no key has, and that metadata cannot carry.
    """
    if not (key.isascii() and key.isprintable()):
        raise Unauthenticated("the key has other characters than printable ASCII", grpc.StatusCode.UNAUTHENTICATED)
    return authorization(key)


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise from_rpc(error) from None
