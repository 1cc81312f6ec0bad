"""The board: reads the store, read-only; whatever it changes goes through `cxmon.actions`."""
