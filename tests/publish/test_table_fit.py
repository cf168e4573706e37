"""No table runs off its page: the reckoned widths hold what stands in the columns, and the finished pages show it."""

import re

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagekit.builds.page_margins import beyond_margins
from wagekit.builds.pdf_file import Pdf, _boxes
from wagekit.publish.cover import Cover
from wagekit.publish.lettering import width
from wagekit.publish.rendering.document import Column, Document, Prose, Table, _numbered
from wagekit.publish.rendering.exporters import set_pdf
from wagekit.publish.rendering.markdown import parse
from wagekit.publish.rendering.table_fit import FLIPPED, LONGEST, SIZES, UPRIGHT, breakable, fit, line_width, padding

NUMBER = "1,234,567.89"
NAME = "水利、环境和公共设施管理业"
WORD = "Internationalization" * 4


def columns(figures, *, names=1, head="平均工资（元/年）", grouped=False):
    made = [Column("序号", "center", None), *[Column("行业门类名称", "left", None)] * names]
    return (*made, *[Column(head, "right", f"分位值{k // 3}" if grouped else None) for k in range(figures)])


def rows(columns, *, number=NUMBER, name=NAME, length=3):
    cells = {"center": "12", "left": name, "right": number}
    return [[cells[column.align] for column in columns] for _ in range(length)]


def table(columns, rows):
    return Table("表", "单位：元", tuple(columns), tuple(map(tuple, rows)), ("注", "又注"), "t", "")


@settings(deadline=None)
@given(st.text(alphabet="0123456789,.%- 工资价位（，。）万元/年", min_size=1, max_size=30))
def test_no_figure_is_drawn_wider_than_reckoned(text):
    """HarfBuzz sets no space between Chinese characters and figures, typst does; without it the widths are equal."""
    assert width(text, 1) <= line_width(text) + 1e-9


@pytest.mark.parametrize(
    "text",
    [
        "Telecommunications",
        "Production and Supply of Electricity, Heat, Gas and Water",
        "Percentiles of enterprises",
        "WAVE TYPE",
        *map(chr, range(33, 127)),
    ],
)
def test_no_word_is_drawn_wider_than_reckoned(text):
    """Kerning makes most pairs of letters narrower and some a little wider, for which the fit leaves 1.5 %."""
    assert width(text, 1) <= line_width(text) * 1.015


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 30),
    st.integers(1, 2),
    st.sampled_from(["12.5", NUMBER, "-20% 至 0%"]),
    st.sampled_from([NAME, "制造业", "Production and supply of electricity", WORD]),
    st.sampled_from(["50%", "平均工资（元/年）", "Telecommunications", "Labour cost per head"]),
    st.booleans(),
)
def test_every_figure_has_room_on_one_line_and_no_block_is_wider_than_its_page(
    figures, names, number, name, head, grouped
):
    wide = columns(figures, names=names, head=head, grouped=grouped)
    made = fit(wide, rows(wide, number=number, name=name))
    assert made.size in SIZES
    shown = [place for block in made.blocks for place in block.places if wide[place].align == "right"]
    assert shown == [place for place, column in enumerate(wide) if column.align == "right"]
    for block in made.blocks:
        assert sum(block.widths) <= (FLIPPED if made.flipped else UPRIGHT) + 1e-6
        assert block.places[: names + 1] == tuple(range(names + 1))
        for place, room, heading in zip(block.places, block.widths, block.headings, strict=True):
            inside = room - 2 * padding(made.size)
            if wide[place].align != "left":
                assert line_width(rows(wide, number=number)[0][place]) * made.size <= inside
            assert max(map(line_width, heading.split("\n"))) * made.size <= inside
            assert re.sub(r"\s", "", heading) == re.sub(r"\s", "", wide[place].label)


@pytest.mark.parametrize(
    ("figures", "flipped", "blocks"), [(6, False, 1), (7, False, 1), (10, True, 1), (14, True, 2), (30, True, 3)]
)
def test_first_smaller_type_then_a_lying_page_then_blocks(figures, flipped, blocks):
    made = fit(columns(figures), rows(columns(figures)))
    assert (made.flipped, len(made.blocks)) == (flipped, blocks)


def test_columns_that_share_a_heading_stay_in_one_block():
    wide = columns(18, grouped=True)
    made = fit(wide, rows(wide))
    groups = [{wide[place].group for place in block.places} - {None} for block in made.blocks]
    assert len(groups) > 1
    assert not set.intersection(*groups)


def test_headings_break_evenly_and_before_their_unit():
    wide = columns(7, head="劳动生产率")
    made = fit(wide, rows(wide, number="53.52", name="电力、热力、燃气及水生产和供应业"))
    assert made.blocks[0].headings[2] == "劳动生\n产率"
    wide = columns(4, head="全年增加工资（万元）")
    assert fit(wide, rows(wide, number="157.3")).blocks[0].headings[2] == "全年增加工资\n（万元）"


@given(st.text(max_size=80))
def test_a_breakable_text_reads_as_before(text):
    assert breakable(text).replace("\u200b", "") == text.replace("\u200b", "")
    assert breakable(text) == text or len(text) > LONGEST


@pytest.fixture(scope="module")
def paper():
    """A report of the widest tables and the longest words in every place."""
    wide = [columns(8), columns(10), columns(14), columns(20, names=2), columns(8, head="Telecommunications")]
    prose = f"# 章{WORD}\n\n文{WORD * 3}\n\n- 项{WORD * 2}\n\n| 甲 | 乙 |\n|--|--:|\n| {WORD} | {NUMBER} |"
    tables = [table(each, rows(each, name=f"{NAME}{WORD}" if k == 4 else NAME)) for k, each in enumerate(wide)]
    cover = Cover(f"标题{WORD}", 2023, bureau="局" * 60, synthetic=True)
    return set_pdf(Document(cover, tuple(_numbered([Prose(tuple(parse(prose))), *tables]))))


def test_nothing_lies_in_a_margin(paper):
    document = pypdfium2.PdfDocument(paper)
    assert not any(beyond_margins(_boxes(page.get_textpage()), *page.get_size()) for page in document)
    assert Pdf(paper).overprinted == ()
    assert {tuple(map(round, page.get_size())) for page in document} == {(595, 842), (842, 595)}


def test_every_figure_is_whole_on_its_page(paper):
    shown = sum(page.count(NUMBER) for page in Pdf(paper).pages)
    assert shown == 3 * (8 + 10 + 14 + 20 + 8) + 1


def test_lying_pages_have_header_and_number(paper):
    document = pypdfium2.PdfDocument(paper)
    texts = Pdf(paper).pages
    lying = [number for number, page in enumerate(document) if page.get_size()[0] > page.get_size()[1]]
    assert len(lying) >= 4
    for number in lying:
        assert "标题" in texts[number]
        assert re.sub(r"\s", "", f"第{number + 1}页共{len(texts)}页") in re.sub(r"\s", "", texts[number])


def test_a_heading_of_one_word_is_not_broken_before_the_type_gets_smaller():
    tight = (*columns(5, names=2, head="50%"), Column("平均值", "right", None))
    names = "党的机关、国家机关、群众团体和社会组织、企事业单位负责人"
    fitted = fit(tight, rows(tight, number="120.05", name=names))
    assert "平均值" in fitted.blocks[0].headings
