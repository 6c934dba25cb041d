"""The picture of the package shows the package as it is."""

from __future__ import annotations

from tools import layers, picture


def test_it_is_as_the_imports_are() -> None:
    is_drawn = picture.PICTURE.read_text(encoding="utf-8") == picture.draw()
    assert is_drawn, "Draw it again: python -m tools.picture"


def test_no_import_points_up_and_no_module_is_missing() -> None:
    imports = layers.read_imports()
    found = layers.read_layers(imports)
    assert [each for each in layers.arrows(found, imports) if each[1] < each[0]] == []
    drawn = {name for layer in found for group in layer for name in group.modules}
    # The public names may come from anywhere, and a folder of sessions is not drawn.
    assert {*imports} - drawn == {"", "sessions"}
