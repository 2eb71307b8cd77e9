"""Wording: a user's own Jinja2 template for a mail or a webhook's body, what it is given, and what becomes of it.

A template is sandboxed, and strict: what it misspells is an error, not a gap.
What it gives is bounded (`LIMIT`, `SECONDS`), cleaned, and refused where it is
no mail or no JSON. A loop without end, or a string of ten gigabytes, is one
line in Jinja, so nothing here runs a user's template but in a worker that
can be killed (`watcher.press`); `word` alone is for the templates that ship.
"""

from __future__ import annotations

import itertools
import json
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from watcher.alert import Outgoing
from watcher.display import clean, link, tidy
from watcher.model import WatcherError

if TYPE_CHECKING:
    import jinja2

Form = Literal["mail", "json"]
Words = dict[str, str]
"""What a template says: of a mail its `subject`, `plain` and `html`, as far as it words them; else the `body`."""

SHIPPED = ("slack",)
"""Templates that come with watcher, named instead of a file."""
LIMIT = 1_000_000
"""Characters that one template gives at most."""
SECONDS = 1.0
"""CPU time of a template; a report takes a thousandth of it, a bundle of a hundred a tenth."""

BLOCKS = ("subject", "plain", "html")
"""What a mail's template may word, a block each; what it does not stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as it was when the config was read. `fault`: why it could not be."""

    name: str
    """The file's path, or the name of a shipped one."""
    text: str = ""
    fault: str = ""
    shipped: bool = False

    @property
    def mark(self) -> str:
        """Another for each text: what was told of one is told anew of the next."""
        import hashlib  # noqa: PLC0415 - 10 ms, for what hardly ever happens

        return hashlib.sha256(
            f"{self.name}\0{self.text}\0{self.fault}".encode("utf-8", "replace")
        ).hexdigest()


class Misworded(WatcherError):
    """A template cannot word a delivery: why, and at which line of it (0: not known). `slow`: it took too long."""

    def __init__(self, template: Template, line: int, why: str, slow: bool = False) -> None:  # noqa: FBT001, FBT002 - pickled
        self.template = template
        self.line = line
        self.why = why
        self.slow = slow
        super().__init__(f"{template.name}:{line}: {why}" if line else f"{template.name}: {why}")

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is built: it comes back from a worker."""
        return type(self), (self.template, self.line, self.why, self.slow)


def read(given: str, folder: Path) -> Template:
    """The template that the config names: a shipped one, or a file relative to `folder`. Never raises."""
    if given in SHIPPED:
        from importlib.resources import files  # noqa: PLC0415 - 4 ms

        text = files("watcher").joinpath(f"templates/{given}.json.j2").read_text("utf-8")
        return Template(name=given, text=text, shipped=True)
    path = folder / Path(given).expanduser()
    try:
        return Template(name=str(path), text=path.read_text("utf-8"))
    except OSError as error:
        return Template(name=str(path), fault=f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        return Template(name=str(path), fault="is not UTF-8")


# --------------------------------------------------------------------------- what a template is given


def fields(outgoing: Outgoing, zone: tzinfo) -> dict[str, Any]:
    """What the webhook posts, plus `subject` and `text`: cleaned as for mails, and with a `link` beside each `url`."""
    from watcher.message import mail as message  # noqa: PLC0415 - the config needs no more of this module than `Template`
    from watcher.message import payload  # noqa: PLC0415 - likewise

    return {
        **_shown(payload.fields(outgoing)),
        "subject": message.subject(outgoing.content, zone=zone),
        "text": message.plain(outgoing.content, zone=zone),
    }


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if not isinstance(value, dict):
        return value
    shown = {key: _shown(each) for key, each in value.items()}
    if "text" in value and "subject" in value:  # a notice: its paragraphs are its own
        shown["text"] = tidy(value["text"])
    if "url" in value:
        shown["link"] = link(value["url"])
    return shown


# --------------------------------------------------------------------------- wording


def word(template: Template, form: Form, outgoing: Outgoing, zone: tzinfo) -> Words:
    """What `template` says of a delivery. Raises `Misworded`."""
    if template.fault:
        raise Misworded(template, 0, template.fault)
    given = fields(outgoing, zone)
    if form == "json":
        return {"body": _json(template, _rendered(template, given, zone, "", escape=False))}
    said: Words = {}
    for block in BLOCKS:
        text = _rendered(template, given, zone, block, escape=block == "html")
        if text is not None:
            said[block] = _mail(template, block, text)
    if not said:
        why = f"has none of the blocks {', '.join(BLOCKS)}: write for instance {{% block subject %}}…{{% endblock %}}"
        raise Misworded(template, 0, why)
    return said


def bounded(template: Template, form: Form, outgoing: Outgoing, zone: tzinfo) -> Words:
    """`word` within `SECONDS` of CPU time; in the main thread of a worker only, which ends what even that cannot."""

    def end(_: int, frame: FrameType | None) -> NoReturn:
        raise _TooLong(frame)

    signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        return word(template, form, outgoing, zone)
    except _TooLong as late:
        why = f"takes longer than {SECONDS:g} s: is there a loop without an end?"
        raise Misworded(template, late.line, why, slow=True) from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


class _TooLong(BaseException):
    """The time is over, wherever the template was."""

    def __init__(self, frame: FrameType | None) -> None:
        self.line = 0
        while frame is not None and not self.line:
            self.line = _line_of(frame, frame.f_lineno)
            frame = frame.f_back
        super().__init__()


def _rendered(template: Template, given: dict[str, Any], zone: tzinfo, block: str, *, escape: bool) -> Any:
    """The whole template, or one block of it (None: it has none of the name). Raises `Misworded`."""
    import jinja2  # noqa: PLC0415 - 40 ms, where there are templates

    try:
        compiled = _compiled(template.text, escape, zone)
        if not block:
            return _taken(template, compiled.root_render_func(compiled.new_context(given)))
        if block not in compiled.blocks:
            return None
        context = compiled.new_context(given)
        context.blocks = {name: [_nothing] for name in compiled.blocks}
        # what stands outside the blocks is no part of the mail, but sets what they use: variables and macros
        _taken(template, compiled.root_render_func(context))
        context.blocks = {name: [function] for name, function in compiled.blocks.items()}
        return _taken(template, compiled.blocks[block](context))
    except jinja2.TemplateSyntaxError as error:
        raise Misworded(template, error.lineno, clean(error.message or "", 300)) from error
    except (Misworded, MemoryError):
        raise
    except RecursionError as error:
        raise Misworded(template, _line(error), "calls itself without an end") from error
    except Exception as error:  # a template can raise whatever its expressions can
        why = clean(str(error), 300) or type(error).__name__
        raise Misworded(template, _line(error), why) from error


@lru_cache(maxsize=16)
def _compiled(text: str, escape: bool, zone: tzinfo) -> jinja2.Template:  # noqa: FBT001 - the key of a cache
    from jinja2 import TemplateSyntaxError, nodes  # noqa: PLC0415

    environment = _environment(escape, zone)
    switch = environment.parse(text).find(nodes.ScopedEvalContextModifier)
    if switch is not None:
        raise TemplateSyntaxError("autoescape cannot be switched: HTML of an article is text", switch.lineno)
    return environment.from_string(text)


def _nothing(_: Any) -> Iterator[str]:
    return iter(())


def _taken(template: Template, stream: Any) -> str:
    pieces: list[str] = []
    size = 0
    for piece in stream:
        size += len(piece)
        if size > LIMIT:
            line = _line_of(stream.gi_frame, stream.gi_frame.f_lineno)
            raise Misworded(template, line, f"gives more than {LIMIT:,} characters")
        pieces.append(piece)
    return "".join(pieces)


def _line(error: BaseException) -> int:
    """The template's line at which `error` arose."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        line = _line_of(trace.tb_frame, trace.tb_lineno) or line
        trace = trace.tb_next
    return line


def _line_of(frame: FrameType, number: int) -> int:
    compiled = frame.f_globals.get("__jinja_template__")
    return int(compiled.get_corresponding_lineno(number)) if compiled is not None else 0


def _json(template: Template, text: str) -> str:
    """The body as JSON in its shortest form, so that what is posted is valid whatever the template's spaces."""
    try:
        return json.dumps(json.loads(text, parse_constant=_no_constant), separators=(",", ":"))
    except ValueError as error:
        near = ""
        if isinstance(error, json.JSONDecodeError):
            near = f", near {clean(text[max(0, error.pos - 30) : error.pos + 30], 60)!r}"
        why = f"gives no JSON: {clean(str(error), 100)}{near}; write {{{{ …|tojson }}}} for each value"
        raise Misworded(template, 0, why) from error
    except RecursionError:
        raise Misworded(template, 0, "gives JSON that is nested too deep") from None


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON"
    raise ValueError(message)


def _mail(template: Template, block: str, text: str) -> str:
    """A part of a mail: cleaned, and with something in it that a person can read."""
    said = clean(text) if block == "subject" else tidy(text)
    if not said.strip():
        raise Misworded(template, 0, f"its block {block} gives nothing")
    if block != "html":
        return said
    from watcher.message import links  # noqa: PLC0415 - 6 ms

    if wrong := links.forbidden(said):
        why = f"links {clean(wrong, 80)!r}, which is neither http nor https: write `link` instead of `url`"
        raise Misworded(template, 0, why)
    return said


# --------------------------------------------------------------------------- the sandbox


@cache
def _environment(escape: bool, zone: tzinfo) -> jinja2.Environment:  # noqa: FBT001 - the key of a cache
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    environment = ImmutableSandboxedEnvironment(
        autoescape=escape,
        undefined=StrictUndefined,
        finalize=_given,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
    )
    # nothing that a template is given is HTML: an article's is text
    del environment.filters["safe"]
    own: dict[str, Callable[..., Any]] = {"local": _local(zone), "slack": slack}
    environment.filters.update(own)
    return environment


def _given(value: Any) -> Any:
    """What is not there (no date, no address) shows as nothing."""
    return "" if value is None else value


def _local(zone: tzinfo) -> Callable[[str | None, str], str]:
    def local(stamp: str | None, form: str = "%d %b %Y %H:%M %Z") -> str:
        """A time of the body in the config's time zone, as strftime(3) writes it; nothing where there is none."""
        if not stamp:
            return ""
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC).astimezone(zone).strftime(form[:100])

    return local


def slack(text: object, limit: int = 0) -> str:
    """`text` as Slack, Mattermost and Discord show it as it is, in at most `limit` characters (0: any).

    Slack wants &, < and > escaped (https://docs.slack.dev/messaging/formatting-message-text#escaping); the other
    two read Markdown links and names behind an @ in any text, and both fall apart at a zero-width space. The
    limit counts what is sent, and no escape is cut in two.
    """
    apart = re.sub(r"@(?=\w)|\](?=\()", "\\g<0>\u200b", str(text))
    pieces = [_ESCAPES.get(char, char) for char in apart]
    if limit and sum(map(len, pieces)) > limit:
        ends = itertools.accumulate(map(len, pieces))
        pieces = [*itertools.takewhile(lambda _: next(ends) < limit, pieces), "…"]
    return "".join(pieces)


_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
