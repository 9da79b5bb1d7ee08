"""The PKI's folder: reads what is there, carries out what `decide` says. The only effects of the package.

Every file is replaced in one rename after an fsync, keys before certificates. A run killed anywhere leaves
whole files; halves that do not belong together are found and issued again by the next run.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import pathlib
from collections.abc import Mapping, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from govcloud_cli import errors
from govcloud_cli.run.pki import decide, issue, model


def preview(
    folder: pathlib.Path, *, requests: Sequence[model.CertificateRequest], now: datetime.datetime
) -> tuple[model.Change, ...]:
    """What `ensure` would write, in order. Writes nothing; raises what `ensure` raises."""
    _check(requests, now)
    return decide.changes(_read(folder), requests, now=now)


def ensure(
    folder: pathlib.Path, *, requests: Sequence[model.CertificateRequest], now: datetime.datetime
) -> model.PkiState:
    """Make `folder` hold every requested certificate and the keys they need; `now` has a time zone.

    Issues what is missing and renews what expires within 30 days, differs from its request or has another issuer.
    The caller holds the environment's lock. Raises `errors.UsageError` for requests that cannot be issued and
    `errors.GovcloudError` when the encryption key is lost or damaged, or the folder cannot be written.
    """
    _check(requests, now)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        for path in _files(folder):
            path.chmod(0o600)
        decided = decide.changes(_read(folder), requests, now=now)
        wanted = {request.name: request for request in requests}
        for change in decided:
            _carry_out(folder, change, wanted=wanted, now=now)
        return model.PkiState(folder=folder, changes=decided, digests=_digests(folder))
    except OSError as error:
        raise errors.GovcloudError(
            "the PKI's folder cannot be read or written",
            where=str(folder),
            cause=str(error),
            remedy="mend the folder's owner, mode or disk and run again",
        ) from error


def kubeconfig(folder: pathlib.Path, *, server: str, certificate: str) -> str:
    """The text of a kubeconfig for `server` (https URL) as the holder of `certificate` (a request's name).

    It is free of secrets: it names the files by absolute path, so the private key stays where it is and a renewal
    needs no new kubeconfig. JSON, which every YAML reader reads. Raises `errors.UsageError` for a bad URL or name.
    """
    root = folder.absolute()
    key = root / f"{certificate}.key"
    if not server.startswith("https://") or not key.is_file():
        raise errors.UsageError("a kubeconfig needs an https URL and an issued certificate", where=f"{server}, {key}")
    cluster = {"server": server, "certificate-authority": str(root / "kubernetes-ca.crt")}
    user = {"client-certificate": str(root / f"{certificate}.crt"), "client-key": str(key)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "govcloud", "cluster": cluster}],
        "users": [{"name": certificate, "user": user}],
        "contexts": [{"name": "govcloud", "context": {"cluster": "govcloud", "user": certificate}}],
        "current-context": "govcloud",
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _check(requests: Sequence[model.CertificateRequest], now: datetime.datetime) -> None:
    if now.tzinfo is None:
        raise errors.UsageError("the time given to the PKI has no time zone", remedy="pass an aware datetime")
    model.check(requests)


def _carry_out(
    folder: pathlib.Path,
    change: model.Change,
    *,
    wanted: Mapping[str, model.CertificateRequest],
    now: datetime.datetime,
) -> None:
    if change.name == model.ENCRYPTION:
        _write(folder / f"{change.name}.key", issue.new_encryption_key().encode("ascii"))
        return
    key = issue.new_key()
    if change.name == model.SERVICE_ACCOUNT:
        _write(folder / f"{change.name}.key", issue.private_pem(key))
        _write(folder / f"{change.name}.pub", issue.public_pem(key))
        return
    if change.name in wanted:
        request = wanted[change.name]
        issuer = _pair(folder, f"{request.ca}-ca")
        if issuer.certificate is None or issuer.key is None:
            raise errors.GovcloudError(
                "an authority vanished while its certificates were issued",
                where=str(folder / f"{request.ca}-ca.crt"),
                remedy="run again, and let nothing else write this folder",
            )
        certificate = issue.leaf(request, key=key, issuer=issuer.certificate, issuer_key=issuer.key, now=now)
    else:
        authority = next(name for name in model.AUTHORITIES if f"{name}-ca" == change.name)
        certificate = issue.authority(authority, key=key, now=now)
    _write(folder / f"{change.name}.key", issue.private_pem(key))
    _write(folder / f"{change.name}.crt", issue.certificate_pem(certificate))


def _read(folder: pathlib.Path) -> decide.Found:
    names = {path.stem for path in _files(folder)} - {model.ENCRYPTION, model.SERVICE_ACCOUNT}
    account = _private(folder / f"{model.SERVICE_ACCOUNT}.key")
    public = _content(folder / f"{model.SERVICE_ACCOUNT}.pub")
    encryption = _content(folder / f"{model.ENCRYPTION}.key")
    return decide.Found(
        pairs={name: _pair(folder, name) for name in names},
        service_account=account,
        service_account_public=account is not None and public == issue.public_pem(account),
        encryption=None if encryption is None else encryption.decode("ascii", errors="replace"),
    )


def _pair(folder: pathlib.Path, name: str) -> decide.Pair:
    return decide.Pair(certificate=_certificate(folder / f"{name}.crt"), key=_private(folder / f"{name}.key"))


def _certificate(path: pathlib.Path) -> x509.Certificate | None:
    content = _content(path)
    with contextlib.suppress(ValueError):
        return None if content is None else x509.load_pem_x509_certificate(content)
    return None


def _private(path: pathlib.Path) -> ec.EllipticCurvePrivateKey | None:
    content = _content(path)
    if content is None:
        return None
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _content(path: pathlib.Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _files(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for pattern in ("*.crt", "*.key", "*.pub") for path in folder.glob(pattern) if path.is_file())


def _digests(folder: pathlib.Path) -> dict[str, str]:
    # Over certificates and public halves; of the encryption key, 256 random bits, a hash tells nothing.
    public = [path for path in _files(folder) if path.suffix != ".key" or path.stem == model.ENCRYPTION]
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in public}


def _write(path: pathlib.Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    # Ours from a killed run, if it is there at all: the caller holds the lock.
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
