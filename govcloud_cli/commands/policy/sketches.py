"""What a new policy of each area begins as: a small demand that works, with samples for and against it. Data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sketch:
    """A demand to be replaced by one's own."""

    input: str
    en: str
    zh: str
    about: str = ""
    """YAML below `spec:` that says which Kubernetes resources it is about."""
    expression: str
    message: str
    """CEL of a string."""
    pointer: str
    allowed: str
    """YAML of a sample that it lets pass."""
    denied: str


def _rules(group: str, version: str, *resources: str) -> str:
    named = ", ".join(resources)
    return (
        "  matchConstraints:\n"
        "    resourceRules:\n"
        f'      - {{apiGroups: ["{group}"], apiVersions: ["{version}"], resources: [{named}]}}\n'
    )


_POD = """apiVersion: v1
kind: Pod
metadata: {{name: sample, namespace: default}}
spec:
  containers:
    - {{name: app, image: registry.example/app:1.0{more}}}
"""
_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: sample, namespace: default{more}}}
spec:
  selector: {{matchLabels: {{app: sample}}}}
  template:
    metadata: {{labels: {{app: sample}}}}
    spec:
      containers: [{{name: app, image: registry.example/app:1.0}}]
"""
_SERVICE = """apiVersion: v1
kind: Service
metadata: {{name: sample, namespace: default}}
spec: {{{spec}}}
"""
_NETWORK_POLICY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: sample, namespace: default{more}}}
spec: {{podSelector: {{}}, policyTypes: [Ingress]}}
"""
_ROLE_BINDING = """apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: sample, namespace: default}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}}
{subjects}"""
_CLAIM = """apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: sample, namespace: default}}
spec:
  accessModes: [{mode}]
  resources: {{requests: {{storage: 1Gi}}}}
"""
_TENANT = """metadata: {{id: sample, displayName: {name}}}
spec: {{organisation: sample-city, zone: external}}
"""
_ROLE = """type: postgresql:index/role:Role
name: sample
inputs: {{name: sample, login: true{more}}}
"""

SKETCHES: Mapping[str, Sketch] = MappingProxyType(
    {
        "pods": Sketch(
            input="kubernetes",
            en="Containers keep their standard input closed",
            zh="容器不得打开标准输入",
            about="  library: pods\n",
            expression="variables.containers.all(c, !c.?stdin.orValue(false))",
            message="variables.containers.filter(c, c.?stdin.orValue(false)).map(c, c.name).join(', ') + ' open stdin'",
            pointer="containers",
            allowed=_POD.format(more=""),
            denied=_POD.format(more=", stdin: true"),
        ),
        "workloads": Sketch(
            input="kubernetes",
            en="Deployments name who to call",
            zh="部署须注明联系人",
            about=_rules("apps", "v1", "deployments"),
            expression="object.metadata.?labels[?'contact'].hasValue()",
            message="object.metadata.name + ' has no label contact'",
            pointer="metadata",
            allowed=_DEPLOYMENT.format(more=", labels: {contact: li.na}"),
            denied=_DEPLOYMENT.format(more=""),
        ),
        "services": Sketch(
            input="kubernetes",
            en="Services lead to pods, not to names outside",
            zh="服务须指向容器组，不得指向外部域名",
            about=_rules("", "v1", "services"),
            expression="object.spec.?type.orValue('ClusterIP') != 'ExternalName'",
            message="object.metadata.name + ' leads outside'",
            pointer="spec.type",
            allowed=_SERVICE.format(spec="selector: {app: sample}, ports: [{port: 80}]"),
            denied=_SERVICE.format(spec="type: ExternalName, externalName: www.example"),
        ),
        "network": Sketch(
            input="kubernetes",
            en="Network policies say what they are for",
            zh="网络策略须说明用途",
            about=_rules("networking.k8s.io", "v1", "networkpolicies"),
            expression="object.metadata.?annotations[?'description'].hasValue()",
            message="object.metadata.name + ' has no annotation description'",
            pointer="metadata",
            allowed=_NETWORK_POLICY.format(more=", annotations: {description: closed}"),
            denied=_NETWORK_POLICY.format(more=""),
        ),
        "access": Sketch(
            input="kubernetes",
            en="Role bindings bind somebody",
            zh="角色绑定须有对象",
            about=_rules("rbac.authorization.k8s.io", "v1", "rolebindings"),
            expression="object.?subjects.orValue([]).size() > 0",
            message="object.metadata.name + ' binds nobody'",
            pointer="subjects",
            allowed=_ROLE_BINDING.format(
                subjects="subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: sample:viewers}]\n"
            ),
            denied=_ROLE_BINDING.format(subjects="subjects: []\n"),
        ),
        "storage": Sketch(
            input="kubernetes",
            en="Volumes are written by one node at a time",
            zh="存储卷同一时间只能由一个节点写入",
            about=_rules("", "v1", "persistentvolumeclaims"),
            expression="!('ReadWriteMany' in object.spec.?accessModes.orValue([]))",
            message="object.metadata.name + ' is written by many'",
            pointer="spec.accessModes",
            allowed=_CLAIM.format(mode="ReadWriteOnce"),
            denied=_CLAIM.format(mode="ReadWriteMany"),
        ),
        "tenants": Sketch(
            input="tenant",
            en="Tenants' names fit on a screen",
            zh="租户名称不得过长",
            expression="object.metadata.displayName.size() <= 20",
            message="object.metadata.id + ' has a name of more than 20 characters'",
            pointer="metadata.displayName",
            allowed=_TENANT.format(name="财政局"),
            denied=_TENANT.format(name="一个名称长得在任何屏幕上都写不下的部门的名称"),
        ),
        "zones": Sketch(
            input="zone",
            en="Zones have machines",
            zh="网络区域须有机器",
            expression="object.machines.size() > 0",
            message="object.id + ' has no machine'",
            pointer="id",
            allowed="id: sample\nkind: external\nside: external\nmachines: [{id: sample-db, services: [database]}]\n",
            denied="id: sample\nkind: external\nside: external\nmachines: []\n",
        ),
        "hosts": Sketch(
            input="host",
            en="Machines have the role baseline",
            zh="机器须具备基线角色",
            expression="'baseline' in object.roles",
            message="object.id + ' lacks the role baseline'",
            pointer="roles",
            allowed="id: sample\nroles: [baseline, database]\nvariables: {}\n",
            denied="id: sample\nroles: [database]\nvariables: {}\n",
        ),
        "resources": Sketch(
            input="resource",
            en="Database roles that log in have a limit of connections",
            zh="可登录的数据库角色须限制连接数",
            expression=(
                "object.type != 'postgresql:index/role:Role' || !object.inputs.?login.orValue(false)"
                " || object.inputs.?connectionLimit.orValue(-1) > 0"
            ),
            message="object.name + ' logs in without a limit'",
            pointer="inputs",
            allowed=_ROLE.format(more=", connectionLimit: 10"),
            denied=_ROLE.format(more=""),
        ),
    }
)
"""Area -> how a policy in it begins."""
