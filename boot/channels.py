"""The channels this installation has, from its settings."""

import time
from collections.abc import Callable

from boot.settings import Settings
from domain.dock import Dock
from notifications.delivery import Channel, Renderer
from notifications.egress import public_and
from notifications.email import EmailChannel, SmtpSettings, Tls
from notifications.in_app import InAppChannel
from notifications.open311 import EndpointSettings, Open311Dock
from notifications.overrides import read_overrides
from notifications.render import TemplateRenderer
from notifications.webhook import WebhookChannel, WebhookSettings
from notifications.worker import TemplateWorker


def channels_of(settings: Settings, *, clock: Callable[[], float] = time.time) -> dict[str, Channel]:
    """Return the channels that are set up; a notice for another one is kept and says so."""
    found: dict[str, Channel] = {"in_app": InAppChannel()}
    if settings.smtp.host:
        found["email"] = EmailChannel(settings=smtp_settings(settings), clock=clock)
    if settings.webhook.secrets:
        secrets = {url: (secret.get_secret_value(),) for url, secret in settings.webhook.secrets.items()}
        found["webhook"] = WebhookChannel(settings=WebhookSettings(secrets=secrets), clock=clock)
    return found


def docks_of(settings: Settings) -> dict[str, Dock]:
    """Return the systems docked to ours, by their base URL. ValueError for an address that is none."""
    return {
        url: Open311Dock(
            settings=EndpointSettings(
                url=url,
                api_key=dock.api_key.get_secret_value(),
                jurisdiction_id=dock.jurisdiction_id,
                form=dock.form,
                services=dock.services,
                default_service=dock.default_service,
                https_only=dock.https_only,
            ),
            allow=public_and(*dock.networks),
        )
        for url, dock in settings.docks.items()
    }


def smtp_settings(settings: Settings) -> SmtpSettings:
    """Return the mail channel's slice of the settings."""
    smtp = settings.smtp
    return SmtpSettings(
        host=smtp.host,
        port=smtp.port,
        sender=smtp.sender,
        tls=Tls.STARTTLS if smtp.starttls else Tls.NONE,
        username=smtp.username or None,
        password=smtp.password.get_secret_value() or None,
    )


def renderer_of(settings: Settings) -> Renderer:
    """Return the renderer with the pack's own templates, which render in a process of their own."""
    folder = settings.pack / "templates"
    sources = read_overrides(folder=folder).sources if folder.is_dir() else {}
    worker = TemplateWorker() if sources else None
    return TemplateRenderer(overrides=sources, worker=worker)
