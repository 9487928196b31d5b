"""The routes of Discord's REST API that are used here, and the parts of them that rate limits go by."""

from dataclasses import dataclass
from urllib.parse import quote

# Discord API reference, "Rate Limits": limits are counted apart for each value of these.
MAJOR_PARAMETERS = ("channel_id", "guild_id", "webhook_id")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template such as `/channels/{channel_id}/messages`."""

    method: str
    template: str

    def bind(self, **parameters: str) -> "BoundRoute":
        """Fill in the template's parameters."""
        quoted = {name: quote(value, safe="") for name, value in parameters.items()}
        major = next((parameters[name] for name in MAJOR_PARAMETERS if name in parameters), "")
        return BoundRoute(self, path=self.template.format(**quoted), major=major)

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


@dataclass(frozen=True, slots=True)
class BoundRoute:
    """A route to one resource; `major` is the value of its major parameter, empty if it has none."""

    route: Route
    path: str
    major: str


INTERACTIONS = Route("POST", "/interactions")
APPLICATION_COMMANDS = Route("GET", "/guilds/{guild_id}/application-command-index")
CURRENT_USER = Route("GET", "/users/@me")
HISTORY = Route("GET", "/channels/{channel_id}/messages")
CREATE_MESSAGE = Route("POST", "/channels/{channel_id}/messages")
UPLOAD_SLOTS = Route("POST", "/channels/{channel_id}/attachments")
REFRESH_URLS = Route("POST", "/attachments/refresh-urls")
DIRECT_CHANNELS = Route("POST", "/users/@me/channels")
OWN_REACTION = Route("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/%40me")
