"""Detectors of the Python library cupbearer as they are, on activations of this program."""

from cupbearer.detectors import BeatrixDetector, MahalanobisDetector, SpectralSignatureDetector
from cupbearer_bridge.plugin import fields
from cupbearer_bridge.plugin.adapters import library_detector

mahalanobis = library_detector(
    MahalanobisDetector,
    id="library-mahalanobis",
    summary="The library's Mahalanobis distance",
    params={
        "shrinkage": fields.number(default=0, min=0, max=1, help="Share of the identity in the covariance"),
        "relative": fields.flag(help="Subtract the distance under the diagonal of the covariance"),
        "rcond": fields.number(default=1e-5, min=0, advanced=True, help="Eigenvalues below this share of the largest count as zero"),
    },
)
beatrix = library_detector(BeatrixDetector, id="library-beatrix", summary="The library's Beatrix, by Gram matrices")
spectral = library_detector(SpectralSignatureDetector, id="library-spectral", summary="The library's spectral signatures")
