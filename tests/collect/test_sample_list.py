"""The list of the enterprises that were drawn: read by either kind of header, refused where it can't be right."""

import pytest

from wagekit.collect.sample_list import SAMPLE_LIST_FIELDS, read_sample_list
from wagekit.collect.synthetic import draw, population, write_files
from wagekit.errors import InputError


def written(folder, text):
    path = folder / "drawn.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_simulated_list_is_that_of_the_draw(tmp_path):
    people = population(1, enterprises=300, workers=6000)
    listed = read_sample_list(write_files(people, tmp_path, wave=2023, seed=5, enterprises=90, truth=False).drawn)
    drawn = draw(people, 2023, 5, enterprises=90).drawn
    assert tuple(listed.columns) == SAMPLE_LIST_FIELDS
    assert listed["enterprise_id"].tolist() == drawn["enterprise_id"].astype(str).tolist()
    # Probabilities are written with ten digits.
    assert listed["inclusion_probability"].to_numpy() == pytest.approx(
        drawn["inclusion_probability"].to_numpy(), rel=1e-9
    )
    assert listed["frame_headcount"].sum() == drawn["frame_headcount"].sum()
    assert not drawn["answered"].all()


def test_headers_may_be_wagekits_own_and_other_columns_are_left_alone(tmp_path):
    path = written(tmp_path, "note,Enterprise_ID,inclusion_probability\nx,a,0.5\ny,b,1\n")
    assert read_sample_list(path).to_dict("list") == {"enterprise_id": ["a", "b"], "inclusion_probability": [0.5, 1.0]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("名称\n甲\n", "no column for 统一社会信用代码"),
        ("统一社会信用代码,enterprise_id\na,b\n", "two columns for 统一社会信用代码"),
        ("统一社会信用代码\na\nb\na\n", "row 4: an enterprise that is there before"),
        ("统一社会信用代码,入样概率\na,0.5\n,0.5\n", "row 3: no enterprise"),
        ("统一社会信用代码,入样概率\na,1.5\n", "row 2: 入样概率 is '1.5'"),
        ("统一社会信用代码,入样概率\na,0\n", "row 2: 入样概率 is '0'"),
        ("统一社会信用代码,名录从业人员数\na,many\n", "row 2: 名录从业人员数 is 'many'"),
    ],
)
def test_a_list_that_can_not_be_right_is_refused(tmp_path, text, found):
    with pytest.raises(InputError, match=found):
        read_sample_list(written(tmp_path, text))
