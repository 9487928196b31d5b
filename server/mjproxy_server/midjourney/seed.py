"""The seed of a picture, which the bot writes into the direct channel of the user who asks by a reaction.

Observed between 2023 and 2026: a message with the prompt, the job's UUID and the seed, each on a line of its own.
"""

import re
from dataclasses import dataclass

from mjproxy_server.midjourney.messages import BotMessage

_SEED = re.compile(
    r"\*\*Job ID\*\*:\s*(?P<job_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*\*\*seed\*\*:?\s*(?P<seed>\d+)",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Seed:
    """The seed of a job's picture, in decimal digits."""

    job_id: str
    seed: str


def seed_of(message: BotMessage) -> Seed | None:
    """Return the seed that a message tells; None if it tells none.

    The last one counts: what stands before is the prompt, which may hold anything.
    """
    found = list(_SEED.finditer(message.text))
    return Seed(found[-1]["job_id"].lower(), found[-1]["seed"]) if found else None
