"""What must be true of all tasks in the end, whatever went wrong on the way."""

from __future__ import annotations

from mjproxy_server.model.task import Task
from mjproxy_server.store.interface import TaskQuery
from tests.server.engine.engine_world import EngineWorld


async def judged(world: EngineWorld) -> tuple[Task, ...]:
    """Returns all tasks; each has ended, was paid once at most for what had not failed, and has its own result."""
    tasks = (await world.engine.store.list(TaskQuery(limit=100_000))).tasks
    ledger = {str(entry["nonce"]): entry["job"] for entry in await world.ledger()}
    failed_jobs = {job["id"] for job in (await world.control.get("/control/jobs?status=failed")).json()}
    assert all(task.status.ended for task in tasks)
    for task in tasks:
        given_up = {ledger.get(step.nonce) for step in task.trace.steps if step.setback} - {None}
        assert given_up <= failed_jobs, f"task {task.id} was tried again although its job had not failed"
        started = [ledger[step.nonce] for step in task.trace.attempt if ledger.get(step.nonce)]
        assert len(started) <= 1, f"task {task.id} was paid {len(started)} times"
        if task.result:
            assert started == [task.result.job_id], f"task {task.id} got another job's result"
    results = [task.result.job_id for task in tasks if task.result]
    assert len(results) == len(set(results))
    return tasks
