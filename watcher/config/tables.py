"""A TOML table read into the frozen dataclass of its kind: unknown keys, types, durations, paths, secrets.

A kind's dataclass is its whole schema: field names are the keys, types decide
what may stand there, a field without a default is required. Every fault is
noted with its path in the file; nothing stops at the first.
"""

from __future__ import annotations

import types
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from watcher.config import durations
from watcher.config.places import KeyPath
from watcher.message import wording
from watcher.message.wording import Template
from watcher.secret import Secret

T = TypeVar("T")

ALIASES = {"from": "sender"}
"""Keys of the file that are no Python names, and the fields they fill."""

FORMS_OF_SECRET = '{ env = "NAME" }, { file = "path" } or { credential = "name" }'  # noqa: S105  (how one is written, not one)

EXAMPLES = {
    "name": '"desk"',
    "url": '"https://www.example.org/feed/"',
    "path": '"inbox"',
    "host": '"smtp.example.org"',
    "from": '"watcher@example.org"',
    "to": '["desk@example.org"]',
    "command": '["./notify.sh"]',
    "channels": '["terminal"]',
    "deliver": '"now"',
    "quiet": '"22:00-07:00"',
    "strip": '[".related"]',
    "headers": '{ Cookie = { env = "NK_COOKIE" } }',
    "none_in": '"text"',
    "password": '{ env = "SMTP_PASSWORD" }',
    "template": '"slack"',
    "urls": '[{ env = "NOTIFY_URL" }]',
    "secrets": '[{ env = "WEBHOOK_SECRET" }]',
    "corpus": '["seeds"]',
    "timezone": '"Asia/Seoul"',
    "near": "30",
    "allow": '["127.0.0.1/32"]',
}
"""What one might write for a key, for messages."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at `path`: at its value, its key, or (`inner`: line and column) inside its string."""

    path: KeyPath
    message: str
    at: Literal["value", "key"] = "value"
    inner: tuple[int, int] | None = None
    warning: bool = False
    lacks: str = ""
    """Keys that are missed; the fault is none where one of them stands on a line that could not be read."""


@dataclass(slots=True)
class Reading:
    """One reading of a config: the folder that relative paths start from, and the faults found so far."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)

    def wrong(
        self, path: KeyPath, message: str, *, at: Literal["value", "key"] = "value", lacks: str = ""
    ) -> None:
        """Note an error at `path`."""
        self.faults.append(Fault(path, message, at, lacks=lacks))

    def faulty(self, path: KeyPath) -> bool:
        """Whether something is wrong at or under `path` already."""
        return any(fault.path[: len(path)] == path for fault in self.faults)

    def table(self, kind: type[T], raw: dict[str, Any], path: KeyPath) -> T:
        """`raw` as a `kind`. What is faulty stands at its default or empty, and the rest can be checked."""
        schema: Any = kind
        known = _known(schema)
        values: dict[str, Any] = {}
        for key, value in raw.items():
            if key not in known:
                self.wrong((*path, key), unknown("key", key, known), at="key")
                continue
            name, hint = known[key]
            read = self.value(value, hint, (*path, key))
            if read is not FAULTY:
                values[name] = read
        for key in _required(schema):
            name, hint = known[key]
            way = f": write {key} = {EXAMPLES[key]}" if key in EXAMPLES else ""
            if key not in raw:
                self.wrong(path, f"{shown(path)} has no {key}{way}", at="key", lacks=key)
            elif name in values and values[name] in ("", ()):
                self.wrong((*path, key), f"{key} is empty{way}")
            if name not in values:
                values[name] = self.folder if hint is Path else () if get_origin(hint) is tuple else ""
        return kind(**values)

    def value(self, value: object, hint: Any, path: KeyPath) -> Any:
        """`value` as a `hint`, or `FAULTY` where faults were noted."""
        try:
            return _read(value, hint, path, self.folder)
        except _Unfit as unfit:
            self.faults.extend(unfit.faults)
            return FAULTY

    def tables(self, raw: dict[str, Any], key: str) -> list[dict[str, Any]]:
        """The `[[key]]` tables of `raw`; a fault where there is something else."""
        value = raw.get(key, [])
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return value
        here = f"[{key}]" if isinstance(value, dict) else f"{key} = …"
        self.wrong((key,), f"there may be several: write [[{key}]] instead of {here}", at="key")
        return [value] if isinstance(value, dict) else []


FAULTY: Any = object()
"""Stands for a value that could not be read."""


class _Unfit(Exception):
    """A value that does not fit its field, as faults."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(faults)


def unknown(what: str, given: str, known: Any) -> str:
    """`unknown key "chanels": did you mean "channels"?`, or the known ones where none is near."""
    names = sorted(set(known))
    near = get_close_matches(given.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    if near:
        meant = next(name for name in names if name.lower() == near[0])
        return f'unknown {what} "{given}": did you mean "{meant}"?'
    if not names:
        return f'unknown {what} "{given}": there is none'
    listed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return f'unknown {what} "{given}": known here: {listed}'


def shown(path: KeyPath) -> str:
    """`path` as it is written in the file: `[[feeds]] number 2`, `[watcher]`, `headers`."""
    last = path[-1] if path else ""
    if isinstance(last, int):
        owner = path[-2]
        return f"[[{owner}]] number {last + 1}" if len(path) == 2 else f"entry {last + 1} of {owner}"
    return f"[{last}]" if len(path) == 1 else str(last)


def shown_value(value: object) -> str:
    """`value` as TOML would write it, short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + (value if len(value) <= 40 else value[:39] + "…") + '"'
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else str(value)


@cache
def _known(kind: Any) -> dict[str, tuple[str, Any]]:
    """The keys a table of `kind` may have: the field each fills, and its type."""
    spelled = {name: key for key, name in ALIASES.items()}
    hints = get_type_hints(kind)
    return {spelled.get(each.name, each.name): (each.name, hints[each.name]) for each in fields(kind)}


@cache
def _required(kind: Any) -> tuple[str, ...]:
    spelled = {name: key for key, name in ALIASES.items()}
    return tuple(
        spelled.get(each.name, each.name)
        for each in fields(kind)
        if each.default is MISSING and each.default_factory is MISSING
    )


@cache
def _adapter(hint: Any) -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415  (0.1 s: not for commands that read no config)

    return TypeAdapter(hint)


def _read(value: object, hint: Any, path: KeyPath, folder: Path) -> Any:
    """`value` as a `hint`. Raises `_Unfit`."""
    prepared = _prepare(value, hint, path, folder)
    if _fits(prepared, hint):
        return prepared
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        return _adapter(hint).validate_python(prepared, strict=True)
    except ValidationError as error:
        places = {_place(value, each["loc"]): each for each in error.errors(include_url=False)}
        raise _Unfit(
            *(
                Fault((*path, *place), _misfit(hint, path, place, each["input"]))
                for place, each in places.items()
            )
        ) from None


def _fits(value: Any, hint: Any) -> bool:
    """Whether `value` is plainly a `hint`. pydantic judges, and is imported for, only what is not."""
    for option in _options(hint):
        origin = get_origin(option)
        if origin is Literal:
            fits = isinstance(value, str) and value in get_args(option)
        elif origin is tuple:
            fits = isinstance(value, tuple) and all(_fits(each, get_args(option)[0]) for each in value)
        elif origin is dict:
            fits = isinstance(value, dict) and all(
                _fits(each, get_args(option)[1]) for each in value.values()
            )
        else:
            fits = isinstance(value, option) and (option is bool or not isinstance(value, bool))
        if fits:
            return True
    return False


def _place(value: Any, location: tuple[int | str, ...]) -> KeyPath:
    """A location of pydantic's without the names of union branches: only what leads somewhere in `value`."""
    path: KeyPath = ()
    for step in location:
        if isinstance(value, list | dict) and (
            step in value if isinstance(value, dict) else isinstance(step, int)
        ):
            value = value[step]  # type: ignore[index]
            path += (step,)
        else:
            break
    return path


def _misfit(hint: Any, path: KeyPath, place: KeyPath, given: object) -> str:
    key = str(path[-1])
    choices = next((get_args(each) for each in _options(hint) if get_origin(each) is Literal), ())
    if choices and not place:
        if isinstance(given, str):
            near = get_close_matches(given.lower(), choices, n=1)
            if near:
                return f'{key} = {shown_value(given)} is not known here: did you mean "{near[0]}"?'
        listed = ", ".join(f'"{choice}"' for choice in choices)
        return f"{key} must be one of {listed}, not {shown_value(given)}"
    wanted = _described(_inner(hint) if place else hint)
    where = key
    if place:
        where = f"entry {place[-1] + 1} of {key}" if isinstance(place[-1], int) else place[-1]
    way = ""
    if not place and any(get_origin(each) is tuple for each in _options(hint)) and isinstance(given, str):
        way = f": write {key} = [{shown_value(given)}]"
    elif (
        not place and isinstance(given, str) and given.strip().isdigit() and _options(hint)[0] in (int, float)
    ):
        way = f": write {key} = {given.strip()}"
    elif key in EXAMPLES and not place:
        way = f": for instance {key} = {EXAMPLES[key]}"
    return f"{where} must be {wanted}, not {shown_value(given)}{way}"


def _options(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(each for each in get_args(hint) if each is not type(None))
    return (hint,)


def _inner(hint: Any) -> Any:
    """The type of what a list or table of `hint` holds."""
    for each in _options(hint):
        if get_origin(each) is tuple:
            return get_args(each)[0]
        if get_origin(each) is dict:
            return get_args(each)[1]
    return hint


_NAMES = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    timedelta: 'a duration like "15m", "24h" or "90d"',
    Path: "a path in quotes",
    Template: "a file's path, or the name of a template, in quotes",
    Secret: "a secret, " + FORMS_OF_SECRET,
}


def _described(hint: Any) -> str:
    options = _options(hint)
    if get_origin(options[0]) is tuple:
        return "a list"
    if get_origin(options[0]) is dict:
        return "a table"
    return " or ".join(_NAMES.get(each, str(each)) for each in options)


def _prepare(value: object, hint: Any, path: KeyPath, folder: Path) -> Any:
    """What pydantic is strict about and TOML cannot say: tuples, durations, paths, secrets."""
    options = _options(hint)
    if isinstance(value, str) and str not in options:
        return _from_text(value, options, path, folder)
    if timedelta in options and isinstance(value, int | float) and not isinstance(value, bool):
        message = f'{path[-1]} needs a unit: write {path[-1]} = "{value}m" (s, m, h, d, w)'
        raise _Unfit(Fault(path, message))
    if float in options and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if Secret in options and isinstance(value, dict):
        return _secret(value, path, folder)
    origins = {get_origin(each) for each in options}
    if isinstance(value, list) and tuple in origins:
        return tuple(
            _gather(((index, each) for index, each in enumerate(value)), hint, path, folder).values()
        )
    if isinstance(value, dict) and dict in origins:
        return _gather(value.items(), hint, path, folder)
    return value


WAITS = frozenset({"group_wait", "catch_up"})
"""Durations that may be zero: there is then no waiting, no catching up."""


def _from_text(value: str, options: tuple[Any, ...], path: KeyPath, folder: Path) -> Any:
    if timedelta in options:
        try:
            return durations.parse(value, zero=path[-1] in WAITS)
        except ValueError as error:
            raise _Unfit(Fault(path, str(error))) from None
    if Path in options and value.strip():
        return folder / Path(value).expanduser()
    if Path in options:
        raise _Unfit(Fault(path, f"{path[-1]} is empty: write the path of a file or folder"))
    if Template in options:
        return wording.read(value, folder)
    if Secret in options:
        message = f"a secret never stands in the file: write {FORMS_OF_SECRET} instead of the secret itself"
        raise _Unfit(Fault(path, message))
    return value


def _gather(items: Any, hint: Any, path: KeyPath, folder: Path) -> dict[Any, Any]:
    """Each item prepared; the faults of all of them in one `_Unfit`."""
    prepared: dict[Any, Any] = {}
    faults: list[Fault] = []
    for key, value in items:
        try:
            prepared[key] = _prepare(value, _inner(hint), (*path, key), folder)
        except _Unfit as unfit:
            faults.extend(unfit.faults)
    if faults:
        raise _Unfit(*faults)
    return prepared


def _secret(value: dict[str, object], path: KeyPath, folder: Path) -> Secret:
    forms = ("env", "file", "credential")
    strange = [key for key in value if key not in forms]
    if strange:
        raise _Unfit(*(Fault((*path, key), unknown("key", key, forms), "key") for key in strange))
    if len(value) != 1:
        raise _Unfit(Fault(path, f"a secret stands in one place: write one of {FORMS_OF_SECRET}"))
    ((form, where),) = value.items()
    if not isinstance(where, str) or not where.strip():
        example = {"env": '"NAME"', "file": '"path"', "credential": '"name"'}[form]
        raise _Unfit(Fault((*path, form), f"{form} must be text in quotes: write {{ {form} = {example} }}"))
    if form == "file":
        return Secret(file=folder / Path(where).expanduser())
    return Secret(env=where) if form == "env" else Secret(credential=where)
