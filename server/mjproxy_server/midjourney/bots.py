"""The bots by their Discord application ids, which are also the user ids of their messages."""

from mjproxy_server.model.vocabulary import Bot

APPLICATION_IDS = {
    Bot.MIDJOURNEY: "936929561302675456",
    Bot.NIJI: "1022952195194359889",
    Bot.INSIGHT_FACE: "1090660574196674713",
}

_BOTS = {application_id: bot for bot, application_id in APPLICATION_IDS.items()}


def bot_of(application_id: str) -> Bot | None:
    """Return the bot with this application id; None if it is none of ours."""
    return _BOTS.get(application_id)
