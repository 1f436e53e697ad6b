"""Outlier and density estimators of scikit-learn, a line each."""

from cupbearer_bridge.plugin.adapters import sklearn_detector

isolation_forest = sklearn_detector("sklearn.ensemble", "IsolationForest")
local_outlier_factor = sklearn_detector("sklearn.neighbors", "LocalOutlierFactor")
one_class_svm = sklearn_detector("sklearn.svm", "OneClassSVM")
elliptic_envelope = sklearn_detector("sklearn.covariance", "EllipticEnvelope")
gaussian_mixture = sklearn_detector("sklearn.mixture", "GaussianMixture", depends_on_scale="What it adds to covariances is a number of its own")
kernel_density = sklearn_detector("sklearn.neighbors", "KernelDensity", depends_on_scale="Its bandwidth is a number of its own")
