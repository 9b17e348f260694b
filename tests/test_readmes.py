"""Every generated README.md is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from .generate.readmes import readmes


@pytest.mark.parametrize(("file", "text"), [pytest.param(*one, id=str(one[0].parent.name)) for one in readmes()])
def test_the_readme_is_up_to_date(file: Path, text: str) -> None:
    assert file.read_text("utf-8") == text, "make it again: python -m tests.generate readmes"
