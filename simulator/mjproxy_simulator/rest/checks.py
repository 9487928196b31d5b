"""What Discord checks in an interaction before a bot hears of it."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from mjproxy_simulator.bot.dialogs import Dialogs
from mjproxy_simulator.bot.requests import Request
from mjproxy_simulator.model.accounts import Account, Channel
from mjproxy_simulator.model.applications import Command, CommandType, Option, OptionType, application
from mjproxy_simulator.model.dialogs import Modal
from mjproxy_simulator.model.messages import CommandFile, Invocation, Message, Select
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.bodies import (
    AnyInteraction,
    CommandBody,
    CommandData,
    CommandOption,
    ComponentBody,
    ComponentData,
    InteractionBody,
    ModalBody,
    ModalData,
    UploadedFile,
)
from mjproxy_simulator.rest.desk import Desk
from mjproxy_simulator.rest.uploads import Uploads
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches, Uncertain

_ATTACHMENTS: Final = ("data", "attachments")


class InteractionChecks:
    """Makes a request to a bot of an interaction, if it is a possible one.

    Args:
        desk: Knows who may use a channel.
        store: Has the messages.
        uploads: Has the files that come with commands.
        dialogs: Has the forms that are open.
        snowflakes: Gives ids to interactions.
        switches: How what is uncertain is played.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        store: Store,
        uploads: Uploads,
        dialogs: Dialogs,
        snowflakes: Snowflakes,
        switches: Switches,
    ) -> None:
        self._desk = desk
        self._store = store
        self._uploads = uploads
        self._dialogs = dialogs
        self._snowflakes = snowflakes
        self._switches = switches

    async def request(self, account: Account, body: AnyInteraction) -> Request:
        """Return the request that reaches the bot.

        Raises:
            DiscordError: It is not a possible one.
        """
        self._place(account, body)
        match body:
            case CommandBody():
                return await self._command(account, body)
            case ComponentBody():
                return self._component(account, body)
            case ModalBody():
                return self._modal(account, body)

    def _place(self, account: Account, body: InteractionBody) -> Channel:
        """Return the channel; the guild has to be named with it, and only with a channel of that guild."""
        channel = self._desk.channel(account, body.channel_id)
        if channel.guild_id != body.guild_id:
            raise errors.unknown_channel(HTTPStatus.BAD_REQUEST)
        absent = channel.partner_id not in {None, body.application_id}
        if absent or application(body.application_id) is None:
            raise errors.unknown_integration()
        return channel

    async def _command(self, account: Account, body: CommandBody) -> Request:
        command = _command(body, self._switches.now)
        _check_options(command.options, body.data.options, ("data", "options"))
        given = _given_options(body.data.options)
        return Request(
            invocation=Invocation(self._snowflakes.next(), body.type, account.user.id, name=command.name),
            application_id=body.application_id,
            channel_id=body.channel_id,
            guild_id=body.guild_id,
            profile=account.profile,
            nonce=body.nonce,
            prompt=body.data.text("prompt"),
            options={option.name: str(option.value) for option in given if option.type == OptionType.STRING},
            subcommand=_subcommand(body.data.options),
            files=await self._files(body.application_id, command, body.data),
            message=self._target(command, body),
        )

    async def _files(self, application_id: int, command: Command, data: CommandData) -> tuple[CommandFile, ...]:
        """Return the files that came with a command; each becomes an attachment of the command or its application."""
        for file in data.attachments:
            if self._store.upload_ticket(file.uploaded_filename) is None:
                raise errors.unknown_upload(_ATTACHMENTS, file.uploaded_filename)
        attachments = await self._uploads.attach(_named_files(command, data))
        owner_id = command.id if self._switches.now.ephemeral_attachments == "of_command" else application_id
        for attachment in attachments:
            self._store.put_attachment(owner_id, attachment)
        return tuple(CommandFile(owner_id, attachment) for attachment in attachments)

    def _target(self, command: Command, body: CommandBody) -> Message | None:
        if command.type is not CommandType.MESSAGE:
            return None
        return self._message(body.channel_id, body.data.target_id or 0)

    def _component(self, account: Account, body: ComponentBody) -> Request:
        message = self._message(body.channel_id, body.message_id)
        if message.author_id != body.application_id:
            raise errors.unknown_integration()
        how = self._switches.now
        if body.message_flags not in {None, message.flags} and how.other_message_flags == "refused":
            raise errors.invalid_form(("message_flags",), "MESSAGE_FLAGS_INVALID", "Invalid message flags")
        return Request(
            invocation=Invocation(
                self._snowflakes.next(),
                body.type,
                account.user.id,
                custom_id=body.data.custom_id,
                message_id=message.id,
            ),
            application_id=body.application_id,
            channel_id=body.channel_id,
            guild_id=body.guild_id,
            profile=account.profile,
            nonce=body.nonce,
            custom_id=body.data.custom_id,
            value=_value(message, body.data, how),
            message=message,
        )

    def _message(self, channel_id: int, message_id: int) -> Message:
        message = self._store.message(message_id)
        if message is None or message.channel_id != channel_id:
            raise errors.unknown_message()
        return message

    def _modal(self, account: Account, body: ModalBody) -> Request:
        opened = self._dialogs.find(body.data.id, account.user.id)
        if opened is None or not isinstance(opened.dialog, Modal) or opened.opener.channel_id != body.channel_id:
            raise errors.unknown_interaction()
        text = _filled_in(opened.dialog, body.data)
        self._dialogs.close(body.data.id)
        opener = opened.opener
        return Request(
            invocation=Invocation(
                self._snowflakes.next(),
                body.type,
                account.user.id,
                custom_id=opener.custom_id,
                message_id=opener.invocation.message_id,
                opener_id=opener.invocation.id,
            ),
            application_id=body.application_id,
            channel_id=body.channel_id,
            guild_id=body.guild_id,
            profile=account.profile,
            nonce=body.nonce,
            prompt=text,
            custom_id=opener.custom_id,
            message=opener.message,
        )


def _command(body: CommandBody, how: Uncertain) -> Command:
    owner = application(body.application_id)
    command = None if owner is None else owner.command(body.data.id)
    outdated = command is not None and body.data.version != command.version
    if command is None or (outdated and how.outdated_command == "unknown_command"):
        raise errors.invalid_form(("data", "id"), "APPLICATION_COMMAND_UNKNOWN", "Unknown application command")
    if outdated:
        raise errors.invalid_form(
            ("data",),
            "INTERACTION_APPLICATION_COMMAND_INVALID_VERSION",
            "This command is outdated, please try again in a few minutes",
        )
    return command


def _given_options(options: Sequence[CommandOption]) -> list[CommandOption]:
    """Return the options of a command, or of the part of it that is called."""
    return [each for option in options for each in (_given_options(option.options) or (option,))]


def _subcommand(options: Sequence[CommandOption]) -> str | None:
    """Return the part of a command that is called, with the group that it belongs to before it."""
    names = [option.name for option in options if option.type in {OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP}]
    inner = [_subcommand(option.options) for option in options if option.type == OptionType.SUB_COMMAND_GROUP]
    return " ".join((*names, *filter(None, inner))) or None


def _check_options(options: Sequence[Option], given: Sequence[CommandOption], place: tuple[str | int, ...]) -> None:
    """Refuse a command, or the part of it that is called, without an option that it needs."""
    by_name = {option.name: option for option in given}
    for index, option in enumerate(options):
        if option.required and option.name not in by_name:
            raise errors.invalid_form((*place, index, "value"), "BASE_TYPE_REQUIRED", "This field is required")
        if option.options and option.name in by_name:
            _check_options(option.options, by_name[option.name].options, (*place, index, "options"))


def _named_files(command: Command, data: CommandData) -> list[UploadedFile]:
    """Return the files that options name, in the order in which the command lists the options."""
    files = {str(file.id): file for file in data.attachments}
    named = {option.name: str(option.value) for option in data.options if option.type == OptionType.ATTACHMENT}
    if missing := set(named.values()) - set(files):
        raise errors.unknown_upload(_ATTACHMENTS, ", ".join(sorted(missing)))
    return [files[named[option.name]] for option in command.options if option.name in named]


def _value(message: Message, data: ComponentData, how: Uncertain) -> str | None:
    """Return what is chosen from a menu; None for a button."""
    component = message.component(data.custom_id)
    if component is None and how.unknown_component == "404":
        raise errors.unknown_message()
    if component is None:
        raise errors.invalid_form(("data",), "COMPONENT_VALIDATION_FAILED", "Component validation failed")
    if not isinstance(component, Select):
        return None
    if len(data.values) != 1 or data.values[0] not in {choice.value for choice in component.choices}:
        raise errors.invalid_form(("data", "values"), "BASE_TYPE_CHOICES", "Value must be one of the options.")
    return data.values[0]


def _filled_in(modal: Modal, data: ModalData) -> str:
    """Return the text of the only field of a form."""
    if data.custom_id != modal.custom_id:
        raise errors.invalid_form(("data", "custom_id"), "COMPONENT_CUSTOM_ID_INVALID", "Invalid custom id")
    fields = data.fields()
    (field,) = modal.fields
    if set(fields) != {field.custom_id}:
        raise errors.invalid_form(("data", "components"), "COMPONENT_VALIDATION_FAILED", "Component validation failed")
    return fields[field.custom_id]
