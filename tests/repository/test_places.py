"""The repository works anywhere: no path of one machine, no address of a package index, no image from elsewhere."""

from __future__ import annotations

import re

from tests.repository.tree import ROOT, files, prose

MACHINE = re.compile(r"(?<![\w.<{$])/(?:root|work|home/\w+|Users/\w+)/[\w.-]")
INDEX = re.compile(
    r"https?://(?:\w+\.)*(?:pypi\.org|pythonhosted\.org|npmjs\.org)|--index-url|--extra-index-url|--find-links"
)
IMAGE = re.compile(
    r"!\[[^\]]*\]\(([^)\s]+)|<img[^>]+src=[\"']([^\"']+)|^\s*```\{(?:image|figure)\}\s+(\S+)", re.MULTILINE
)
TEXT = (".py", ".md", ".txt", ".toml", ".yml", ".yaml", ".json", ".ipynb", ".sql", ".js", ".css", ".sh", "")


def text_files():
    everywhere = files(
        "*",
        ".ci/*",
        "autograder/**/*",
        "shop/**/*",
        "manuscript/**/*",
        "book/**/*",
        "days/**/*",
        "labs/**/*",
        "solutions/**/*",
    )
    return [path for path in everywhere if path.suffix in TEXT]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in text_files()
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_one_machine_is_named():
    assert lines_with(MACHINE) == []


def test_no_address_of_a_package_index_is_named():
    assert lines_with(INDEX) == []


def test_every_image_in_the_prose_is_local_and_there():
    wrong = []
    for path in prose():
        for match in IMAGE.finditer((ROOT / path).read_text(encoding="utf-8")):
            source = next(filter(None, match.groups()))
            if source.startswith("data:"):
                continue
            if "://" in source or not ((ROOT / path).parent / source.lstrip("/")).exists():
                wrong.append(f"{path}: {source}")
    assert wrong == []


def test_every_image_has_a_text_alternative():
    silent = [str(path) for path in prose() if "![](" in (ROOT / path).read_text(encoding="utf-8")]
    assert silent == []
