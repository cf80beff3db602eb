"""Make docs/decode.svg, the picture in the README: what a terminal shows of `secctx decode` on a sample.

Where secctx is installed: python scripts/picture.py
"""

import contextlib
import io
import os
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from secctx.cli.main import secctx

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "decode.svg"
COMMAND = ["decode", "samples/curl-clock-skew.log"]
WIDTH = 98
COLUMN = 12.2  # what rich gives a character, in the units of the picture

#: rich's own template without its fonts from the web: a picture in a repository should load nothing.
TEMPLATE = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <style>
    .{unique_id}-matrix {{
        font-family: 'Fira Code', 'DejaVu Sans Mono', Menlo, Consolas, monospace;
        font-size: {char_height}px;
        line-height: {line_height}px;
    }}
    .{unique_id}-title {{
        font-size: 18px;
        font-weight: bold;
        font-family: sans-serif;
    }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""


def terminal_output() -> str:
    """What the command prints on a terminal of `WIDTH` columns, with its colours."""
    before, here = dict(os.environ), Path.cwd()
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        os.environ.pop(name, None)
    os.environ.update(COLUMNS=str(WIDTH), TERM="xterm-256color")
    try:
        os.chdir(ROOT)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            secctx.main([*COMMAND, "--color", "always"], standalone_mode=False)
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
    return printed.getvalue()


def picture() -> str:
    """The picture as SVG; the same input always gives the same text."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "green"), ("secctx " + " ".join(COMMAND), "bold")))
    console.print(Text.from_ansi(terminal_output().rstrip("\n")))
    svg = console.export_svg(title="secctx decode", code_format=TEMPLATE, unique_id="secctx")
    return re.sub(r'x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" ([^>]*)>((?:&#160;)+)', _indented, svg)


def _indented(text: re.Match[str]) -> str:
    """A piece of text moved to where its first letter stands: some viewers drop the spaces before it."""
    blank = text[5].count(";") * COLUMN
    x, length = float(text[1]) + blank, float(text[3]) - blank
    return f'x="{x:.1f}" y="{text[2]}" textLength="{length:.1f}" {text[4]}>'


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)} written")
