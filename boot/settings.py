"""Every setting of a process, read once. Rooms below get slices as arguments."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


class Smtp(BaseModel):
    """The mail server. Without a host no e-mail is sent, and the outbox says so."""

    host: str = ""
    port: int = 587
    username: str = ""
    password: SecretStr = SecretStr("")
    starttls: bool = True
    sender: str = ""


class Webhook(BaseModel):
    """Signing keys of outgoing webhooks, by the name of the receiver."""

    secrets: dict[str, SecretStr] = Field(default_factory=dict)


class Log(BaseModel):
    """How logs are written."""

    json_lines: bool = Field(default=False, alias="json")


class Clock(BaseModel):
    """The city's clock: real time unless a demonstration plays a day in minutes."""

    origin: float = 0.0
    city_origin: float = 0.0
    speed: float = Field(default=1.0, ge=1.0)


class Dock(BaseModel):
    """A unit's own system that speaks Open311, by the base URL that stands in the unit's contacts.

    ``form`` is xml or json; ``services`` maps our categories to its codes. ``networks`` are private
    networks (CIDR) it may lie in.
    """

    api_key: SecretStr = SecretStr("")
    jurisdiction_id: str = ""
    form: Literal["xml", "json"] = "xml"
    services: dict[str, str] = Field(default_factory=dict)
    default_service: str = ""
    networks: list[str] = Field(default_factory=list)
    https_only: bool = True
    poll_s: float = Field(default=60.0, ge=1.0)


class Mqtt(BaseModel):
    """A broker to listen to. ``topics`` maps topic filters to the names of our sources."""

    url: str = ""
    client_id: str = "cityops"
    username: str = ""
    password: SecretStr = SecretStr("")
    topics: dict[str, str] = Field(default_factory=dict)
    shared: str = ""


class Settings(BaseSettings):
    """Settings of the API, the worker, the relay and the embedded stack (prefix CITYOPS_).

    The connection to Temporal is configured by the SDK's own TEMPORAL_* variables.
    """

    model_config = SettingsConfigDict(env_prefix="CITYOPS_", env_nested_delimiter="__", extra="ignore")

    pack: Path = CHECKOUT / "cities" / "wuhan"
    public_url: str = "http://127.0.0.1:8000"
    demo_mode: bool = False
    database_url: str = ""
    redis_url: str = ""
    trusted_proxies: str = ""
    data_dir: Path = Path("var")
    secret_key: SecretStr = SecretStr("")
    call_bridge: str = ""
    mqtt: Mqtt = Mqtt()
    docks: dict[str, Dock] = Field(default_factory=dict)
    smtp: Smtp = Smtp()
    webhook: Webhook = Webhook()
    log: Log = Log()
    clock: Clock = Clock()

    @property
    def database(self) -> str:
        """Return the database's URL: the one set, else a SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'cityops.db'}"

    @property
    def media(self) -> Path:
        """Return the folder attachments lie in."""
        return self.data_dir.resolve() / "media"
