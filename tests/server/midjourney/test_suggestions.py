from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.midjourney.suggestions import prompts_of

DESCRIBED = "1️⃣ a cat on a roof --ar 1:1\n\n2️⃣ a tabby, oil painting --ar 1:1\n\n3️⃣ three --ar 1:1\n\n4️⃣ four --ar 1:1"
SHORTENED = (
    "## Important tokens\n**beautiful** **girl**, in the ~~style~~ of a painter\n"
    "## Shortened prompts\n1️⃣ beautiful girl, painter\n\n2️⃣ beautiful girl\n\n3️⃣ girl, painter\n\n4️⃣ girl\n\n5️⃣ painter"
)
WORDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\u20e3\ufe0f"), min_size=1)


def test_the_prompts_of_a_description() -> None:
    assert prompts_of(DESCRIBED) == (
        "a cat on a roof --ar 1:1",
        "a tabby, oil painting --ar 1:1",
        "three --ar 1:1",
        "four --ar 1:1",
    )


def test_the_shortened_prompts_without_the_words_before_them() -> None:
    assert prompts_of(SHORTENED) == (
        "beautiful girl, painter",
        "beautiful girl",
        "girl, painter",
        "girl",
        "painter",
    )


def test_prompts_may_stand_in_neighbouring_lines_and_without_the_variation_selector() -> None:
    assert prompts_of("1\u20e3 one\n2\ufe0f\u20e3   two  ") == ("one", "two")


def test_a_prompt_may_have_several_lines_and_a_keycap_inside() -> None:
    assert prompts_of("1️⃣ one\nof two 2️⃣ lines\n\nand more") == ("one\nof two 2️⃣ lines",)


def test_a_text_without_numbered_prompts_has_none() -> None:
    assert prompts_of("") == prompts_of("a cat, 1 roof") == prompts_of("1️⃣ \n\n") == ()


@given(st.lists(st.lists(WORDS, min_size=1).map(" ".join), max_size=9))
def test_what_is_numbered_is_found_again(prompts: list[str]) -> None:
    text = "\n\n".join(f"{number}\ufe0f\u20e3 {prompt}" for number, prompt in enumerate(prompts, 1))
    assert prompts_of(text) == tuple(prompts)
