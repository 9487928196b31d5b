from mjproxy_server.discord.rest.routes import APPLICATION_COMMANDS, CURRENT_USER, HISTORY


def test_channel_and_guild_are_major_parameters() -> None:
    assert HISTORY.bind(channel_id="5").major == "5"
    assert APPLICATION_COMMANDS.bind(guild_id="7").major == "7"
    assert CURRENT_USER.bind().major == ""


def test_parameters_cannot_leave_their_place_in_the_path() -> None:
    assert HISTORY.bind(channel_id="1/../2?x").path == "/channels/1%2F..%2F2%3Fx/messages"


def test_route_names_itself_without_its_parameters() -> None:
    assert str(HISTORY) == "GET /channels/{channel_id}/messages"
