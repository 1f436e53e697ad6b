"""Detectors of PyOD, a line each: any other of its sixty is added in the same way."""

from cupbearer_bridge.plugin.adapters import pyod_detector

abod = pyod_detector("pyod.models.abod", "ABOD")
cblof = pyod_detector("pyod.models.cblof", "CBLOF")
copod = pyod_detector("pyod.models.copod", "COPOD")
ecod = pyod_detector("pyod.models.ecod", "ECOD")
gmm = pyod_detector("pyod.models.gmm", "GMM", depends_on_scale="What it adds to the diagonal of covariances is a number of its own")
hbos = pyod_detector("pyod.models.hbos", "HBOS", depends_on_scale="What it adds to the densities of bins is a number of its own")
iforest = pyod_detector("pyod.models.iforest", "IForest")
inne = pyod_detector("pyod.models.inne", "INNE")
kde = pyod_detector("pyod.models.kde", "KDE", depends_on_scale="Its bandwidth is a number of its own")
knn = pyod_detector("pyod.models.knn", "KNN")
loda = pyod_detector("pyod.models.loda", "LODA")
lof = pyod_detector("pyod.models.lof", "LOF")
mcd = pyod_detector("pyod.models.mcd", "MCD")
ocsvm = pyod_detector("pyod.models.ocsvm", "OCSVM", depends_on_scale="The width of its kernel is a number of its own")
pca = pyod_detector("pyod.models.pca", "PCA")
