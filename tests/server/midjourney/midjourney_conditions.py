"""What the bot and Discord do in a history."""

import random
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What the bot and Discord do in a history.

    Attributes:
        answers_progress: Results of commands reply to the progress message (2026); otherwise to nothing (2023).
        previews: Progress may show pictures whose file names tell the job.
        cancel_buttons: Progress messages have a button that tells the job.
        queueing: Some jobs are held first, and then start with a message that tells no interaction.
        refusals: Some jobs are refused, or stopped.
        others: Another user draws the same things in the channel.
        suggestions_answer: Jobs from proposed prompts reply to the message that proposes them.
        twins: Our own user draws the same things from elsewhere, and has old results shown again.
        losses: Some dispatches of our jobs never come.
        giving_up: Some tasks are ended before their jobs.
        fragments: Changes of messages are told without what they leave as it was.
        niji: Two bots draw in the channel.
        retries: Some tasks whose jobs have failed are sent again, or have their prompts judged once more.
    """

    answers_progress: bool
    previews: bool
    cancel_buttons: bool
    queueing: bool
    refusals: bool
    others: bool
    suggestions_answer: bool
    twins: bool
    losses: bool
    giving_up: bool
    retries: bool
    fragments: bool
    niji: bool

    @property
    def may_restart(self) -> bool:
        """A process does not know what was told of twins to the one before it: the history would have to be read."""
        return not self.twins

    def without_losses(self) -> "Conditions":
        """The same, but that everything comes, and nobody is there who cannot be told from ourselves."""
        return replace(self, losses=False, giving_up=False, twins=False)


def any_conditions(rng: random.Random) -> Conditions:
    """Some of all conditions that there are."""
    return Conditions(**{each.name: rng.random() < 0.5 for each in fields(Conditions)})
