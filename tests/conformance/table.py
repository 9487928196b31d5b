"""The table of results: a row for each case, a column for each language."""

import re
from collections.abc import Iterator, Mapping, Sequence

import pytest

_TEST = re.compile(r"test_conformance\.py::test_client\[(?P<language>[a-z]+)-(?P<case>.+)\]$")
_SIGNS = {"passed": "yes", "failed": "NO", "error": "NO", "skipped": "-"}


def rows(stats: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """Returns the lines of the table, from pytest's reports by outcome; none if no case was played."""
    results: dict[str, dict[str, str]] = {}
    for outcome, sign in _SIGNS.items():
        for report in stats.get(outcome, ()):
            found = _TEST.search(report.nodeid) if isinstance(report, pytest.TestReport) else None
            if found:
                results.setdefault(found["case"], {})[found["language"]] = sign
    languages = list(dict.fromkeys(language for row in results.values() for language in row))
    if results:
        yield f"\n{'':<85}{''.join(language.rjust(12) for language in languages)}"
    for case, row in sorted(results.items()):
        yield f"{case:<85}{''.join(row.get(language, '').rjust(12) for language in languages)}"
