"""A user of the bots: knows their commands, presses their buttons and fills in their forms."""

import io
from typing import Any

import httpx
from PIL import Image

from tests.simulator.discord_user import MIDJOURNEY, DiscordUser, Gateway, Json, custom_id

_STRING = 3


class BotUser:
    """A user who talks to one of the bots; everything goes through a plain client of Discord."""

    def __init__(self, user: DiscordUser, application: str = MIDJOURNEY) -> None:
        self._user = user
        self.application = application
        self._commands: dict[str, Json] | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- what the plain client has
        return getattr(self._user, name)

    @property
    def gateway(self) -> Gateway:
        """The gateway connection."""
        return self._user.gateway

    def talking_to(self, application: str) -> "BotUser":
        """Return the same user, talking to another bot."""
        return BotUser(self._user, application)

    async def command(
        self,
        name: str,
        *,
        options: list[Json] | None = None,
        images: list[Json] | None = None,
        private: bool = False,
        target_id: str | None = None,
    ) -> str:
        """Call a command, which has to be taken; return the nonce."""
        command = await self.described(name)
        files = [image | {"id": str(number)} for number, image in enumerate(images or [])]
        names = [option["name"] for option in command["options"] if option["type"] == 11]
        given = [{"type": 11, "name": each, "value": number} for number, each in enumerate(names[: len(files)])]
        body = self.call(command, [*given, *(options or [])])
        body["data"] |= {"attachments": files, "target_id": target_id}
        if private:
            body |= {"channel_id": self._user.account["private_channel_id"], "guild_id": None}
        return await self._user.taken(body)

    def call(self, command: Json, options: list[Json]) -> Json:
        """Return the call of a command."""
        data = {key: command[key] for key in ("id", "version", "name", "type")}
        return self._user.command("", application_id=self.application, data=data | {"options": options})

    async def press(self, message: Json, label: str) -> str:
        """Press the button with a label or emoji, which has to be taken; return the nonce."""
        body = self._user.press(message, custom_id(message, label), application_id=self.application)
        return await self._user.taken(body)

    def pressing(self, message: Json, button: str, **changes: object) -> Json:
        """Return a press of the button with a custom id."""
        return self._user.press(message, button, **changes)

    def choice(self, message: Json, menu: str, value: str) -> Json:
        """Return the choice of a value from a menu."""
        data = {"component_type": 3, "type": 3, "custom_id": menu, "values": [value]}
        return self._user.press(message, menu, data=data)

    async def choose(self, message: Json, menu: str, value: str) -> str:
        """Choose a value from a menu; return the nonce."""
        return await self._user.taken(self.choice(message, menu, value))

    async def open(self, message: Json, label: str) -> Json:
        """Press a button that opens a form; return the form."""
        await self.press(message, label)
        return await self.gateway.event("INTERACTION_MODAL_CREATE")

    def submission(self, modal: Json, text: str) -> Json:
        """Return a form filled in."""
        field = modal["components"][0]["components"][0]["custom_id"]
        rows = [{"type": 1, "components": [{"type": 4, "custom_id": field, "value": text}]}]
        data = {"id": modal["id"], "custom_id": modal["custom_id"], "components": rows}
        return self._user.command("", type=5, application_id=self.application, data=data)

    async def submit(self, modal: Json, text: str) -> str:
        """Send a form in; return the nonce."""
        return await self._user.taken(self.submission(modal, text))

    async def imagine(self, prompt: str) -> Json:
        """Let the bot draw; return the message with the grid."""
        await self.command("imagine", options=[{"type": _STRING, "name": "prompt", "value": prompt}])
        return await self.result()

    async def solo(self, prompt: str) -> Json:
        """Let the bot draw, and upscale the first picture; return its message."""
        grid = await self.imagine(prompt)
        await self.press(grid, "U1")
        return await self.result()

    async def start(self) -> Json:
        """Wait for the next message."""
        return await self.gateway.event("MESSAGE_CREATE")

    async def result(self) -> Json:
        """Wait for the next message with a picture."""
        return await self._user.result()

    async def edited(self, text: str) -> Json:
        """Wait for the next edited message that has a text in it."""
        return await self.gateway.event("MESSAGE_UPDATE", lambda message: text in message["content"])

    async def upload(self, filename: str) -> Json:
        """Put a picture on the upload host; return how an interaction names it."""
        file = io.BytesIO()
        Image.new("RGB", (96, 64), "teal").save(file, "PNG")
        content = file.getvalue()
        announced = {"files": [{"filename": filename, "file_size": len(content), "id": "0"}]}
        slots = await self._user.request("POST", f"/channels/{self._user.channel_id}/attachments", json=announced)
        (slot,) = slots.json()["attachments"]
        (await self.http.put(slot["upload_url"], content=content)).raise_for_status()
        return {"filename": filename, "uploaded_filename": slot["upload_filename"]}

    async def react(self, message: Json) -> httpx.Response:
        """Put an envelope on a message."""
        path = f"/channels/{message['channel_id']}/messages/{message['id']}/reactions/%E2%9C%89%EF%B8%8F/%40me"
        return await self._user.request("PUT", path, params={"location": "Message", "type": 0})

    @property
    def http(self) -> httpx.AsyncClient:
        """Any host of the simulator."""
        return self._user.http

    async def described(self, name: str) -> Json:
        """Return a command as the index describes it."""
        if self._commands is None:
            path = f"/guilds/{self._user.account['guild_id']}/application-command-index"
            index = (await self._user.request("GET", path)).json()["application_commands"]
            ours = [each for each in index if each["application_id"] == self.application]
            self._commands = {each["name"]: each for each in ours}
        return self._commands[name]
