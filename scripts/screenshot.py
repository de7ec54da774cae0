"""Take the picture of the result page that the README shows: `python -m scripts.screenshot --help`.

The radiograph itself is blurred beyond recognition before the picture is taken, so that no image of a data set or of a
patient leaves the machine; boxes, verdict and figures are what the running application answered.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

BROWSER = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
BLUR = ".radiograph img, .view img, figure img { filter: blur(18px); }"


def main() -> int:
    """Sign in by the launcher's link, send the X-rays, and photograph the page that follows."""
    arguments = _arguments()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=arguments.browser, args=FLAGS)
            # The page's own policy forbids foreign styles, such as the blur.
            page = browser.new_page(
                viewport={"width": arguments.width, "height": arguments.height},
                color_scheme="dark" if arguments.dark else "light",
                bypass_csp=True,
            )
            page.goto(arguments.link)
            _send(page, arguments.images)
            page.add_style_tag(content=BLUR)
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=arguments.out)
            browser.close()
    except Error as error:
        print(f"screenshot: {error.message.splitlines()[0]}", file=sys.stderr)
        return 2
    print(arguments.out)
    return 0


def _send(page: Page, images: list[Path]) -> None:
    page.set_input_files("input[type=file]", [str(image) for image in images])
    page.wait_for_url("**/studies/*", timeout=60_000)
    page.wait_for_load_state("networkidle")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshot", description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+", type=Path, help="X-rays of one study")
    parser.add_argument("--link", required=True, help="the sign-in link that the launcher printed")
    parser.add_argument("--out", type=Path, default=Path("docs/images/result.png"))
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=820)
    parser.add_argument("--browser", default=BROWSER, help="Chromium's executable")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
