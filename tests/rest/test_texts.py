import pytest

from mjproxy_rest.texts import Language, preferred_language


@pytest.mark.parametrize(
    "header", ["", "*", "zh-CN,zh;q=0.9,en;q=0.8", "de, en;q=0", "fr", "en;q=0.3, zh;q=0.7", "en;q=x"]
)
def test_chinese_unless_english_is_preferred(header: str) -> None:
    assert preferred_language(header) is Language.ZH


@pytest.mark.parametrize("header", ["en", "EN-us", "de, en;q=0.1", "zh;q=0.5,en-GB;q=0.7", "en,zh"])
def test_english_when_it_is_preferred(header: str) -> None:
    assert preferred_language(header) is Language.EN
