"""Every page of the application, and who looks at it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.browsing import Workplace

EXPLAINED_WITHIN_MS = 120_000

Open = Callable[[Page, Workplace], None]


def at(path: str) -> Open:
    """A page with a fixed address."""
    return lambda page, _: page.goto(path)  # type: ignore[return-value]


def study(page: Page, workplace: Workplace) -> None:
    page.goto(workplace.study)
    if page.locator("[data-tools]").first.is_visible():
        # A viewer is made when its image comes into sight.
        page.locator(".marked .frame").first.scroll_into_view_if_needed()
        expect(page.locator(".marked .stage canvas").first).to_be_attached()
        expect(page.locator("[data-readout]").first).to_contain_text("%")


def drawing(page: Page, workplace: Workplace) -> None:
    page.goto(workplace.alone)
    expect(page.locator(".marked .stage canvas").first).to_be_attached()
    page.locator(".segments").get_by_text("Side by side").click()
    page.locator("[data-adjust]").first.click()
    page.locator("[data-draw]").focus()
    page.keyboard.press("Enter")
    page.locator("[data-tools] [data-do=ruler]").click()
    page.get_by_text("Window in numbers").click()
    expect(page.locator(".drawn g")).to_have_count(2)


def keys_of_viewer(page: Page, workplace: Workplace) -> None:
    study(page, workplace)
    page.locator("[data-do=keys]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def why_dialog(page: Page, workplace: Workplace) -> None:
    study(page, workplace)
    page.locator("[data-why]").first.click()
    expect(page.locator("[data-why-explained]")).to_be_visible(timeout=EXPLAINED_WITHIN_MS)


def why_page(page: Page, workplace: Workplace) -> None:
    page.goto(workplace.why, timeout=EXPLAINED_WITHIN_MS)
    expect(page.locator("[data-why-explained]")).to_be_visible()


def refused_files(page: Page, _: Workplace) -> None:
    page.goto("/")
    page.set_input_files("#files", {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0"})
    expect(page.locator(".file.failed")).to_be_visible()


def keys_of_worklist(page: Page, _: Workplace) -> None:
    page.goto("/studies")
    page.locator("[data-keys-button]").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def refused_sign_in(page: Page, _: Workplace) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill("Nobody")
    page.get_by_label("Password").fill("nothing")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


# Who looks, and at what.
def first_person(page: Page, workplace: Workplace) -> None:
    """The page of one person."""
    page.goto("/people")
    page.locator("main tbody a").first.click()


def locked(page: Page, workplace: Workplace) -> None:
    """A page that nobody used for a while; its session goes on, as other tests use it."""
    page.goto("/account")
    page.evaluate("document.documentElement.classList.add('locked')")
    page.evaluate("document.querySelector('[data-lock]').showModal()")


PAGES: dict[str, tuple[str, Open]] = {
    "sign-in": ("nobody", at("/sign-in")),
    "refused-sign-in": ("nobody", refused_sign_in),
    "used-link": ("nobody", at("/sign-in/used")),
    "first-page-of-all": ("newcomer", at("/")),
    "empty-worklist": ("newcomer", at("/studies")),
    "empty-agreement": ("newcomer", at("/agreement")),
    "first-page": ("admin", at("/")),
    "refused-files": ("admin", refused_files),
    "worklist": ("admin", at("/studies")),
    "filtered-worklist": ("admin", at("/studies?order=newest&verdict=none&state=read")),
    "keys-of-worklist": ("admin", keys_of_worklist),
    "bin": ("admin", at("/studies/bin")),
    "study": ("admin", study),
    "drawing": ("admin", drawing),
    "keys-of-viewer": ("admin", keys_of_viewer),
    "why-dialog": ("admin", why_dialog),
    "why-page": ("admin", why_page),
    "agreement": ("admin", at("/agreement")),
    "account": ("admin", at("/account")),
    "locked": ("admin", locked),
    "second-factor": ("admin", at("/account/second-factor")),
    "passkeys": ("admin", at("/account/passkeys")),
    "code": ("nobody", at("/sign-in/code")),
    "people": ("admin", at("/people")),
    "person": ("admin", first_person),
    "tenants": ("admin", at("/tenants")),
    "retention": ("admin", at("/retention?days=30")),
    "audit": ("admin", at("/audit")),
    "help": ("clinician", at("/help")),
    "not-found": ("clinician", at("/studies/00000000000000000000000000000000")),
    "not-allowed": ("clinician", at("/agreement")),
}
