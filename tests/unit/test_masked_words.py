"""Words of a report as a telephone keeps them: numbers of people masked, everything else as it was said."""

import pytest

from usecases.task_sheet import masked_text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("联系我 13812345678，谢谢", "联系我 138****5678，谢谢"),
        ("座机027-8571 2345", "座机027****2345"),
        ("+86 138 1234 5678", "138****5678"),
        ("解放大道 1234 号，3 楼", "解放大道 1234 号，3 楼"),
        ("", ""),
    ],
)
def test_numbers_are_masked(said: str, shown: str) -> None:
    assert masked_text(said) == shown
