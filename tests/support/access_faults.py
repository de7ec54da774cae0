"""What axe-core finds wrong on a page: rules of WCAG 2.0, 2.1 and 2.2 at levels A and AA, and good practice."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Switched off unless asked for: targets of at least 24 CSS pixels (WCAG 2.2, 2.5.8).
_MORE = {"target-size": {"enabled": True}}
# All that a theme can break: the colours.
_OF_COLOUR = ("color-contrast", "link-in-text-block")


def faults(page: Page) -> list[str]:
    """Every rule that the page breaks, with the elements that break it."""
    return _run(page, {"runOnly": {"type": "tag", "values": list(_TAGS)}, "rules": _MORE})


def faults_of_colour(page: Page) -> list[str]:
    """As `faults`, by the rules that depend on the theme."""
    return _run(page, {"runOnly": {"type": "rule", "values": list(_OF_COLOUR)}})


def _run(page: Page, options: dict[str, object]) -> list[str]:
    found = Axe().run(page, options={**options, "resultTypes": ["violations"], "iframes": False}).response
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
