"""Settings: one frozen object, read once, passed in.

Values come from a TOML file, then from `PLAINVIEW_*` in the environment, then from the caller.
What the public must be able to check (window length, key period, notice period) is not here: it
stands in the founding statement on the log (`plainview.tlog.history.Rules`).
"""

from __future__ import annotations

import re
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from plainview.errors import SettingsError

_TILES = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/[A-Za-z0-9._~{}@/?=&%-]*", re.ASCII)
_PLACES = ("{z}", "{x}", "{y}")


class Settings(BaseSettings):
    """Everything an operator of one node may set."""

    model_config = SettingsConfigDict(env_prefix="PLAINVIEW_", frozen=True, extra="forbid")

    data: Path = Field(default=Path("data"), description="Folder of everything that is stored.")
    own: str = Field(
        default="",
        description="Folder of this process's own databases, where each process has its own user.",
    )
    node: str = Field(default="node-1", description="Name of this node on the log.")
    host: str = Field(default="localhost", description="Name that the web pages are reached by.")
    port: int = Field(default=8600, description="Port of the web pages.")
    address: str = Field(
        default="",
        description="Address that people type, where a proxy with TLS stands before the pages.",
    )
    trusted_proxies: list[str] = Field(
        default=[],
        description="Addresses or networks of proxies whose `X-Forwarded-For` counts for limits.",
    )
    tools_address: str = Field(
        default="", description="The same for the custodians' and requesters' page."
    )
    tools_port: int = Field(
        default=8601, description="Port of the custodians' and requesters' page."
    )
    horizon_seconds: int = Field(
        default=7200, description="How far ahead windows are made and logged."
    )
    commit_seconds: int = Field(
        default=2, description="How often written segments are acknowledged."
    )
    gate_seconds: int = Field(
        default=2, description="How often a recorder asks whether it may record."
    )
    view_height: int = Field(
        default=720, description="Greatest height of the redacted view in pixels."
    )
    view_fps: int = Field(default=25, description="Greatest frame rate of the redacted view.")
    view_preset: Literal["ultrafast", "superfast", "veryfast"] = Field(
        default="superfast",
        description="x264's preset for views: a quicker one costs half as much again in bytes.",
    )
    search_every: int = Field(default=3, description="Faces are searched in every k-th frame.")
    detector_width: int = Field(
        default=640, description="Width of the picture that is searched, pixels."
    )
    disk_reserve_mb: int = Field(
        default=512, description="Space kept free for the log and the keys."
    )
    disks: list[Path] = Field(
        default=[], description="Folders that recordings go to; none means the data folder."
    )
    class_limits_gb: dict[str, float] = Field(
        default={}, description="Greatest size of all recordings of a retention class, in GB."
    )
    room_warn_hours: float = Field(
        default=48.0, description="Health warns when a disk or class has room for fewer hours."
    )
    room_red_hours: float = Field(
        default=6.0, description="Health is red when a disk or class has room for fewer hours."
    )
    room_last_hours: float = Field(
        default=1.0, description="When room lasts no longer, recording gives way in its order."
    )
    metrics_token_file: str = Field(
        default="", description="File whose text opens `/metrics` as a bearer token."
    )
    metrics_port: int = Field(
        default=0, description="Port, on loopback only, of `/metrics` without token; 0: none."
    )
    oidc_issuer: str = Field(
        default="", description="Address of an OpenID Connect provider; empty: none."
    )
    oidc_client_id: str = Field(default="", description="What the provider calls this server.")
    oidc_client_secret_file: str = Field(
        default="", description="File whose text is the secret that the provider gave."
    )
    oidc_name: str = Field(
        default="", description="What people call the provider; its host if empty."
    )
    map_pmtiles: str = Field(
        default="",
        description="PMTiles file under the editor's map; else `map/base.pmtiles` in data.",
    )
    map_tiles: str = Field(
        default="",
        description="Address of tiles, `https://name/{z}/{x}/{y}.png`, if there is no map of ours.",
    )
    map_attribution: str = Field(
        default="", description="Whom the editor's map names as its source."
    )
    demo: bool = Field(
        default=False, description="Serve the story and its sign-in links. Never in a city."
    )

    @field_validator("address", "tools_address")
    @classmethod
    def _is_origin(cls, text: str) -> str:
        parts = urlsplit(text)
        if text and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query):
            raise ValueError("write it as https://name, without a path")
        if parts.path not in ("", "/"):
            raise ValueError("write it as https://name, without a path")
        return text

    @field_validator("map_tiles")
    @classmethod
    def _is_tiles(cls, text: str) -> str:
        if not text:
            return text
        if _TILES.fullmatch(text) is None or any(text.count(one) != 1 for one in _PLACES):
            raise ValueError("write it as https://name/{z}/{x}/{y}.png")
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, listed: list[str]) -> list[str]:
        for one in listed:
            try:
                network = ip_network(one)
            except ValueError as error:
                raise ValueError(f"{one} is no address or network, as 10.0.0.0/24") from error
            if network.prefixlen == 0:
                raise ValueError(f"{one} would let everybody say where they call from")
        return listed

    @property
    def map_dir(self) -> Path:
        """What lies under the editor's map: `base.pmtiles`, `plan.geojson`."""
        return self.data / "map"

    @property
    def laws_dir(self) -> Path:
        """Legal profiles of the city's own, `NAME.toml` each."""
        return self.data / "laws"

    @property
    def log_dir(self) -> Path:
        """The public log, served as it is."""
        return self.data / "log"

    @property
    def keys_dir(self) -> Path:
        """The keeper's alone."""
        return self.data / "keys"

    @property
    def policy_file(self) -> Path:
        """The trust policy (C2SP tlog-policy): log key, witnesses, quorum. Public."""
        return self.data / "policy.txt"

    @property
    def own_dir(self) -> Path:
        """What only this process reads and writes: register.db, sessions.db, cases.db."""
        return Path(self.own) if self.own else self.data

    @property
    def token_file(self) -> Path | None:
        """The monitoring system's token, if it has one."""
        return Path(self.metrics_token_file) if self.metrics_token_file else None

    @property
    def keeper_socket(self) -> Path:
        return self.data / "run" / "keeper.sock"

    @property
    def recorder_socket(self) -> Path:
        return self.data / "run" / "recorder.sock"

    @property
    def processes_file(self) -> Path:
        """What the supervisor says of the processes of this machine."""
        return self.data / "run" / "processes.json"

    @property
    def web_url(self) -> str:
        return self.address.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def tools_url(self) -> str:
        return self.tools_address.rstrip("/") or f"http://{self.host}:{self.tools_port}"


def load(file: Path | None = None, **given: Any) -> Settings:
    """Read the settings; raises `SettingsError` naming each value that is wrong."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text())
        except OSError as error:
            raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{file} is not TOML: {error}.") from error
    try:
        return Settings(**{**values, **given})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"Settings: {wrong}.", hint="See docs/ref/settings.md.") from error
