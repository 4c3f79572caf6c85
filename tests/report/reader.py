"""Reads what reports have written: pages by their tags and texts, tables by their cells."""

from __future__ import annotations

import csv
from html.parser import HTMLParser
from pathlib import Path

_VOID = {"meta", "input", "br", "img", "link", "hr"}
_SHOWN = str.maketrans({"\x00": "␀", "\x1b": "␛", "\u202e": "\ufffd"})


class Reader(HTMLParser):
    """Reads a page: its text, tags, links and identifiers; fails where tags do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes another tag")

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    @property
    def text(self) -> str:
        return "".join(self.texts)


def page_text(folder: Path) -> str:
    """Return the page of a report as it is written."""
    return (folder / "report.html").read_text(encoding="utf-8")


def read_page(folder: Path) -> Reader:
    """Read the page of a report."""
    return Reader(page_text(folder))


def read_csv(path: Path) -> list[list[str]]:
    """Return the rows of a table, the titles of its columns first."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def shown(text: str) -> str:
    """Return how a page shows a text of the factory's hostile ones."""
    return text.translate(_SHOWN)
