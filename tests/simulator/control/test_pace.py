from pathlib import Path

from tests.simulator.simulated_world import Play, World


async def test_jobs_stand_still_until_they_are_stepped_and_go_on_when_resumed(play: Play) -> None:
    world = await play(profile=2023)
    alice = await world.user(0)
    async with alice.session() as gateway:
        assert (await world.http.post("/control/pause")).json()["paused"] is True
        await alice.taken(alice.command("a cat"))
        await gateway.event("INTERACTION_SUCCESS")
        assert await gateway.quiet() == []
        (job,) = await world.jobs()
        stepped = await world.http.post("/control/step", json={"steps": 2})
        assert stepped.json() == {"jobs": [job["id"]] * 2}
        told = await gateway.quiet()
        assert [frame["t"] for frame in told] == ["MESSAGE_CREATE", "MESSAGE_UPDATE"]
        assert "(0%)" in told[1]["d"]["content"]
        assert (await world.http.post("/control/resume")).json()["paused"] is False
        assert await alice.result()
        assert (await world.http.post("/control/step")).json() == {"jobs": []}


async def test_steps_of_several_jobs_come_in_the_order_of_their_times(play: Play) -> None:
    world = await play(concurrency=1)
    alice = await world.user(0)
    async with alice.session():
        await world.http.post("/control/pause")
        await alice.taken(alice.command("a cat"))
        await alice.taken(alice.command("a dog"))
        stepped = (await world.http.post("/control/step", json={"steps": 100})).json()["jobs"]
        cat, dog = [job["id"] for job in await world.jobs()]
        assert sorted(stepped, key=[cat, dog].index) == stepped
        assert {job["status"] for job in await world.jobs()} == {"finished"}


async def test_seed_decides_ids_of_coming_jobs(play: Play, tmp_path: Path) -> None:
    world = await play()
    alice = await world.user(0)
    assert (await world.http.get("/control/seed")).json() == {"seed": "mjproxy"}
    await world.http.post("/control/seed", json={"seed": "another"})
    await alice.taken(alice.command("a cat"))
    (job,) = await world.jobs()
    async with World.playing(tmp_path / "elsewhere", {"seed": "another"}, speed=200.0) as elsewhere:
        bruno = await elsewhere.user(1)
        await bruno.taken(bruno.command("a dog"))
        (other,) = await elsewhere.jobs()
    assert (job["id"], job["seed"]) == (other["id"], other["seed"])
