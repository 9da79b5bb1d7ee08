"""Requests to a test's API server, as `kubectl` would send them: by client certificate or by token."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives import serialization

from govcloud_cli.plan import namespaces
from tests.support import control_plane

_PLURALS = {
    "Namespace": "/api/v1/namespaces",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
}


class Api:
    """A test's API server; without a token its caller is the administrator."""

    def __init__(self, plane: control_plane.ControlPlane) -> None:
        authority = plane.authority.certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.authority = authority
        self._address = urllib.parse.urlsplit(plane.server).netloc
        self._admin, self._nobody = (ssl.create_default_context(cadata=authority) for _ in range(2))
        pair = plane.folder / "requests.pem"
        pair.write_text("".join(plane.authority.issue("admin", ["system:masters"])))
        self._admin.load_cert_chain(pair)

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> tuple[int, Any]:
        """Send one request; return status and answer."""
        context = self._admin if token is None else self._nobody
        connection = http.client.HTTPSConnection(self._address, timeout=20, context=context)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text.startswith("{") else text
        finally:
            connection.close()

    def apply(self, manifests: Iterable[namespaces.Manifest]) -> None:
        """Create those that are namespaces, roles or bindings."""
        for manifest in manifests:
            if manifest["kind"] in _PLURALS:
                path = _PLURALS[manifest["kind"]].format(namespace=manifest["metadata"].get("namespace"))
                status, answer = self.ask("POST", path, manifest)
                assert status in {201, 409}, answer

    def allowed(self, group: str, verb: str, resource: str, namespace: str = "") -> bool:
        """Ask whether somebody of `group` may; `resource` is `pods`, `apps/deployments`, `apps/deployments/scale`."""
        parts = resource.split("/")
        grouped = "." in parts[0] or parts[0] in {"apps", "batch", "policy"}
        api_group = parts.pop(0) if grouped else ""
        attributes = {"verb": verb, "group": api_group, "resource": parts[0], "namespace": namespace}
        if len(parts) > 1:
            attributes["subresource"] = parts[1]
        status, answer = self.ask(
            "POST",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {
                    "user": "govcloud-person:probe",
                    "groups": [group, "system:authenticated"],
                    "resourceAttributes": attributes,
                },
            },
        )
        assert status == 201, answer
        return bool(answer["status"]["allowed"])
