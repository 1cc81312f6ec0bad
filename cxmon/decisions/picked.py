"""A fix begins where things were worst, and what was worst by chance gets better by itself: regression to the mean."""

PICKED_ON = 56


def both(first: tuple[float, float, float], second: tuple[float, float, float]) -> tuple[float, float, float]:
    a, b = first, second
    return b[0], min(a[1], b[1]), max(a[2], b[2])
