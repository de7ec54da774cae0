"""Keep the catalogues of the pages' languages: `python -m scripts.translate update`, or `check`.

`update` writes the texts of the sources into every catalogue of `app/web/i18n/translations`, new ones untranslated;
`check` lists missing and wrong translations. See docs/languages.md.
"""

import argparse
import sys
from collections.abc import Sequence

from app.web.extraction import ROOT, extracted, problems, update_catalogue
from app.web.i18n.catalogues import catalogue_path
from app.web.i18n.language import DEFAULT, LANGUAGES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when every catalogue is whole, 1 when something is missing or wrong."""
    parser = argparse.ArgumentParser(prog="python -m scripts.translate", description=__doc__.partition(":")[0])
    parser.add_argument("step", choices=("update", "check"), help="write the catalogues anew, or only look at them")
    step = parser.parse_args(arguments).step
    texts = extracted()
    found = 0
    for language in sorted(LANGUAGES.keys() - {DEFAULT}):
        if step == "update":
            update_catalogue(language, texts)
        for line in problems(language, texts):
            found += 1
            print(f"{catalogue_path(language).relative_to(ROOT)}: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
