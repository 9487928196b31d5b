import pytest

from tests.simulator.discord_user import DiscordUser
from tests.simulator.simulated_world import World


async def posted(alice: DiscordUser, *texts: str) -> list[str]:
    ids = []
    for text in texts:
        response = await alice.request("POST", f"/channels/{alice.channel_id}/messages", json={"content": text})
        assert response.status_code == 200
        ids.append(response.json()["id"])
    return ids


async def test_message_of_the_user_is_returned_and_told(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    body = {"content": "hello", "nonce": 17, "type": 0, "channel_id": alice.channel_id, "sticker_ids": []}
    response = await alice.request("POST", f"/channels/{alice.channel_id}/messages", json=body)
    message = response.json()
    told = await alice.gateway.event("MESSAGE_CREATE")
    assert response.headers["content-type"] == "application/json"
    assert (message["content"], message["nonce"], message["author"]["id"]) == ("hello", "17", alice.id)
    assert (told["id"], told["nonce"], told["guild_id"]) == (message["id"], "17", alice.account["guild_id"])
    assert "guild_id" not in message


async def test_empty_message_is_refused(alice: DiscordUser) -> None:
    response = await alice.request("POST", f"/channels/{alice.channel_id}/messages", json={"content": ""})
    assert (response.status_code, response.json()["code"]) == (400, 50006)


async def test_history_is_newest_first_and_bounded(alice: DiscordUser) -> None:
    ids = await posted(alice, *"abcdefg")
    newest = ids[::-1]

    async def found(**query: str | int) -> list[str]:
        return [message["id"] for message in await alice.history(**query)]

    assert await found() == newest
    assert await found(limit=2) == newest[:2]
    assert await found(before=ids[3]) == newest[4:]
    assert await found(before=ids[3], limit=2) == newest[4:6]
    assert await found(after=ids[3]) == newest[:3]
    assert await found(after=ids[3], limit=2) == [ids[5], ids[4]]
    assert await found(around=ids[3], limit=3) == [ids[4], ids[3], ids[2]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "before=x", "before=1&after=1"])
async def test_history_is_refused_when_the_bounds_are_none(alice: DiscordUser, query: str) -> None:
    response = await alice.request("GET", f"/channels/{alice.channel_id}/messages?{query}")
    assert (response.status_code, response.json()["code"]) == (400, 50035)


async def test_history_of_others_is_refused(world: World, alice: DiscordUser) -> None:
    other = (await world.user(1)).channel_id
    assert (await alice.request("GET", f"/channels/{other}/messages")).status_code == 403
    assert (await alice.request("GET", "/channels/1/messages")).json()["code"] == 10003


async def test_reactions_and_acknowledgements_are_taken_for_messages_that_exist(alice: DiscordUser) -> None:
    (message_id,) = await posted(alice, "hello")
    path = f"/channels/{alice.channel_id}/messages/{message_id}"
    envelope = "%E2%9C%89%EF%B8%8F"
    reaction = await alice.request("PUT", f"{path}/reactions/{envelope}/%40me?location=Message&type=0")
    acknowledged = await alice.request("POST", f"{path}/ack", json={"token": None, "last_viewed": 3496})
    others = [f"/channels/{alice.channel_id}/messages/{number}" for number in (1, 2**63)]
    unknown = [await alice.request("PUT", f"{other}/reactions/{envelope}/%40me") for other in others]
    assert (reaction.status_code, reaction.content) == (204, b"")
    assert (acknowledged.status_code, acknowledged.json()) == (200, {"token": None})
    assert [(each.status_code, each.json()["code"]) for each in unknown] == [(404, 10008)] * 2


async def test_one_message_is_for_bots_alone(alice: DiscordUser) -> None:
    (message_id,) = await posted(alice, "hello")
    refused = await alice.request("GET", f"/channels/{alice.channel_id}/messages/{message_id}")
    assert (refused.status_code, refused.json()["code"]) == (403, 20002)


async def test_message_with_a_nonce_to_enforce_is_posted_once(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    body = {"content": "hello", "nonce": "17", "enforce_nonce": True}
    answers = [await alice.request("POST", f"/channels/{alice.channel_id}/messages", json=body) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    again = await alice.request("POST", f"/channels/{alice.channel_id}/messages", json=body | {"enforce_nonce": False})
    assert len(await alice.history()) == 2
    assert again.json()["id"] != answers[0].json()["id"]


async def test_message_is_deleted_and_its_deletion_told(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    path = f"/channels/{alice.channel_id}/messages"
    posted = (await alice.request("POST", path, json={"content": "hello"})).json()
    deleted = [await alice.request("DELETE", f"{path}/{posted['id']}") for _ in range(2)]
    assert [answer.status_code for answer in deleted] == [204, 404]
    assert (await alice.gateway.event("MESSAGE_DELETE"))["id"] == posted["id"]
    assert await alice.history() == []


async def test_reaction_is_told_listed_and_taken_back(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    path = f"/channels/{alice.channel_id}/messages"
    posted = (await alice.request("POST", path, json={"content": "hello"})).json()
    reactions = f"{path}/{posted['id']}/reactions/%E2%9C%89%EF%B8%8F"
    for _ in range(2):
        assert (await alice.request("PUT", f"{reactions}/%40me?location=Message&type=0")).status_code == 204
    told = await alice.gateway.event("MESSAGE_REACTION_ADD")
    assert (told["message_id"], told["user_id"], told["emoji"]["name"]) == (posted["id"], alice.id, "✉️")
    assert [user["id"] for user in (await alice.request("GET", reactions)).json()] == [alice.id]
    assert (await alice.request("DELETE", f"{reactions}/@me")).status_code == 204
    assert (await alice.gateway.event("MESSAGE_REACTION_REMOVE"))["message_id"] == posted["id"]
    assert (await alice.request("GET", reactions)).json() == []
    assert await alice.gateway.quiet() == []
