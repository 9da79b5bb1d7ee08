"""The platform's own public key infrastructure: one folder per environment and side of the air gap.

`ensure` makes the folder hold what is requested, `preview` says what `ensure` would do, and `kubeconfig`
names the files a Kubernetes client needs. Private keys are written here once, 0600, and never returned.
"""

from __future__ import annotations

from govcloud_cli.run.pki.folder import ensure, kubeconfig, preview
from govcloud_cli.run.pki.kubernetes import kubernetes_requests
from govcloud_cli.run.pki.model import CertificateRequest, Change, PkiState

__all__ = ["CertificateRequest", "Change", "PkiState", "ensure", "kubeconfig", "kubernetes_requests", "preview"]
