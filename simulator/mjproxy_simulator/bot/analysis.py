"""What the bot makes of words: how much each word of a prompt weighs, and shorter prompts."""

import re
from dataclasses import dataclass
from typing import Final

from mjproxy_simulator.model.seeds import Seed

SHORTENED: Final = 5
FOOTER: Final = "Click on a button to imagine one of the shortened prompts"

_WEIGHTS: Final = Seed("weights")  # The same word weighs the same in all simulators.
_SMALL_WORDS: Final = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "is", "of", "on", "or", "the", "to", "with")
)
_IMPORTANT: Final = 0.45
_UNIMPORTANT: Final = 0.1
_BAR_LENGTH: Final = 10


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a prompt, and its weight from 0 to 1."""

    word: str
    weight: float


def weigh(text: str) -> tuple[Token, ...]:
    """Return the words of a text with their weights; the heaviest has 1."""
    words = text.split()
    weights = [_weight(word) for word in words]
    heaviest = max(weights, default=1.0)
    return tuple(Token(word, weight / heaviest) for word, weight in zip(words, weights, strict=True))


def shortened(tokens: tuple[Token, ...]) -> list[str]:
    """Return prompts, each shorter than the one before; fewer than five if the prompt is short itself."""
    prompts = []
    for step in range(1, SHORTENED + 1):
        kept = max(1, round(len(tokens) * (1 - step / (SHORTENED + 1))))
        least = sorted((token.weight for token in tokens), reverse=True)[kept - 1]
        prompts.append(" ".join(token.word for token in tokens if token.weight >= least))
    return list(dict.fromkeys(prompts))


def overview(tokens: tuple[Token, ...], prompts: list[str]) -> str:
    """Return what the bot writes about a prompt: which words matter, and the shorter prompts."""
    marked = " ".join(_marked(token) for token in tokens)
    return f"## Important tokens\n{marked}\n{_listed(prompts)}"


def details(tokens: tuple[Token, ...], prompts: list[str]) -> str:
    """Return the same with all weights, as numbers and as bars."""
    heaviest_first = sorted(tokens, key=lambda token: -token.weight)
    numbers = ", ".join(f"{_marked(token)} ({token.weight:.2f})" for token in tokens)
    bars = "\n".join(f"{'█' * max(1, round(token.weight * _BAR_LENGTH))} {token.word}" for token in heaviest_first)
    return f"## Important tokens\n{numbers}\n```\n{bars}\n```\n{_listed(prompts)}"


def numbered(prompts: list[str]) -> str:
    """Return prompts as the bot lists them."""
    return "\n\n".join(f"{number}\ufe0f\u20e3 {prompt}" for number, prompt in enumerate(prompts, 1))


def read_numbered(description: str) -> list[str]:
    """Return the prompts that a message of the bot lists."""
    return re.findall(r"^\d\ufe0f\u20e3 (.+)$", description, re.MULTILINE)


def _listed(prompts: list[str]) -> str:
    return f"## Shortened prompts\n{numbered(prompts)}"


def _marked(token: Token) -> str:
    if token.weight >= _IMPORTANT:
        return f"**{token.word}**"
    return f"~~{token.word}~~" if token.weight < _UNIMPORTANT else token.word


def _weight(word: str) -> float:
    bare = word.strip(".,;:!?").lower()
    chance = _WEIGHTS.random(bare).random()
    return 0.05 * chance if bare in _SMALL_WORDS else 0.1 + 0.9 * chance
