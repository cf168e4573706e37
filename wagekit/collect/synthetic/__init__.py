"""A synthetic wage survey of the district 上海市普陀区: population, samples, files, truth (模拟数据).

Nothing here is official data or says anything about real enterprises or persons: it is made from published
percentiles and from assumptions, all in ``data/synthetic``. Everything it writes says 模拟数据.

``population`` makes the district over several waves, ``draw`` a wave's sample as frames (some 30 ms, for simulations),
``write_files`` the same as files of the official shape, with mistakes in them; ``Population.truth`` has the values that
estimates ought to come near. ``data/synthetic/putuo.toml`` is the mapping that reads the files.

Waves are named by the reference year of the pay: wave 2023 holds the pay of the calendar year 2023.

How to estimate from a sample
-----------------------------
``draw`` gives the official design: strata district x industry section, enterprises drawn with probability
proportional to 名录从业人员数 after those sure to be in, then all workers or a systematic sub-sample of them.

* ``weight`` on the employees makes totals and shares of workers: the inverse of the enterprise's inclusion
  probability, times headcount over reported workers, times the stratum's factor for enterprises that did not answer.
* ``stratum`` holds the section and, apart (…-必选), the section's enterprises that were sure to be in; where one
  enterprise alone would be left beside those, the section is one stratum.
* ``enterprise_id`` is the sampling unit (PSU). The workers of an enterprise are alike (intra-class correlation of log
  pay about 0.2 to 0.35 inside an industry): rows are not independent.
* The sampling fractions are high, so the estimate of variance ought to know them: ``Survey(..., weights="weight",
  strata="stratum", psu="enterprise_id", fpc="sampling_fraction", pps="hajek", single_psu="certainty")``. In 120 draws
  the standard errors so computed were 1.0 to 1.2 times the true ones and 95 % intervals held the truth in 94 to 99 %.
  ``inclusion_probability`` in place of ``sampling_fraction`` leaves out that some enterprises don't answer; there the
  ratios were 1.0 to 1.15. The files carry ``sampling_fraction`` as 入样概率. Without correction they were 1.1 (P10) to 1.5 (mean).
* The sub-sampling of workers inside large enterprises adds a variance that these leave out; being systematic along
  pay, it is small.
* The same seed in two waves draws overlapping samples (about 83 % of the drawn, 70 to 76 % of the answering
  enterprises): a change must be estimated with the enterprises as PSUs of both waves.
"""

from wagekit.collect.synthetic.files import SurveyFiles, truth_table, write_files
from wagekit.collect.synthetic.population import Population, population
from wagekit.collect.synthetic.samples import SurveySample, draw

__all__ = ["Population", "SurveyFiles", "SurveySample", "draw", "population", "truth_table", "write_files"]
