"""The tables of the synthetic district as frames with the questionnaire's columns (模拟数据)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from wagekit.arrays import Codes, Flags, Floats
from wagekit.collect.frames import AGE_BANDS, TENURE_BANDS
from wagekit.collect.synthetic import accounts, wages
from wagekit.collect.synthetic.economy import Economy
from wagekit.collect.synthetic.enterprises import Enterprises
from wagekit.collect.synthetic.identifiers import categorical, credit_codes, enterprise_names, steady_uniform
from wagekit.collect.synthetic.workers import Small

_AFFILIATIONS = pd.Index(["10", "20", "50", "90"])  # 中央, 省, 县, 其他 (GB/T 12404)
_FORMS = np.array([1, 2, 3, 9])
_MOST_CODES = 99_999  # 职工代码 has five digits


@dataclass(frozen=True, eq=False)
class Workers:
    """Everybody who worked the whole of one wave, ordered by enterprise. n workers, E enterprises.

    Parameters
    ----------
    key : shape (n,), the same for a person in every wave, and nobody else's.
    enterprise : shape (n,), number of the enterprise.
    first : shape (E + 1,), first row of each enterprise, and n.
    occupation, management, group : see `Jobs`. The other arrays: see `People`.
    pay : shape (n,), 全年工资报酬合计, 元.
    """

    key: Codes
    enterprise: Codes
    first: Codes
    occupation: Codes
    management: Small
    group: Small
    code: Codes
    sex: Small
    education: Small
    title: Small
    skill: Small
    form: Small
    birth_year: Codes
    start_year: Codes
    hired_year: Codes
    pay: Codes


@dataclass(frozen=True, eq=False)
class Labels:
    """The texts behind the codes of the frames.

    Parameters
    ----------
    enterprise : 统一社会信用代码 by the enterprise's number.
    employee_code : 00001 … 99999.
    digits : 0 … 9, the codes of the short lists.
    section, division : industry sections and divisions.
    occupation : detailed codes; then, for minor, sub-major and major groups, the group of each and their codes.
    """

    enterprise: pd.Index
    employee_code: pd.Index
    digits: pd.Index
    section: pd.Index
    division: pd.Index
    occupation: tuple[pd.Index, tuple[Codes, pd.Index], tuple[Codes, pd.Index], tuple[Codes, pd.Index]]


def enterprise_table(
    rng: np.random.Generator,
    economy: Economy,
    panel: Enterprises,
    labels: Labels,
    staff: Workers,
    traits: Floats,
    t: int,
) -> pd.DataFrame:
    """The enterprise table of wave t, one row for each living enterprise; the index is the enterprise's number.

    Headcounts and the wage bill are those of the workers: 工资总额 is the sum of their annual pay.

    Parameters
    ----------
    traits : see ``accounts.lasting_traits``.
    """
    alive = np.flatnonzero(panel.alive(t))

    def total(values: Codes | Flags) -> Codes:
        sums = np.bincount(staff.enterprise, weights=values, minlength=panel.count)
        return np.rint(sums[alive]).astype(np.int64)

    section, division = panel.section[alive], panel.division[alive]
    money = accounts.make_accounts(rng, economy, section, total(staff.pay), traits[alive])
    headcount = panel.headcount[alive, t + 1]
    size = accounts.enterprise_sizes(economy, section, division, headcount, money["revenue"].to_numpy())
    registration = economy.registration_types["registration_type"].to_numpy()[panel.registration[alive]]
    state = np.isin(registration, ["110", "151"])
    affiliation = np.where(state, np.searchsorted([0.25, 0.6], steady_uniform(alive, 5)), 3)
    dispatched, other = total(staff.form == 2), total((staff.form == 3) | (staff.form == 9))
    months = np.where(steady_uniform(alive, 6, t) < 0.97, 12, 8 + (4 * steady_uniform(alive, 7, t)).astype(int))
    frame = pd.DataFrame(
        {
            "enterprise_id": categorical(alive, labels.enterprise),
            "name": enterprise_names(alive),
            "legal_representative": "模拟",
            "contact": "模拟联系方式",
            "region_code": economy.settings["district"]["code"],
            "affiliation": categorical(affiliation, _AFFILIATIONS),
            "industry_code": panel.industry_code[alive],
            "enterprise_size": categorical(size - 1, labels.digits[1:5]),
            "registration_type": pd.Categorical(registration),
            "average_headcount": headcount,
            "on_post_headcount": headcount - dispatched - other,
            "dispatched_headcount": dispatched,
            "other_headcount": other,
            "operating_months": months,
        }
    )
    design = pd.DataFrame(
        {
            "industry": categorical(section, labels.section),
            "industry_division": categorical(division, labels.division),
            "frame_headcount": panel.frame_headcount(t)[alive],
        }
    )
    return pd.concat([frame, money, design], axis=1).set_axis(alive)


def make_labels(economy: Economy, enterprises: int) -> Labels:
    """The texts for a population with so many enterprises."""
    codes = economy.occupations["occupation"]

    def rolled(characters: int) -> tuple[Codes, pd.Index]:
        number, names = pd.factorize(codes.str[:characters], sort=True)
        return number.astype(np.int64), pd.Index(names)

    return Labels(
        enterprise=pd.Index(credit_codes(np.arange(enterprises), economy.settings["district"]["code"])),
        employee_code=pd.Index([f"{number:05d}" for number in range(1, _MOST_CODES + 1)]),
        digits=pd.Index([str(digit) for digit in range(10)]),
        section=pd.Index(economy.industries["section"]),
        division=pd.Index(economy.divisions["division"]),
        occupation=(pd.Index(codes), rolled(7), rolled(4), rolled(1)),
    )


def employee_frame(
    economy: Economy, panel: Enterprises, labels: Labels, firms: pd.DataFrame, people: Workers, rows: Codes, wave: int
) -> pd.DataFrame:
    """The employees `rows` (shape (k,)) of a wave, with the columns of the questionnaire and those of tables.

    Codes are texts held as categories, quick to make and to group by. Traits that few analyses need are computed
    from the person's key here and not stored.

    Parameters
    ----------
    firms : the wave's enterprise table.
    """
    enterprise = people.enterprise[rows]
    occupation = people.occupation[rows]
    key, form, group, pay = people.key[rows], people.form[rows], people.group[rows], people.pay[rows]
    parts = wages.pay_parts(pay, key, group, wave)
    tenure = wave - people.hired_year[rows]
    union = steady_uniform(key, 3) < np.where(form == 1, 0.62, 0.25)
    open_ended = steady_uniform(key, 4) < 0.08 + 0.05 * np.minimum(tenure, 12)
    contract = np.where(form == 1, np.where(open_ended, 1, 0), np.where(form == 2, 0, 3))
    forms = labels.digits[_FORMS]
    detail, minor, sub_major, major = labels.occupation
    section = panel.section[enterprise]
    division = panel.division[enterprise]
    position = np.searchsorted(firms.index.to_numpy(), enterprise)
    size = firms["enterprise_size"].array[position]
    return pd.DataFrame(
        {
            "enterprise_id": categorical(enterprise, labels.enterprise),
            "employee_code": categorical(people.code[rows] - 1, labels.employee_code),
            "sex": categorical(people.sex[rows] - 1, labels.digits[1:3]),
            "birth_year": people.birth_year[rows],
            "education": categorical(people.education[rows] - 1, labels.digits[1:6]),
            "work_start_year": people.start_year[rows],
            "occupation_code": categorical(occupation, detail),
            "management_level": categorical(people.management[rows], labels.digits[:5]),
            "professional_title": categorical(people.title[rows], labels.digits[:4]),
            "skill_level": categorical(people.skill[rows], labels.digits[:9]),
            "employment_form": categorical(np.searchsorted(_FORMS, form), forms),
            "contract_type": categorical(contract, forms),
            "union_member": union,
            "weekly_hours": wages.weekly_hours(key, form, wave),
            "annual_pay": pay,
            "basic_pay": parts[:, 0],
            "performance_pay": parts[:, 1],
            "allowances": parts[:, 2],
            "overtime_pay": parts[:, 3],
            "special_pay": parts[:, 4],
            "enterprise_tenure": tenure,
            "industry": categorical(section, labels.section),
            "industry_division": categorical(division, labels.division),
            "enterprise_size": size,
            "occupation": categorical(occupation, detail),
            "occupation_minor": categorical(minor[0][occupation], minor[1]),
            "occupation_sub_major": categorical(sub_major[0][occupation], sub_major[1]),
            "occupation_major": categorical(major[0][occupation], major[1]),
            "age_group": _banded(wave - people.birth_year[rows], AGE_BANDS),
            "tenure_group": _banded(tenure, TENURE_BANDS),
        }
    )


def _banded(values: Codes, bands: tuple[tuple[str, int | None], ...]) -> pd.Categorical:
    """Band of each value, upper ends included, in the bands' order."""
    ends = np.array([end for _, end in bands if end is not None])
    codes = np.searchsorted(ends, values, side="left")
    return categorical(codes, pd.Index([name for name, _ in bands]), ordered=True)
