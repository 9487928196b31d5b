from mjproxy_simulator.model.accounts import Directory, Profile, derive_account, derive_stranger
from mjproxy_simulator.model.seeds import Seed


def test_account_is_the_same_forever_for_its_seed() -> None:
    account = derive_account(Seed("mjproxy"), 0, Profile.OF_2026)
    assert (account.user.id, account.user.username) == (921275014647344825, "alice")
    assert account.token == "sim.alice.2c68e21cf23110f78798a0a2adee4672"
    assert account != derive_account(Seed("another"), 0, Profile.OF_2026)


def test_thousand_accounts_share_nothing() -> None:
    accounts = [derive_account(Seed("test"), number, Profile.OF_2026) for number in range(1000)]
    ids = [each for one in accounts for each in (one.user.id, one.guild_id, one.channel_id, one.private_channel_id)]
    assert len({one.user.username for one in accounts}) == len({one.token for one in accounts}) == 1000
    assert len(set(ids)) == 4000
    assert all(17 <= len(str(each)) <= 19 for each in ids)


def test_account_is_found_by_each_of_its_names() -> None:
    account = derive_account(Seed("test"), 0, Profile.OF_2026)
    directory = Directory([account], [derive_stranger(Seed("test"))])
    assert directory.by_token(account.token) == account
    assert directory.find(str(account.channel_id)) == directory.find(str(account.user.id)) == account
    assert directory.by_token("") is directory.find("1") is None
    private = directory.channel(account.private_channel_id)
    assert private is not None
    assert (private.guild_id, private.owner_id) == (None, account.user.id)


def test_profile_is_changed_for_one_account() -> None:
    first, second = (derive_account(Seed("test"), number, Profile.OF_2026) for number in range(2))
    directory = Directory([first, second], [])
    directory.set_profile(first.user.id, Profile.OF_2023)
    assert [account.profile for account in directory.accounts] == [Profile.OF_2023, Profile.OF_2026]
    assert directory.by_token(first.token) == directory.accounts[0]
