"""Makes the pictures of the README: mails of invented articles, as a phone, a browser and a terminal show them.

Needs Chromium, CJK fonts, pngquant, tmux and neomutt (Debian: chromium, fonts-noto-cjk, pngquant, tmux, neomutt):

    python docs/make_pictures.py [--all FOLDER]

`--all` writes every sample at phone and desktop width, light and dark, into a folder to look through, and names those
that would have to be scrolled sideways.
"""

# ruff: noqa: INP001, S603, S607 - a script, not a package; it runs programs of the system with its own arguments

from __future__ import annotations

import argparse
import html
import io
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text
from sample_mails import SAMPLES, ZONE

from watcher.alert import Alert, Bundle, Content, Outgoing
from watcher.channels import maildir
from watcher.message import mail as message

PHONE, DESKTOP = 390, 1000
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def browse(page: str, *what: str, dark: bool = False) -> str:
    """Chromium's output for `page`; `what` says what it is to do with it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(page, encoding="utf-8")
        # 0 is dark, 1 is light: blink's PreferredColorScheme
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        command = [*CHROMIUM, f"--user-data-dir={folder}/profile", scheme, *what, source.as_uri()]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def shoot(page: str, picture: Path, *, width: int, height: int, dark: bool = False) -> None:
    """The page as Chromium shows it in a window of that size, in a palette of 64 colours: a third of the size."""
    browse(page, f"--window-size={width},{height}", f"--screenshot={picture}", dark=dark)
    subprocess.run(["pngquant", "--force", "--ext=.png", "64", picture], check=True)


def frame(mail: str, width: int, height: int, style: str = "border:0") -> str:
    """A mail in a window of its own: Chromium itself makes none narrower than 500 pixels."""
    return f'<iframe srcdoc="{html.escape(mail)}" style="{style};width:{width}px;height:{height}px"></iframe>'


def sizes(mails: Sequence[str], width: int) -> list[tuple[int, int]]:
    """How wide and how high each mail wants to be in a window `width` wide."""
    script = (
        "<script>onload = () => { document.body.textContent = JSON.stringify(Array.from(frames, each =>"
        " [each.document.documentElement.scrollWidth, each.document.documentElement.scrollHeight])) }</script>"
    )
    dom = browse("".join(frame(mail, width, 10) for mail in mails) + script, "--dump-dom")
    found = re.search(r"\[\[.*\]\]", dom)
    if found is None:
        raise SystemExit(dom[:2_000])
    return [(wide, high) for wide, high in json.loads(found[0])]


def as_dark(mail: str) -> str:
    """The mail as a dark phone shows it, whatever the window is: its media query is made to hold."""
    dark = mail.replace("(prefers-color-scheme: dark)", "all")
    return dark.replace(":root { color-scheme: light dark; }", ":root { color-scheme: dark; }")


def phones(picture: Path, *mails: str, height: int) -> None:
    """Mails side by side, as phones would show them."""
    style = "border:1px solid #c9d1d9;border-radius:18px;margin:14px 0 14px 14px"
    frames = "".join(frame(mail, PHONE, height, style) for mail in mails)
    page = f'<body style="margin:0;background:#eef1f4;white-space:nowrap">{frames}</body>'
    shoot(page, picture, width=len(mails) * (PHONE + 16) + 14, height=height + 30)


def every_view(folder: Path) -> None:
    """Each sample in each width and scheme, and its plain text."""
    folder.mkdir(parents=True, exist_ok=True)
    mails = {name: message.html(content, zone=ZONE) for name, content in SAMPLES.items()}
    for name, content in SAMPLES.items():
        (folder / f"{name}.txt").write_text(message.plain(content, zone=ZONE), encoding="utf-8")
    for device, width in (("phone", PHONE), ("desktop", DESKTOP)):
        for (name, mail), (wide, high) in zip(mails.items(), sizes(list(mails.values()), width), strict=True):
            if wide > width:
                print(f"{name}: {wide} pixels wide on a {device}")  # noqa: T201 - what the script is for
            for shade in ("light", "dark"):
                page = f'<body style="margin:0">{frame(mail, width, high)}</body>'
                picture = folder / f"{name}-{device}-{shade}.png"
                shoot(page, picture, width=width, height=high, dark=shade == "dark")


MUTT = """
set folder=. charset=utf-8 mail_check=0 sort=threads sort_aux=date pager_index_lines=8 quit=yes
set index_format="%Z %{%d %b %H:%M}  %s" pager_format="%s" header_cache=""
unset help
ignore *
unignore from date subject list-id
color normal default default
color indicator black white
color status black brightwhite
color tree cyan default
color header cyan default .
color body brightmagenta default "[*][^* ][^*]*[*]"
color body blue default "https?://[^ ]+"
color quoted default default
"""


def mutt(picture: Path) -> None:
    """A mail folder in a terminal of 80 columns, as neomutt lists it and shows the plain text of an alert."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        box = maildir.Maildir(name="outbox", path=folder / "outbox")
        for number, (sample, content) in enumerate(SAMPLES.items()):
            if sample != "extremes":
                thread = "alert" if sample == "revision" else None
                when = moment(content)
                outgoing = Outgoing(
                    id=sample, channel="outbox", recipient="outbox", content=content, sequence=number, created=when,
                    thread=thread, thread_ids=(thread,) if thread else (),
                )  # fmt: skip
                body = maildir.render(box, outgoing, zone=ZONE)
                maildir.send(box, outgoing, body, attempt_at=when)
        (folder / "muttrc").write_text(MUTT)
        tmux = ["tmux", "-S", str(folder / "socket"), "-u"]
        program = (
            f"HOME={folder} LC_ALL=C.UTF-8 TZ=Asia/Seoul neomutt -n -R -F {folder}/muttrc -f {folder}/outbox"
        )
        subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "42", program], check=True)
        try:
            screen(tmux, "NeoMutt")
            subprocess.run([*tmux, "send-keys", "4", "Enter", "Enter"], check=True)
            shown = screen(tmux, "Enough?").rstrip()
        finally:
            subprocess.run([*tmux, "kill-server"], check=True)
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(Text.from_ansi(shown), soft_wrap=True)
    style = "margin:14px 18px;font:14px/1.4 'Noto Sans Mono CJK KR',monospace"
    page = console.export_html(
        inline_styles=True, code_format=f'<body style="margin:0"><pre style="{style}">{{code}}'
    )
    shoot(page, picture, width=36 + 80 * 7, height=28 + (shown.count("\n") + 1) * 20)


def moment(content: Content) -> datetime:
    """When it was decided."""
    if isinstance(content, Alert):
        return content.article.found
    return content.opened if isinstance(content, Bundle) else content.at


def screen(tmux: list[str], expected: str) -> str:
    """What the terminal shows, once `expected` stands on it."""
    for _ in range(50):
        shown = subprocess.run(
            [*tmux, "capture-pane", "-p", "-e"], check=True, capture_output=True, text=True
        ).stdout
        if expected in shown:
            return shown
        time.sleep(0.1)
    raise SystemExit(shown)


def main() -> None:
    """Write the pictures of the README, or every view into a folder."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--all", type=Path, metavar="FOLDER")
    if (folder := arguments.parse_args().all) is not None:
        every_view(folder)
        return
    here = Path(__file__).parent
    mails = {name: message.html(content, zone=ZONE) for name, content in SAMPLES.items()}
    phones(here / "alert-mail.png", mails["alert"], as_dark(mails["alert"]), height=830)
    phones(here / "revised-mail.png", mails["revision"], as_dark(mails["korean"]), height=680)
    ((_, high),) = sizes([mails["digest"]], 640)
    shoot(mails["digest"], here / "digest-mail.png", width=640, height=high)
    mutt(here / "mutt.png")


if __name__ == "__main__":
    main()
