"""Schema versions, oldest first. A store whose version is not among them is newer than this code."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012")
