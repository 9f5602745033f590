"""Every setting of a process, read once. Rooms below get slices as arguments."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.account import Post

FACTOR_POSTS = (
    Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN, Post.CITY_SUPERVISOR, Post.DISTRICT_SUPERVISOR,
)  # fmt: skip
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


class SignIn(BaseModel):
    """How people sign in. Zero days: passwords do not age.

    ``factor_posts`` need a second factor, as JSON; demo mode asks for none.
    """

    password_days: int = Field(default=90, ge=0)
    idle_minutes: float = Field(default=30, gt=0)
    phone_idle_hours: float = Field(default=8, ge=0)
    longest_hours: float = Field(default=12, gt=0)
    factor_posts: list[Post] = Field(default_factory=lambda: [*FACTOR_POSTS])

    @property
    def password_age(self) -> timedelta:
        """Return how old a password may become."""
        return timedelta(days=self.password_days)

    @property
    def idle(self) -> timedelta:
        """Return how long a session may rest."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def phone_idle(self) -> timedelta:
        """Return how long a session of field staff may rest on a phone."""
        return timedelta(hours=self.phone_idle_hours)

    @property
    def longest(self) -> timedelta:
        """Return how long any session lasts."""
        return timedelta(hours=self.longest_hours)


class Oidc(BaseModel):
    """The city's identity provider (OpenID Connect). Without an issuer there is none.

    ``account_claim`` is the verified claim whose value names one of our accounts;
    ``second_factor``: the provider asks for one itself.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    scopes: str = "openid profile"
    account_claim: str = ""
    algorithms: str = "RS256 ES256 PS256 EdDSA"
    second_factor: bool = False
    name_zh: str = "统一身份认证"
    name_en: str = "City account"


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
    sign_in: SignIn = SignIn()
    oidc: Oidc = Oidc()
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
