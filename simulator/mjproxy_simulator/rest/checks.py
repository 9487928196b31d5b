"""What Discord checks in an interaction before a bot hears of it."""

from http import HTTPStatus

from mjproxy_simulator.bot.requests import Request
from mjproxy_simulator.model.accounts import Account, Channel
from mjproxy_simulator.model.applications import Command, OptionType, application
from mjproxy_simulator.model.messages import Invocation
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.bodies import AnyInteraction, CommandBody, CommandData, ComponentBody
from mjproxy_simulator.rest.desk import Desk
from mjproxy_simulator.store import Store


class InteractionChecks:
    """Makes a request to a bot of an interaction, if it is a possible one."""

    def __init__(self, desk: Desk, store: Store, snowflakes: Snowflakes) -> None:
        self._desk = desk
        self._store = store
        self._snowflakes = snowflakes

    def request(self, account: Account, body: AnyInteraction) -> Request:
        """Return the request that reaches the bot.

        Raises:
            DiscordError: It is not a possible one.
        """
        self._place(account, body)
        match body:
            case CommandBody():
                return self._command(account, body)
            case ComponentBody():
                return self._component(account, body)
        raise errors.unknown_interaction()

    def _place(self, account: Account, body: AnyInteraction) -> Channel:
        """Return the channel; the guild has to be named with it, and only with a channel of that guild."""
        channel = self._desk.channel(account, body.channel_id)
        if channel.guild_id != body.guild_id:
            raise errors.unknown_channel(HTTPStatus.BAD_REQUEST)
        if application(body.application_id) is None:
            raise errors.unknown_integration()
        return channel

    def _command(self, account: Account, body: CommandBody) -> Request:
        command = _command(body)
        _check_options(command, body.data)
        for file in body.data.attachments:
            if self._store.upload_ticket(file.uploaded_filename) is None:
                raise errors.unknown_upload(("data", "attachments"), file.uploaded_filename)
        return Request(
            invocation=Invocation(self._snowflakes.next(), body.type, account.user.id, name=command.name),
            application_id=body.application_id,
            channel_id=body.channel_id,
            profile=account.profile,
            nonce=body.nonce,
            prompt=body.data.text("prompt"),
        )

    def _component(self, account: Account, body: ComponentBody) -> Request:
        message = self._store.message(body.message_id)
        if message is None or message.channel_id != body.channel_id:
            raise errors.unknown_message()
        if message.author_id != body.application_id:
            raise errors.unknown_integration()
        if body.message_flags is not None and body.message_flags != message.flags:
            raise errors.invalid_form(("message_flags",), "MESSAGE_FLAGS_INVALID", "Invalid message flags")
        if message.component(body.data.custom_id) is None:
            raise errors.invalid_form(("data",), "COMPONENT_VALIDATION_FAILED", "Component validation failed")
        return Request(
            invocation=Invocation(self._snowflakes.next(), body.type, account.user.id, message_id=message.id),
            application_id=body.application_id,
            channel_id=body.channel_id,
            profile=account.profile,
            nonce=body.nonce,
            custom_id=body.data.custom_id,
        )


def _command(body: CommandBody) -> Command:
    owner = application(body.application_id)
    command = None if owner is None else owner.command(body.data.id)
    if command is None:
        raise errors.invalid_form(("data", "id"), "APPLICATION_COMMAND_UNKNOWN", "Unknown application command")
    if body.data.version != command.version:
        raise errors.invalid_form(
            ("data",),
            "INTERACTION_APPLICATION_COMMAND_INVALID_VERSION",
            "This command is outdated, please try again in a few minutes",
        )
    return command


def _check_options(command: Command, data: CommandData) -> None:
    given = {option.name for option in data.options}
    for index, option in enumerate(command.options):
        if option.required and option.type is OptionType.STRING and option.name not in given:
            raise errors.invalid_form(
                ("data", "options", index, "value"), "BASE_TYPE_REQUIRED", "This field is required"
            )
