"""A page of HTML as PDF, by WeasyPrint: it lays out paper, runs nothing and asks no network."""

from importlib.util import find_spec

from cxmon.errors import CxmonError

MISSING = "a PDF needs WeasyPrint; install cxmon with the extra `pdf`, or write .html and print that"


class PaperError(CxmonError):
    """A page could not be laid out as PDF."""


def can_pdf() -> bool:
    """Whether the extra `pdf` is installed."""
    return find_spec("weasyprint") is not None


def pdf(page: str) -> bytes:
    """The PDF. PaperError where the extra `pdf`, or a library of the system that it uses, is missing."""
    try:
        from weasyprint import HTML  # noqa: PLC0415 - only who asks for a PDF pays for it.
    except ImportError as error:
        raise PaperError(MISSING) from error
    except OSError as error:
        raise PaperError(f"WeasyPrint lacks a library of the system, such as Pango: {error}") from error
    done: bytes = HTML(string=page, url_fetcher=_nothing).write_pdf()
    return done


def _nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError(f"a brief holds all it shows, and asks nobody for {url}")
