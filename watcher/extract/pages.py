"""Pages: the article of an HTML page without what stands around it, and the text of a feed's HTML.

trafilatura finds the article, in its precise way. Most of its cost is left
out: the page is thinned before it, and its second method (readability, half
of the cost) is asked only where it could be preferred. Over the benchmark's
181 pages that took 12 ms a page with title, author, date and language, in
place of 19, where bare trafilatura takes 15; F1 stayed at .973.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from html import unescape
from typing import TYPE_CHECKING, Any, cast

from watcher.extract import documents
from watcher.extract.imprint import Imprint, imprint
from watcher.model import Extracted, Permanent

if TYPE_CHECKING:
    from trafilatura.settings import Document

ENOUGH = 250
"""Characters of a page's text under which the other ways of extraction are asked too (trafilatura's own figure)."""

LOST = 0.6
"""Under this share of the paragraphs a page marks as its article, extraction lost the article. On the
benchmark's 181 pages the share is under .5 on three, where half and more was missing, and from .7 up elsewhere."""

DOUBTFUL = 2.0
"""A part of the page that holds this many times what was found means that the wrong part was found: trafilatura's own
figure for preferring its second method. So that one, half of the cost, is asked only where it could be preferred: on
12 of the 181 pages, all six among them where it was."""

RUN = 80
"""Characters of text in a row outside links from which it is a paragraph's, not a menu's or a teaser's."""

_ASIDE = frozenset({"aside", "figure", "footer", "nav", "form", "figcaption"})
_SPOKEN = frozenset({"p", "li", "blockquote"})
"""Elements that hold text and one another: the outer one is taken, so that nothing is said twice."""

# fmt: off
_MUTE = (
    "script", "style", "svg", "iframe", "link", "meta", "noscript", "object", "embed", "canvas", "video", "audio",
    "map", "picture", "source", "img", "nav", "footer", "aside", "button", "select", "option", "input", "label",
    "legend", "menu", "dialog", "textarea", "head",
)
"""Elements that trafilatura drops or unwraps empty in the end, after it has asked all its questions about them: half
of a page's. Dropped before, they change no text of the 181 pages. Forms and figures may hold an article: it looks."""
_INLINE = frozenset({
    "a", "abbr", "b", "br", "cite", "em", "font", "i", "mark", "q", "s", "small", "span", "strong", "sub", "sup",
    "time", "u",
})
# fmt: on


def page(html: str, *, url: str | None, strip: tuple[str, ...], metadata: bool) -> Extracted:
    """The article of a page. `strip`: CSS selectors of what goes first; `metadata`: also title, author and date."""
    tree = _tree(html)
    if tree is None:
        raise Permanent("the page is empty or is not HTML")
    hint = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    about = imprint(tree, url) if metadata else Imprint()
    for selector in strip:
        _remove(tree, selector)
    text = _article(tree) or _words(html)
    return Extracted(
        text=_without_title(text, about.title),
        title=about.title,
        author=about.author,
        published=about.published,
        language=hint,
    )


def _tree(html: str) -> Any | None:
    from trafilatura import load_html  # noqa: PLC0415 - workers only

    if not html.strip():
        return None
    _plain_elements()
    tree = load_html(html)
    return load_html(f"<html><body>{html}</body></html>") if tree is None else tree


@functools.cache
def _plain_elements() -> None:
    """Have trafilatura's parser make every element a plain `HtmlElement`, at once.

    Otherwise lxml asks a Python function for the class of each element
    whenever one is touched, 3,000 times a page, so that forms and labels get
    methods nobody here calls.
    """
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 - workers only
    from lxml.html import HtmlElement  # type: ignore[import-untyped]  # noqa: PLC0415
    from trafilatura import utils  # noqa: PLC0415

    utils.HTML_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))


def _remove(tree: Any, selector: str) -> None:
    from cssselect import HTMLTranslator  # noqa: PLC0415 - workers only

    for element in tree.xpath(HTMLTranslator().css_to_xpath(selector)):
        if element.getparent() is not None:
            element.drop_tree()


def _article(tree: Any) -> str:
    from trafilatura import html2txt  # noqa: PLC0415 - workers only

    marked = _marked(tree)
    _thin(tree)
    text = _body(tree, precise=True, fast=True)
    if _is_doubtful(tree, text):
        text = _body(tree, precise=True)
    if len(text) >= ENOUGH and _share(marked, text) >= LOST:
        return text
    # Precision gives up on short pages, and now and then takes one part of the body for the whole.
    wide = _body(tree, precise=False)
    if len(wide) > 2 * len(text):
        text = wide
    whole = "\n".join(marked)
    # Longer, too: what a page marks may hold teasers in paragraphs, and the article in something else.
    if _share(marked, text) < LOST and len(whole) > 1.5 * len(text):
        text = whole
    return text or str(html2txt(tree))


def _thin(tree: Any) -> None:
    """Take off what holds no text of an article. JSON-LD stays: it may hold the text, or say that this is a forum."""
    for element in list(tree.iter(*_MUTE)):
        if element.getparent() is not None and element.get("type") != "application/ld+json":
            element.drop_tree()


def _is_doubtful(tree: Any, text: str) -> bool:
    """Whether the second method might do better: the text is short, or some part of the page holds far more."""
    return len(text) < ENOUGH or _largest(tree) > DOUBTFUL * len(text)


def _largest(tree: Any) -> int:
    """Characters of paragraphs, found as runs of text outside links, in the element that holds most of them."""
    held: Counter[Any] = Counter()
    for run in _runs()(tree):
        block = run.getparent()
        if run.is_tail:
            block = block.getparent()
        while block is not None and block.tag in _INLINE:
            block = block.getparent()
        # Its holder, and the next one, as paragraphs may have a wrapper each.
        for _ in range(2):
            block = block.getparent() if block is not None else None
            if block is not None:
                held[block] += len(run)
    return max(held.values(), default=0)


@functools.cache
def _runs() -> Any:
    from lxml import etree  # noqa: PLC0415 - workers only

    return etree.XPath(f"//text()[string-length(.) >= {RUN} and not(ancestor::a or ancestor::script)]")


def _words(html: str) -> str:
    """All text of markup nested deeper than libxml2 follows (256 elements), read without building a tree."""
    html = re.sub(
        r"(?is)<(script|style|head|noscript|template)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", " ", html
    )
    html = re.sub(r"(?i)</?(?:p|div|br|li|h[1-6]|tr|section|article|blockquote)\b[^>]*>", "\n", html)
    return unescape(re.sub(r"<[a-zA-Z/!?][^>]*>", "", html))


def _marked(tree: Any) -> list[str]:
    """The paragraphs of what the page itself marks as the article, or nothing where it does not say."""
    bodies = tree.xpath("//*[@itemprop='articleBody']") or tree.xpath("//article")
    if len(bodies) != 1:
        return []
    found = []
    for paragraph in bodies[0].iter("p", "h2", "h3", "li", "blockquote"):
        text = " ".join(paragraph.text_content().split())
        linked = sum(len(link.text_content()) for link in paragraph.iter("a"))
        if linked < len(text) / 2 and not any(
            above.tag in _ASIDE or (above.tag in _SPOKEN and paragraph.tag in _SPOKEN)
            for above in paragraph.iterancestors()
        ):
            found.append(text)
    return found


def _share(marked: list[str], text: str) -> float:
    """The share of the marked paragraphs, by length and the long ones only, that stand in `text`; 1 without any.

    By their beginnings: extraction may drop a link or a note further on.
    """
    long = [(len(paragraph), _letters(paragraph)[:60]) for paragraph in marked if len(paragraph) >= 80]
    total = sum(length for length, _ in long)
    if total < 2 * ENOUGH:
        return 1.0
    letters = _letters(text)
    return sum(length for length, start in long if start in letters) / total


def _body(tree: Any, *, precise: bool, fast: bool = False) -> str:
    from trafilatura import bare_extraction  # noqa: PLC0415 - workers only

    found = cast("Document | None", bare_extraction(tree, options=_options(precise=precise, fast=fast)))
    return (found.text or "") if found is not None else ""


@functools.cache
def _options(*, precise: bool, fast: bool) -> Any:
    """What is asked of trafilatura. It reads a settings file's worth of text for each set of options: .3 ms a page."""
    from trafilatura.settings import Extractor  # noqa: PLC0415 - workers only

    return Extractor(output_format="python", precision=precise, fast=fast, comments=False)


def _without_title(text: str, title: str) -> str:
    """`text` without its first paragraph where that is the title again: a headline is not the report."""
    first, _, rest = text.partition("\n")
    return rest if title and _letters(first) == _letters(title) else text


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


# --------------------------------------------------------------------------- fragments

# fmt: off
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p",
    "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})
_SILENT = frozenset({
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "math", "canvas", "audio", "video",
    "head", "select", "button", "textarea",
})
# fmt: on
_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w{1,30});")


def fragment(html: str) -> str:
    """What a feed gives as content or summary (HTML or plain text) as plain text, its paragraphs a blank line apart."""
    if not _MARKUP.search(html):
        return documents.clean(documents.unwrap(html))
    from lxml import etree  # noqa: PLC0415
    from lxml.html import HTMLParser, document_fromstring  # noqa: PLC0415

    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        return ""
    pieces: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        _say(event, element, pieces)
    return documents.clean("".join(pieces)) or documents.clean(_words(html))


def _say(event: str, element: Any, pieces: list[str]) -> None:
    name = element.tag if isinstance(element.tag, str) else "script"
    if event == "start":
        if name in _BLOCKS:
            pieces.append("\n")
        if name not in _SILENT and not _within_silent(element):
            pieces.append(_spaced(element.text))
        return
    if name in _BLOCKS:
        pieces.append("\n")
    if not _within_silent(element):
        pieces.append(_spaced(element.tail))


def _within_silent(element: Any) -> bool:
    return any(ancestor.tag in _SILENT for ancestor in element.iterancestors())


def _spaced(text: str | None) -> str:
    return re.sub(r"\s+", " ", text) if text else ""
