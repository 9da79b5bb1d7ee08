from __future__ import annotations

import pathlib
import shutil

import pytest

from govcloud_cli import errors, resources
from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, hosts, steps
from govcloud_cli.run import ansible, image, reach, side_secrets, sites, stacks, verify, workspace
from tests.support import inventories


@pytest.fixture
def site(tmp_path: pathlib.Path) -> sites.Site:
    return sites.load(inventories.copy("lab", tmp_path))


def step_digests(site: sites.Site) -> dict[str, str]:
    return {
        f"{side.side.value}/{step.name}": step.digest
        for side in sites.plan(site, today=inventories.TODAY).sides
        for step in steps.of(side, sites.facts(side, site.space.side(side.side)))
    }


def test_a_side_that_an_environment_does_not_have_is_bad_usage(tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("lab", tmp_path)
    assert sites.load(folder, side="internal").sides == (platforms.Side.INTERNAL,)
    with pytest.raises(errors.UsageError, match="nothing on the outer side") as caught:
        sites.load(folder, side="outer")
    assert "internal, external" in str(caught.value.remedy)


def test_planning_makes_nothing_and_comes_out_the_same_twice(site: sites.Site) -> None:
    assert step_digests(site) == step_digests(site)
    assert not site.space.path.exists()


def test_two_checkouts_plan_labs_that_cannot_meet(tmp_path: pathlib.Path) -> None:
    prefixes = {
        side.network.prefix
        for checkout in "ab"
        for side in sites.plan(sites.load(inventories.copy("lab", tmp_path / checkout)), today=inventories.TODAY).sides
        if side.network is not None
    }
    assert len(prefixes) == 4
    assert all(len(prefix) <= 20 for prefix in prefixes)


def test_a_newer_image_does_not_replace_the_disks_of_machines_that_stand(
    site: sites.Site, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from govcloud_cli.run import applied

    record = applied.load(site.space.side(platforms.Side.EXTERNAL))
    record.outputs["network"] = {"image": str(tmp_path)}
    record.save()
    monkeypatch.setattr(image, "find", lambda: None)
    images = {
        side.side: side.network.image
        for side in sites.plan(site, today=inventories.TODAY).sides
        if side.network is not None
    }
    assert images[platforms.Side.EXTERNAL] == str(tmp_path)
    assert "not built yet" in images[platforms.Side.INTERNAL]


def test_a_roles_digest_is_that_of_its_files_wherever_they_are(tmp_path: pathlib.Path) -> None:
    """Also below a folder called `tests`, whose own tests are left out."""
    source = resources.folder("roles") / "database"
    places = [tmp_path / "checkout" / "database", tmp_path / "tests" / "database"]
    for place in places:
        shutil.copytree(source, place)
    one, other = (sites._tree(place) for place in places)
    assert one == other

    changed = tmp_path / "tests" / "changed"
    shutil.copytree(source, changed)
    (changed / "tests" / "test_more.py").write_text("")
    assert sites._tree(changed) == one, "a test changes nothing on a machine"
    with (changed / "tasks" / "main.yml").open("a") as file:
        file.write("# more\n")
    sites._tree.cache_clear()
    assert sites._tree(changed) != one


def test_renewed_certificates_are_another_digest(site: sites.Site) -> None:
    before = step_digests(site)
    workspace.write(site.space.side(platforms.Side.EXTERNAL).pki / "database.crt", "new")
    workspace.write(site.space.side(platforms.Side.EXTERNAL).pki / "database.key", "its key is not read")
    after = step_digests(site)
    assert {name for name in before if before[name] != after[name]} == {"external/roles"}


def test_files_of_the_plan_become_paths(site: sites.Site, tmp_path: pathlib.Path) -> None:
    folder = site.space.side(platforms.Side.EXTERNAL)
    tool = tmp_path / "kube-apiserver"
    tool.write_bytes(b"x")
    tools = {"kube-apiserver": tool}
    assert sites.controller_file(folder, tools, hosts.ControllerFile(folder="pki", name="")) == str(folder.pki)
    secret = hosts.ControllerFile(folder="secrets", name="vpn-client")
    assert sites.controller_file(folder, tools, secret) == str(folder.secrets / "vpn-client")
    named = hosts.ControllerFile(folder="tools", name="kube-apiserver")
    assert sites.controller_file(folder, tools, named) == str(tool)
    digest = hosts.ControllerFile(folder="tools", name="kube-apiserver", digest=True)
    assert len(sites.controller_file(folder, tools, digest)) == 64


def test_no_secret_is_in_a_plan_a_digest_an_inventory_or_a_command_line(
    site: sites.Site, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from govcloud_cli.run import process

    sites.prepare_keys(site)
    tool = tmp_path / "tool"
    tool.write_bytes(b"x")
    started: list[list[str]] = []
    fed: list[str] = []

    def run(argv: list[str], *, stdin: str = "", **_: object) -> process.Completed:
        started.append(argv)
        fed.append(stdin)
        return process.Completed(returncode=0, stdout="{}", stderr="")

    monkeypatch.setattr(process, "run", run)
    for side in sites.plan(site, today=inventories.TODAY).sides:
        folder = site.space.side(side.side)
        master = (folder.secrets / "master").read_text()
        roles = [role for shard in side.shards for one in shard.databases for role in (one.rw, one.ro)]
        passwords = [credentials.password(bytes.fromhex(master), role, 1) for role in roles]
        private = (folder.ssh / "id_ed25519").read_text().splitlines()[2]
        side_secrets.ensure(folder)
        own = [(folder.secrets / name).read_text() for name in ("identity-engine", "vpn-client")]
        own += [side_secrets.unseal(folder)]
        secrets = [master, (folder.secrets / "pulumi-passphrase").read_text(), private, *passwords, *own]

        with pytest.raises(KeyError):
            verify._tenants(side, folder, reach.Reach(namespace=None))
        inventory = ansible.inventory_text(
            side.hosts,
            ssh_config=folder.ssh / "config",
            resolve=lambda file, folder=folder: sites.controller_file(  # type: ignore[misc]
                folder, dict.fromkeys(("kube-apiserver", "kube-controller-manager", "keycloak"), tool), file
            ),
        )
        job = stacks.Job(
            side=side,
            stacks=("platform",),
            operation=stacks.Operation.UP,
            folder=folder,
            pulumi="pulumi",
            plugins="builtin",
            backend="file:///x",
            kubeconfig="",
        )
        entries = [step.entries for step in steps.of(side, sites.facts(side, folder))]
        told = "\n".join([repr(side), repr(job), repr(entries), inventory, repr(started)])
        assert not [secret for secret in secrets if secret in told]
        assert any(password in fed[-1] for password in passwords), "they travel by standard input"
    assert len(started) == 2
