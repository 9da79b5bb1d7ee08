"""Which programs GovCloud needs besides Debian's, and what identifies a build of them. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping

Version = tuple[int, int, int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Module:
    """A wrapper Go module in `govcloud_cli/toolchain/`; its go.sum is what verifies the sources."""

    name: str
    """Folder name under `toolchain/`."""
    version: str
    """Version of what it builds, without `v`."""
    packages: tuple[str, ...]
    """Go import paths of the programs; a program is named by the last part."""
    variables: Mapping[str, str]
    """Go string variables set by the linker."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the binaries that a build makes."""
        return tuple(package.rsplit("/", 1)[-1] for package in self.packages)

    @property
    def files(self) -> Mapping[str, str]:
        """What a build makes: name -> path in its folder of the cache."""
        return {program: f"bin/{program}" for program in self.programs}

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of `go build`."""
        linker = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in self.variables.items())])
        return ("-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", linker)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Distribution:
    """A Java server of the Maven repository, prepared once so that every machine starts it as it is.

    What is made of it is one tar. Its files are always packed alike, but the server's own preparation writes some that
    differ from one time to the next: the same inputs make an equal server, not an equal checksum.
    """

    name: str
    version: str
    artifact: str
    """Maven coordinates without the version and packaging, which is `zip`: `group:artifact`."""
    sha256: str
    """Of the artifact, in hexadecimal: what verifies it."""
    program: str
    """Path in the artifact, below its one top folder, of what prepares and starts the server."""
    options: tuple[str, ...]
    """What `program` is prepared with."""

    @property
    def coordinates(self) -> str:
        """What Maven calls the artifact."""
        return f"{self.artifact}:{self.version}:zip"

    @property
    def files(self) -> Mapping[str, str]:
        """What is made: name -> path in its folder of the cache."""
        return {self.name: f"{self.name}.tar"}


Build = Module | Distribution
"""What the cache holds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tool:
    """One program and which versions of it are suitable."""

    name: str
    minimum: Version
    below: Version
    """First version that is too new to be known to work."""
    version_arguments: tuple[str, ...]
    """How a program on PATH tells its version; empty: it is no program, and nothing on PATH stands in for it."""
    build: Build

    def suits(self, version: Version) -> bool:
        """Whether a program of this version can be used."""
        return self.minimum <= version < self.below

    @property
    def wanted(self) -> str:
        """The accepted versions, for people."""
        return f">= {shown(self.minimum)}, < {shown(self.below)}"


PULUMI = Module(
    name="pulumi",
    version="3.250.0",
    packages=("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
    # The Automation API parses `pulumi version`, so a build without it is refused.
    variables={"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.250.0"},
)
KUBERNETES = Module(
    name="kubernetes",
    version="1.36.3",
    packages=("k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    variables={
        "k8s.io/component-base/version.gitVersion": "v1.36.3",
        "k8s.io/component-base/version.gitMajor": "1",
        "k8s.io/component-base/version.gitMinor": "36",
    },
)
KUBECTL = Module(
    name="kubectl",
    version=KUBERNETES.version,
    packages=("k8s.io/kubernetes/cmd/kubectl",),
    variables=KUBERNETES.variables,
)
"""Nothing that a deploy needs: what `make bench` measures against, as the two after it."""
CONFTEST = Module(
    name="conftest",
    version="0.71.1",
    packages=("github.com/open-policy-agent/conftest",),
    variables={},
)
KUBE_SCORE = Module(
    name="kube-score",
    version="1.20.0",
    packages=("github.com/zegl/kube-score/cmd/kube-score",),
    variables={},
)
KEYCLOAK = Distribution(
    name="keycloak",
    version="26.4.0",
    artifact="org.keycloak:keycloak-quarkus-dist",
    sha256="1b6a11a2726ac8a8dc9c91d5fafe989a75ce4f1622d7f7b45c21d5bc16629c0a",
    program="bin/kc.sh",
    # Left out: ways to log in that nobody is offered, and administrators who act as somebody else.
    options=(
        "--db=postgres",
        "--health-enabled=true",
        "--features-disabled=ciba,docker,impersonation,kerberos,organization",
    ),
)
# Static binaries: they need no C compiler here, and run in the machines whatever C library those have.
BUILD_ENVIRONMENT = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}

PACKING = 1
"""Goes up when distributions are packed in another way."""

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="pulumi",
            minimum=(3, 200, 0),
            below=(4, 0, 0),
            version_arguments=("version",),
            build=PULUMI,
        ),
        *(
            Tool(
                name=program,
                minimum=(1, 34, 0),
                below=(2, 0, 0),
                version_arguments=("--version",),
                build=KUBERNETES,
            )
            for program in KUBERNETES.programs
        ),
        Tool(
            name=KEYCLOAK.name,
            minimum=(26, 4, 0),
            below=(26, 5, 0),
            version_arguments=(),
            build=KEYCLOAK,
        ),
    )
}


def parse_version(text: str) -> Version | None:
    """The first `1.2.3` (or Go's `go1.2`) in a program's answer; None if there is none."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def shown(version: Version) -> str:
    """`(1, 36, 3)` as `1.36.3`."""
    return ".".join(str(part) for part in version)


def required_go(go_mod: str) -> Version:
    """The Go version that a go.mod file asks for; 1.0.0 if it asks for none."""
    found = re.search(r"^go\s+(\S+)", go_mod, re.MULTILINE)
    return (found and parse_version(found[1])) or (1, 0, 0)


def digest(module: Module, *, sources: Mapping[str, bytes], platform: str) -> str:
    """What identifies a build of `module`: 16 hex digits over its sources, flags and platform.

    `sources` is file name -> content, of go.mod, go.sum and tools.go.

    Go's own version is left out on purpose (the manifest tells it): an upgraded or removed Go must not
    cost a deploy ten minutes of building what is already there.
    """
    build = {
        "environment": BUILD_ENVIRONMENT,
        "flags": module.flags,
        "packages": module.packages,
        "platform": platform,
        "sources": {name: hashlib.sha256(content).hexdigest() for name, content in sources.items()},
    }
    return _identified(build)


def digest_of_distribution(distribution: Distribution) -> str:
    """What identifies a distribution's tar: 16 hex digits. Java runs it on any platform."""
    return _identified({"options": distribution.options, "packing": PACKING, "sha256": distribution.sha256})


def _identified(build: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(build, sort_keys=True).encode()).hexdigest()[:16]
