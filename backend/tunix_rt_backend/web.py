"""Pages for a browser: the API's own documentation, and the web app when it is built; it knows no data."""

from __future__ import annotations

from fastapi import FastAPI


def add_pages(app: FastAPI) -> None:
    """Add the pages to the application."""
