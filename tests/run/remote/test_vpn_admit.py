from __future__ import annotations

import pathlib
import stat

from govcloud_cli.run.remote import vpn_admit


def test_a_file_is_written_once_and_is_roots_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "li.wei"
    assert vpn_admit.main({"path": str(path), "text": "ipv4-network = 10.21.0.0/24\n"}) == {"written": True}
    assert vpn_admit.main({"path": str(path), "text": "ipv4-network = 10.21.0.0/24\n"}) == {"written": False}
    assert vpn_admit.main({"path": str(path), "text": "other\n"}) == {"written": True}
    assert path.read_text() == "other\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["li.wei"]
