from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.bot.analysis import (
    SHORTENED,
    Token,
    details,
    numbered,
    overview,
    read_numbered,
    shortened,
    weigh,
)

WORDS = st.lists(st.text(st.characters(categories=("L", "N", "P", "So")), min_size=1, max_size=8), min_size=1)
LINES = st.lists(st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1), max_size=9)


@given(words=WORDS)
def test_every_word_is_weighed_in_its_place_and_the_heaviest_has_one(words: list[str]) -> None:
    tokens = weigh(" ".join(words))
    assert [token.word for token in tokens] == words
    assert max(token.weight for token in tokens) == 1.0
    assert all(0 <= token.weight <= 1 for token in tokens)


def test_nothing_weighs_nothing() -> None:
    assert weigh("  ") == ()


def test_word_weighs_the_same_whatever_its_case_and_the_comma_behind_it() -> None:
    weights = [token.weight for token in weigh("Castle, castle CASTLE!")]
    assert len(set(weights)) == 1


def test_small_words_weigh_less_than_others() -> None:
    small, other = weigh("the lighthouse")
    assert small.weight < 0.6 < other.weight == 1.0


@given(words=WORDS)
def test_shorter_prompts_keep_the_order_and_get_shorter_and_shorter(words: list[str]) -> None:
    prompts = [prompt.split() for prompt in shortened(weigh(" ".join(words)))]
    assert 1 <= len(prompts) <= SHORTENED
    for prompt, shorter in zip([words, *prompts], prompts, strict=False):
        left = iter(prompt)
        assert all(word in left for word in shorter)
        assert shorter
    assert len({tuple(prompt) for prompt in prompts}) == len(prompts)


def test_shorter_prompts_drop_the_lightest_words_first() -> None:
    tokens = tuple(Token(word, weight) for word, weight in (("a", 0.1), ("red", 0.5), ("cat", 1.0)))
    assert shortened(tokens) == ["red cat", "cat"]


@given(prompts=LINES)
def test_prompts_that_are_listed_can_be_read_again(prompts: list[str]) -> None:
    assert read_numbered(numbered(prompts)) == prompts


def test_words_are_marked_by_their_weight() -> None:
    tokens = (Token("cat", 1.0), Token("red", 0.3), Token("the", 0.05))
    assert overview(tokens, ["cat"]).splitlines()[1] == "**cat** red ~~the~~"


def test_details_give_each_weight_and_the_longest_bar_first() -> None:
    tokens = (Token("the", 0.05), Token("red", 0.5), Token("cat", 1.0))
    told = details(tokens, ["red cat", "cat"])
    assert "~~the~~ (0.05), **red** (0.50), **cat** (1.00)" in told
    assert [line for line in told.splitlines() if "█" in line] == [f"{'█' * 10} cat", f"{'█' * 5} red", "█ the"]
    assert read_numbered(told) == ["red cat", "cat"]
