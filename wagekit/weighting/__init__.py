"""Weights (GSBPM 5.6) on arrays: base weights, non-response, trimming, calibration, replicate weights.

The rooms stand in the order that weights are made: :mod:`~wagekit.weighting.base` (from the frame),
:mod:`~wagekit.weighting.nonresponse`, :mod:`~wagekit.weighting.margins` and
:mod:`~wagekit.weighting.calibration` (known totals), :mod:`~wagekit.weighting.trimming`,
:mod:`~wagekit.weighting.replicates`.
"""
