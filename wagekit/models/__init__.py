"""Models on a Survey: wage regression, decomposition of a wage gap, adjusted premiums, small-domain estimates.

The formulas are those of statsmodels (``np.log(pay) ~ C(education) + tenure + I(tenure ** 2)``), with NumPy as
``np``. Rows that miss a value of a variable are left out; the design stays that of the whole sample.
"""

from wagekit.models.decomposition import OaxacaBlinder, oaxaca_blinder
from wagekit.models.regression import JointTest, WageRegression, adjusted_premium, wage_regression
from wagekit.models.small_area import fay_herriot

__all__ = [
    "JointTest",
    "OaxacaBlinder",
    "WageRegression",
    "adjusted_premium",
    "fay_herriot",
    "oaxaca_blinder",
    "wage_regression",
]
