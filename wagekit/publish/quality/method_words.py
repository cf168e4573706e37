r"""How a survey's design and variances are told in words and formulas, in Chinese and English.

The formulas are those of :mod:`wagekit.statistics.variance`; which of them holds depends on the design.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wagekit.design import Design
from wagekit.options import Language

_DEVIATIONS = r"\hat V=\sum_h \frac{n_h}{n_h-1}\sum_{i\in s_h}"
_MEAN = r"(t_{hi}-\bar t_h)^2,\qquad \bar t_h=\frac{1}{n_h}\sum_i t_{hi}"
_FORMULAS: Mapping[str, str] = MappingProxyType(
    {
        "hajek": _DEVIATIONS + r"(1-\pi_{hi})(t_{hi}-\bar t_h)^2,\qquad "
        r"\bar t_h=\frac{\sum_i (1-\pi_{hi})\,t_{hi}}{\sum_i (1-\pi_{hi})}",
        "brewer": _DEVIATIONS + r"(1-\pi_{hi})" + _MEAN,
        "fractions": _DEVIATIONS + "(1-f_h)" + _MEAN,
        "with_replacement": _DEVIATIONS + _MEAN,
    }
)

_WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": MappingProxyType(
            {
                "strata": "以企业为抽样单位，分层抽取企业，再调查企业的从业人员。",
                "no_strata": "以企业为抽样单位抽取企业，再调查企业的从业人员。",
                "hajek": "层内企业按与规模成比例的概率不放回抽取，方差按哈耶克（Hájek）近似计算，$\\pi_{hi}$ 为企业"
                " $i$ 的入样概率：",
                "brewer": "层内企业按与规模成比例的概率不放回抽取，方差按布鲁尔（Brewer）近似计算，$\\pi_{hi}$ 为企"
                "业 $i$ 的入样概率：",
                "fractions": "层内企业不放回抽取，$f_h$ 为第 $h$ 层的抽样比：",
                "with_replacement": "方差按放回抽样计算，偏于保守：",
                "totals": "其中 $n_h$ 为第 $h$ 层的样本企业数，$t_{hi}$ 为企业 $i$ 各从业人员加权线性化变量之和。",
                "replicates": "方差用重复权数（{method}）估计。",
                "adjust": "只有一家样本企业的层，按其与全部样本平均的离差计算。",
                "average": "只有一家样本企业的层，其方差以其他各层的平均代替。",
                "certainty": "只有一家样本企业的层视为必选，不计抽样方差。",
                "remove": "只有一家样本企业的层不计抽样方差。",
            }
        ),
        "en": MappingProxyType(
            {
                "strata": "Enterprises are the sampling units: they are drawn in strata, and their employees are"
                " surveyed.",
                "no_strata": "Enterprises are the sampling units: they are drawn, and their employees are surveyed.",
                "hajek": "Within a stratum enterprises are drawn without replacement and with probability"
                " proportional to size; the variance is Hájek's approximation, with $\\pi_{hi}$ the inclusion"
                " probability of enterprise $i$:",
                "brewer": "Within a stratum enterprises are drawn without replacement and with probability"
                " proportional to size; the variance is Brewer's approximation, with $\\pi_{hi}$ the inclusion"
                " probability of enterprise $i$:",
                "fractions": "Within a stratum enterprises are drawn without replacement, with $f_h$ the sampling"
                " fraction:",
                "with_replacement": "Variances are those of a draw with replacement, which is on the safe side:",
                "totals": "Here $n_h$ is the number of enterprises in the sample of stratum $h$ and $t_{hi}$ the"
                " sum of the weighted linearized variable over the employees of enterprise $i$.",
                "replicates": "Variances are estimated by replicate weights ({method}).",
                "adjust": "A stratum with one enterprise in the sample counts by its deviation from the mean of"
                " the whole sample.",
                "average": "A stratum with one enterprise in the sample gets the average variance of the other strata.",
                "certainty": "A stratum with one enterprise in the sample is taken as drawn with certainty,"
                " without a variance.",
                "remove": "A stratum with one enterprise in the sample adds no variance.",
            }
        ),
    }
)


def method_of(design: Design, language: Language, *, replicates: str = "", lone: bool = False) -> str:
    """How the sample was drawn and how variances are estimated, as Markdown with formulas.

    Parameters
    ----------
    design : of the survey.
    replicates : how replicate weights were made, "" where there are none.
    lone : whether strata with one enterprise occur, so that the rule for them is told.

    Examples
    --------
    >>> print(method_of(Design("w", psu=("firm",)), "zh"))
    以企业为抽样单位抽取企业，再调查企业的从业人员。
    <BLANKLINE>
    方差按放回抽样计算，偏于保守：
    <BLANKLINE>
    $$\\hat V=\\sum_h \\frac{n_h}{n_h-1}\\sum_{i\\in s_h}(t_{hi}-\\bar t_h)^2,\\qquad \\bar t_h=\\frac{1}{n_h}\\sum_i t_{hi}$$
    <BLANKLINE>
    其中 $n_h$ 为第 $h$ 层的样本企业数，$t_{hi}$ 为企业 $i$ 各从业人员加权线性化变量之和。
    """
    words = _WORDS[language]
    drawn = words["strata" if design.strata else "no_strata"]
    if replicates:
        return f"{drawn}\n\n{words['replicates'].format(method=replicates)}"
    known = design.pps if design.pps != "with_replacement" else "fractions" if design.fpc else "with_replacement"
    told = words["totals"]
    if lone and design.single_psu in words:
        told += words[design.single_psu] if language == "zh" else f" {words[design.single_psu]}"
    return f"{drawn}\n\n{words[known]}\n\n$${_FORMULAS[known]}$$\n\n{told}"
