"""Sizes in forms: as people write them, and as the configuration does."""

import pytest

from cxmon.wording.sizes import as_written, in_words


@pytest.mark.parametrize(
    ("written", "words"),
    [("1pt", "1 point"), ("2pt", "2 points"), ("1.5pt", "1.5 points"), ("10%", "10 %"), ("5min", "5 min"),
     ("0.3", "0.3"), ("much", "much")],
)  # fmt: skip
def test_a_size_reads_as_people_say_it_and_is_kept_as_the_configuration_writes_it(written, words):
    assert in_words(written) == words
    assert as_written(words) == as_written(f" {words} ") == as_written(written) == written
