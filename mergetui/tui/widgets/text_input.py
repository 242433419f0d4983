"""A line to type in, of which an ellipsis stands for what there is no room for."""

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input

from mergetui.tui.widgets.cells import ELLIPSIS, cut


class TextInput(Input):
    def render_line(self, y: int) -> Strip:
        """The cursor is never hidden by an ellipsis."""
        room, start = self.scrollable_content_region.width, int(self.scroll_offset.x)
        if y == 0 and not self.value and cell_len(self.placeholder) > room > 0:
            return self._cut_hint(room)
        strip = super().render_line(y)
        if y or not self.value or room < 1:
            return strip
        cursor = self._position_to_cell(self.cursor_position) - start if self.has_focus else None
        is_longer = self._value.cell_len > start + room
        cuts = [cell for cell, is_cut in ((0, start > 0), (room - 1, is_longer)) if is_cut and cell != cursor]
        for cell in cuts:
            strip = _marked(strip, cell)
        return strip

    def _cut_hint(self, room: int) -> Strip:
        hint, style = cut(self.placeholder, room), self.get_component_rich_style("input--placeholder")
        blinks = self.has_focus and self._cursor_visible
        first = style + self.get_component_rich_style("input--cursor") if blinks else style
        strip = Strip([Segment(hint[:1], first), Segment(hint[1:], style)])
        return strip.extend_cell_length(room + 1).apply_style(self.rich_style)


def _marked(strip: Strip, cell: int) -> Strip:
    before, at, after = strip.divide([cell, cell + 1, strip.cell_length])
    style = next((segment.style for segment in at if segment.style), None)
    return Strip.join([before, Strip([Segment(ELLIPSIS, style)], 1), after])
