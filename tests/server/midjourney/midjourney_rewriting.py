"""How the bot rewrites prompts, so far as it was observed; written apart from the code that sees through it."""

import random
import re

_PARAMETER = re.compile(r" --(?:no [^-]*|(?:tile|raw|fast|relax|turbo|stealth)\b|[a-z]+ \S+)")
_MODE = re.compile(r"--(?:fast|relax|turbo|stealth)\b")


def echo(prompt: str, rng: random.Random) -> str:
    """A prompt as the bot might show it."""
    text = " ".join(prompt.replace("\u2014", "--").split())
    text = re.sub(r"https?://\S+", lambda _: f"<https://s.mj.run/{rng.randrange(10**11):011d}>", text)
    parameters = [found.strip() for found in _PARAMETER.findall(text)]
    kept = [_renamed(parameter) for parameter in parameters if not _MODE.match(parameter) and parameter != "--q 1"]
    rng.shuffle(kept)
    added = [parameter for parameter in ("--v 7.0", "--s 250", "--p qt9rkxa") if rng.random() < 0.3]
    return " ".join([*_PARAMETER.sub("", text).split(), *kept, *added])


def _renamed(parameter: str) -> str:
    return {"--style raw": "--raw", "--v 7": "--v 7.0"}.get(parameter, parameter)
