"""remote.toml: the machine that recognises speech for this box, as `sotto remote pair` writes it."""

from __future__ import annotations

import ssl
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from pathlib import Path

from common.errors import InvalidInput, NotFound
from common.files import write_whole
from common.paths import config_dir
from common.settings_file import between, fill, is_there, read_table
from common.toml_text import toml_lines
from services.settings.gateway import GatewaySettings

#: The first line of the file.
_HEAD = "# written by `sotto remote pair`; the token is a secret\n"
#: On a box the group is that of the assistant, and the process that connects is in it.
_MODE = 0o640
_HINT = "`sotto remote pair ADDRESS` writes it anew"


@dataclass(frozen=True)
class RemoteServer:
    """The machine that recognises.

    Attributes:
        address: its name or address.
        port: of its gRPC.
        token: of this box there.
        certificate: its own, PEM; no other one is trusted.

    Raises:
        InvalidInput: `remote.address`, `remote.token` or `remote.certificate`: it is none.
    """

    address: str = ""
    port: int = field(default=GatewaySettings.grpc_port, metadata=between(1, 65535))
    token: str = ""
    certificate: str = ""

    def __post_init__(self) -> None:
        if not self.address or not self.address.isprintable() or set(self.address) & set(" /@[]"):
            raise _wrong("address", "is no name or address of a machine")
        if not self.token.isascii() or not self.token.isprintable() or not self.token or " " in self.token:
            raise _wrong("token", "is no token")
        try:
            ssl.PEM_cert_to_DER_cert(self.certificate)
        except ValueError:
            raise _wrong("certificate", "is no certificate in PEM form") from None

    @property
    def target(self) -> str:
        """Address and port, as gRPC and people write them."""
        try:
            host = f"[{self.address}]" if ip_address(self.address).version == 6 else self.address
        except ValueError:
            host = self.address
        return f"{host}:{self.port}"


def remote_file(config: Path | None = None) -> Path:
    """Where the file lies; `config` is the folder of settings if it is not the usual one."""
    return (config or config_dir()) / "remote.toml"


def load_remote_server(path: Path | None = None) -> RemoteServer:
    """What the file says.

    Raises:
        NotFound: there is no such file.
        InvalidInput: others may read it, it is no TOML, has an unknown key, or a value that cannot be used.
    """
    file = path or remote_file()
    if not is_there(file):
        raise NotFound(f"there is no {file}: no remote recogniser is set", hint=_HINT, code="remote.missing")
    table = read_table(file)
    if _mode(file) & 0o007:
        raise InvalidInput(f"{file} can be read by others", hint=f"chmod o= {file}", code="remote.rights")
    server: RemoteServer = fill(RemoteServer, table, file)
    return server


def save_remote_server(server: RemoteServer, path: Path) -> None:
    """Write the file, for its owner and group.

    Raises:
        StorageError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (_HEAD + toml_lines(asdict(server))).encode(), _MODE)


def _mode(file: Path) -> int:
    try:
        return file.stat().st_mode
    except OSError:
        return 0


def _wrong(key: str, why: str) -> InvalidInput:
    return InvalidInput(f"remote.toml: {key} {why}", hint=_HINT, code=f"remote.{key}")
