"""Draws by the library discord.py-self, as published; where Discord is, is all that it is told otherwise.

Arguments: the simulator's address, a token, a channel id and a prompt. Prints one line of JSON for each thing heard.
It runs in an environment of its own, which has the library and nothing of the simulator.
"""

import json
import sys

import discord
import discord.gateway
import discord.http
import yarl

address, token, channel_id, prompt = sys.argv[1:]
discord.http.Route.BASE = f"{address}/api/v9"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(address.replace("http", "ws") + "/")


def tell(**what: object) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


class Artist(discord.Client):
    async def on_ready(self) -> None:
        tell(event="ready", user=str(self.user.id), guilds=[str(guild.id) for guild in self.guilds])
        channel = self.get_channel(int(channel_id))
        commands = await channel.application_commands()
        imagine = next(
            each for each in commands if each.name == "imagine" and each.application.name == "Midjourney Bot"
        )
        interaction = await imagine(channel, prompt=prompt)
        tell(event="interaction", id=str(interaction.id), successful=interaction.successful)

    async def on_message(self, message: discord.Message) -> None:
        tell(event="message", id=str(message.id), buttons=sum(len(row.children) for row in message.components))
        if message.attachments:
            picture = await message.attachments[0].read()
            tell(event="picture", bytes=len(picture))
            await self.close()


Artist().run(token, log_handler=None)
