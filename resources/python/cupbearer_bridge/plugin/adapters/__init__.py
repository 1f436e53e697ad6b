"""Detectors of other libraries as detectors of a plugin, in a line each.

    from cupbearer_bridge.plugin.adapters import pyod_detector, sklearn_detector

    ecod = pyod_detector("pyod.models.ecod", "ECOD")
    forest = sklearn_detector("sklearn.ensemble", "IsolationForest")

Their parameters are read off their constructors, with help from their documentation.
"""

from .estimators import pyod_detector, sklearn_detector
from .library import library_detector

__all__ = ["library_detector", "pyod_detector", "sklearn_detector"]
