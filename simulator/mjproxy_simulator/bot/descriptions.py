"""The prompts with which the bot describes a picture: four of them, made up from the record of the job."""

from typing import Final

from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.seeds import Seed

_DESCRIPTIONS: Final = Seed("descriptions")
_SUBJECTS: Final = ("a mountain range", "a calm sea", "a drifting nebula", "a quiet village", "a field of flowers")
_LIGHTS: Final = ("at dawn", "at dusk", "under a full moon", "in golden light", "in soft morning mist")
_STYLES: Final = ("watercolor", "oil on canvas", "35mm photography", "ukiyo-e print", "isometric 3D render")
_MOODS: Final = ("serene", "dramatic", "dreamlike", "nostalgic", "playful")


def describe(job: Job) -> list[str]:
    """Return the four prompts."""
    chance = _DESCRIPTIONS.random(job.seed, *job.images)
    columns = [chance.sample(words, 4) for words in (_SUBJECTS, _LIGHTS, _STYLES, _MOODS)]
    width, height = job.aspect
    return [
        f"{subject} {light}, {style}, {mood} --ar {width}:{height}"
        for subject, light, style, mood in zip(*columns, strict=True)
    ]
