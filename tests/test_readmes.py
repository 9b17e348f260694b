"""The generated README.md of each folder is in step with what lies there."""

from pathlib import Path

import pytest

from .generate.readmes import readmes


@pytest.mark.parametrize(("file", "text"), [pytest.param(*one, id=str(one[0].parent.name)) for one in readmes()])
def test_the_readme_is_in_step(file: Path, text: str) -> None:
    assert file.read_text("utf-8") == text, "python -m tests.readmes writes it again"
