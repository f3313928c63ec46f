"""Native chains as the client sends them."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape


def chain_xml(head: str, lines: Sequence[tuple[str, str]], *, creator: str = "lead", kind: int = 53) -> str:
    """Return the XML of a chain; ``lines`` are (author, text). Ranges are what the client writes: the first place."""
    visible = head + "\n\n" + "\n".join(f"{n}. {text}" for n, (_, text) in enumerate(lines, start=1))

    def units(text: str) -> int:
        return len(text.encode("utf-16-le")) // 2

    def place(text: str) -> str:
        return f"{units(visible[: visible.index(text)])}-{units(text)}"

    entries = "".join(
        f"<i><u>{author}</u><h>0</h><s>.</s><t>{1764000000 + n}</t><r>{place(text)}</r></i>"
        for n, (author, text) in enumerate(lines)
    )
    info = (
        f"<solitaire><tt>0-{units(head)}</tt><s>.</s><au>{creator}</au><hrt>1</hrt><loss>0</loss>"
        f"<content><s>{len(lines)}</s>{entries}</content></solitaire>"
    )
    return (
        f'<?xml version="1.0"?>\n<msg><appmsg appid="" sdkver="0"><title>{escape(visible)}</title><des/>'
        f"<type>{kind}</type><extinfo><solitaire_info><![CDATA[{info}]]></solitaire_info></extinfo></appmsg></msg>"
    )
