"""Draw the package: its layers as rows, and what they import as lines to the right.

``python -m tools.picture`` writes ``docs/architecture.svg``: run it after moving a
module or adding an import between layers.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from xml.sax.saxutils import escape

from tools.layers import ROOT, Layer, arrows, read_imports, read_layers

PICTURE = ROOT / "docs" / "architecture.svg"

MARGIN = 4
RIGHT = 306
LANE = 8
CHIP = 15
GAP = 4
TITLE = 17
CHARACTER = 5.5


class Chip(t.NamedTuple):
    """One module, as a small box."""

    name: str
    x: float
    y: float
    width: float


class Row(t.NamedTuple):
    """One layer, as a box with its modules in it."""

    titles: list[tuple[str, float]]
    chips: list[Chip]
    y: float
    height: float

    @property
    def leaving(self) -> float:
        """The height at which its imports leave it."""
        return self.y + self.height - 8

    @property
    def arriving(self) -> float:
        """The height at which it is imported."""
        return self.y + 9


def place_rows(layers: list[Layer]) -> list[Row]:
    """Give each layer its place, from the top to the bottom."""
    rows: list[Row] = []
    y = float(MARGIN)
    for layer in layers:
        row = _place_row(layer, y)
        rows.append(row)
        y = row.y + row.height + GAP
    return rows


def _place_row(layer: Layer, y: float) -> Row:
    titles: list[tuple[str, float]] = []
    chips: list[Chip] = []
    below = y + GAP
    for group in layer:
        if group.title:
            titles.append((group.title, below + TITLE - 6))
            below += TITLE
        folder = group.title.rstrip("/").replace("/", ".")
        inside = [name for name in group.modules if name != folder]
        chips += _flow([name.rpartition(".")[2] for name in inside], below)
        below = chips[-1].y + CHIP + GAP
    return Row(titles, chips, y, below - y)


def _flow(names: list[str], y: float) -> list[Chip]:
    """Set chips beside each other, in as many lines as they need."""
    chips: list[Chip] = []
    x = float(MARGIN + 6)
    for name in names:
        width = len(name) * CHARACTER + 8
        if x + width > RIGHT - 6:
            x, y = MARGIN + 6, y + CHIP + GAP
        chips.append(Chip(name, x, y, width))
        x += width + GAP
    return chips


STYLE = """
  text { font: 9px ui-monospace, Menlo, Consolas, monospace; fill: #fff }
  .title { font-weight: bold; font-size: 10.5px }
  .row { fill: #24507a }
  .chip { fill: #3a6b9c }
  .line { stroke: #7d8896; fill: none }
  .dot, .head { fill: #7d8896 }
  .up .line { stroke: #d33 }
  .up .dot { fill: #d33 }
"""


def draw() -> str:
    """The whole picture, as text."""
    imports = read_imports()
    layers = read_layers(imports)
    return _draw(place_rows(layers), arrows(layers, imports))


def _draw(rows: list[Row], imports: set[tuple[int, int]]) -> str:
    width = RIGHT + LANE * (len({target for _, target in imports}) + 1)
    height = rows[-1].y + rows[-1].height + MARGIN
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" '
        'role="img">',
        "<title>The layers of flask_auth0, and what each of them imports</title>",
        f"<style>{STYLE}</style>",
        *_draw_lanes(rows, imports),
        *(line for row in rows for line in _draw_row(row)),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _draw_row(row: Row) -> Iterator[str]:
    yield (
        f'<rect class="row" x="{MARGIN}" y="{row.y:g}" width="{RIGHT - MARGIN}" '
        f'height="{row.height:g}" rx="4"/>'
    )
    for title, y in row.titles:
        yield f'<text class="title" x="{MARGIN + 6}" y="{y:g}">{escape(title)}</text>'
    for chip in row.chips:
        yield (
            f'<rect class="chip" x="{chip.x:g}" y="{chip.y:g}" width="{chip.width:g}" '
            f'height="{CHIP}" rx="3"/>'
        )
        yield f'<text x="{chip.x + 4:g}" y="{chip.y + 11:g}">{escape(chip.name)}</text>'


def _draw_lanes(rows: list[Row], imports: set[tuple[int, int]]) -> Iterator[str]:
    """One lane for each row that is imported; a dot on it for each row that does so."""
    lanes = {
        target: RIGHT + LANE * (number + 1)
        for number, target in enumerate(sorted({target for _, target in imports}))
    }
    for source, row in enumerate(rows):
        reached = [lanes[b] for a, b in imports if a == source]
        if reached:
            yield _line(f"M{RIGHT} {row.leaving:g}H{max(reached):g}")
    for target, x in lanes.items():
        into = rows[target].arriving
        yield _line(f"M{x:g} {into:g}H{RIGHT + 5}")
        yield f'<path class="head" d="M{RIGHT} {into:g}l6 -3v6z"/>'
        heights = [rows[source].leaving for source, to in imports if to == target]
        yield from _draw_lane("down", x, into, [y for y in heights if y < into])
        yield from _draw_lane("up", x, into, [y for y in heights if y > into])


def _draw_lane(
    direction: str, x: float, into: float, heights: list[float]
) -> Iterator[str]:
    """The line from the farthest of those that import a row, and a dot for each."""
    if not heights:
        return
    yield f'<g class="{direction}">'
    yield _line(f"M{x:g} {max(heights, key=lambda y: abs(y - into)):g}V{into:g}")
    for y in sorted(heights):
        yield f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="2"/>'
    yield "</g>"


def _line(path: str) -> str:
    return f'<path class="line" d="{path}"/>'


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
