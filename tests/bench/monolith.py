"""The peer of an unchanged deploy: one ordinary Pulumi program, one typed resource per object, one stack.

`python -m tests.bench.monolith`, a job on stdin; prints the seconds of `pulumi up`. It gets our provider and the two
mends of the SDK that our own runs use, because without them the SDK alone needs hours for ten thousand resources.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
from typing import Any

import pulumi

from govcloud_cli.run import engine, process, workspace
from stacks.components import manifests
from tests.bench import deploying


def main() -> None:
    """Do the job on standard input: a `deploying.Place` and `times`."""
    job = json.loads(sys.stdin.read())
    times = job.pop("times")
    place = deploying.Place(**job)
    objects = [manifest for shard in deploying.plan(place).shards for manifest in shard.manifests]
    home = workspace.make_folder(pathlib.Path(place.folder) / "monolith")

    def program() -> None:
        opts = pulumi.ResourceOptions(provider=manifests.Access(kubeconfig=place.kubeconfig).provider())
        for name, found in manifests.by_namespace(objects).items():
            manifests.Namespace(name, found, opts=opts)

    with process.talking([sys.executable, "-m", "govcloud_cli.providers", "kubernetes"]) as (stdout, _):
        port = json.loads(stdout.readline())["kubernetes"]
        environment = {
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PULUMI_BACKEND_URL": f"file://{home}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_HOME": str(home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_DEBUG_PROVIDERS": f"kubernetes:{port}",
            "NO_COLOR": "1",
        }
        stack = engine.stack(
            "monolith",
            project="monolith",
            program=program,
            command=engine.command(place.pulumi),
            environment=environment,
            folder=workspace.make_folder(home / "work"),
            state=None,
            outputs=False,
        )
        runs: list[dict[str, Any]] = []
        for _ in range(times):
            begun = time.monotonic()
            stack.up(color="never", suppress_outputs=True, suppress_progress=True)
            runs.append({"seconds": time.monotonic() - begun, "resources": len(objects)})
    print(json.dumps(runs))  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
