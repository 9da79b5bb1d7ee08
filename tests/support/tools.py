"""What the tiers `engine` and `lab` need beside Python: from the environment, else from GovCloud's own cache.

`GOVCLOUD_TEST_PULUMI` names the Pulumi CLI, `GOVCLOUD_TEST_KUBE_BIN` the folder of the control plane's programs,
`GOVCLOUD_TEST_IMAGE` the folder of the machines' base image. What is not named is provided as `deploy` provides it
(built once, kept in the user's cache). What cannot be provided fails the tier with a sentence.
"""

from __future__ import annotations

import os
import pathlib
import sys

import pytest

from govcloud_cli import errors
from govcloud_cli.run import image, tools

_CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager")


def provide(markers: set[str]) -> dict[str, str]:
    """The variables that tests with `markers` read, with what they name made if it is missing."""
    found: dict[str, str] = {}
    try:
        if markers & {"engine", "lab"}:
            found["GOVCLOUD_TEST_PULUMI"] = os.environ.get("GOVCLOUD_TEST_PULUMI") or str(_tool("pulumi"))
        if "engine" in markers:
            found["GOVCLOUD_TEST_KUBE_BIN"] = os.environ.get("GOVCLOUD_TEST_KUBE_BIN") or str(_control_plane())
        if "lab" in markers:
            found["GOVCLOUD_TEST_IMAGE"] = os.environ.get("GOVCLOUD_TEST_IMAGE") or str(_image())
    except errors.GovcloudError as error:
        sentence = f"this tier needs what could not be provided: {error.message}; {error.remedy or error.cause}"
        pytest.fail(sentence, pytrace=False)
    return found


def _tool(name: str) -> pathlib.Path:
    return tools.provide((name,), install=True, report=_report)[name]


def _control_plane() -> pathlib.Path:
    """The one folder that both programs are in."""
    paths = tools.provide(_CONTROL_PLANE, install=True, report=_report)
    folders = {path.parent for path in paths.values()}
    if len(folders) > 1:
        pytest.fail(f"{' and '.join(_CONTROL_PLANE)} must lie in one folder, not in {folders}", pytrace=False)
    return folders.pop()


def _image() -> pathlib.Path:
    tools.packages.ensure(install=True, report=_report)
    return image.provide(report=_report)


def _report(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Provide for the tiers named in the arguments: `python -m tests.support.tools engine lab`."""
    provide(set(sys.argv[1:]))


if __name__ == "__main__":
    main()
