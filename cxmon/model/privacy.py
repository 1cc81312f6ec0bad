"""How few answers are too few to be shown, where nothing else is configured."""

# The rule of thumb of official statistics for results that leave the house (docs/privacy.md); also a metric's `min_n`.
MINIMUM_CELL = 10
