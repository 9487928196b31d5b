"""What it costs to search a prompt for banned words, with lists of very different length.

A search is one pass through the prompt: its cost should not depend on the list. The limit beside it is a search by
`re` for the alternatives of the same list, which tries one after the other.
"""

import random
import re
import statistics
import time
from collections.abc import Callable

from mjproxy_server.prompts.phrases import PhraseSet

LENGTHS = (100, 1_000, 10_000, 100_000)
ROUNDS = 9
REPEATS = 200
AIM = 1.5


def main() -> None:
    rng = random.Random(1)
    costs = []
    for length in LENGTHS:
        phrases = [" ".join(word(rng) for _ in range(rng.randint(1, 3))) for _ in range(length)]
        prompt = prompt_near(phrases, rng)
        found = PhraseSet(phrases)
        costs.append(microseconds(found.find, prompt, REPEATS))
        line = f"one search, {length:>7,} phrases {costs[-1]:9.1f} us"
        if length <= 10_000:
            pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b", re.IGNORECASE)
            alternatives = microseconds(pattern.search, prompt, 1)
            line += f"   by alternatives {alternatives:10.1f} us"
        print(line)
    print(f"{LENGTHS[-1]:,} phrases to {LENGTHS[0]}: ratio {costs[-1] / costs[0]:.2f}   aim {AIM}")


def prompt_near(phrases: list[str], rng: random.Random) -> str:
    """Returns a prompt of sixty words without a banned one, a third of which begin a banned phrase."""
    begun = [phrase.split()[0] for phrase in phrases if " " in phrase]
    words = [word(rng) if number % 3 else rng.choice(begun) for number in range(60)]
    return " ".join(words)


def word(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(6, 9)))


def microseconds(search: Callable[[str], object], prompt: str, repeats: int) -> float:
    """Returns the median cost of one search."""
    costs = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(repeats):
            search(prompt)
        costs.append((time.perf_counter() - begun) / repeats * 1e6)
    return statistics.median(costs)


if __name__ == "__main__":
    main()
