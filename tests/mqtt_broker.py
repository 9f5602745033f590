"""A real MQTT broker for tests: mosquitto where it is installed, amqtt otherwise, in a process of its own.

amqtt forgets a message of quality of service 1 that is not acknowledged within five seconds, or before
its receiver goes. A broker must deliver it again ([MQTT-4.4.0-1]); here it is taught to.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from boot.stack import free_port, listening

WITHIN_S = 60.0


@contextmanager
def mqtt_broker(folder: Path) -> Iterator[int]:
    """Run a broker on loopback; yield its port."""
    port = free_port()
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin")
    if mosquitto:
        conf = folder / "mosquitto.conf"
        conf.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n", encoding="utf-8"
        )
        command = [mosquitto, "-c", str(conf)]
    else:
        command = [sys.executable, "-m", "tests.mqtt_broker", str(port)]
    with (folder / "broker.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + WITHIN_S
        while not listening(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((folder / "broker.log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of a broker."""
    with mqtt_broker(tmp_path_factory.mktemp("broker")) as port:
        yield port


def _serve(port: int) -> None:
    """Serve as amqtt, with the patience the standard asks for."""
    from amqtt import broker as amqtt_broker
    from amqtt.broker import Broker
    from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
    from amqtt.mqtt.puback import PubackPacket
    from amqtt.session import OUTGOING, IncomingApplicationMessage, OutgoingApplicationMessage

    class Patient(BrokerProtocolHandler):  # type: ignore[misc]
        async def _handle_qos1_message_flow(
            self, app_message: OutgoingApplicationMessage | IncomingApplicationMessage
        ) -> None:
            if app_message.direction != OUTGOING or app_message.packet_id is None or self.session is None:
                await super()._handle_qos1_message_flow(app_message)
                return
            session, number = self.session, app_message.packet_id
            session.inflight_out[number] = app_message
            packet = app_message.build_publish_packet(dup=app_message.publish_packet is not None)
            app_message.publish_packet = packet
            waiter: asyncio.Future[PubackPacket] = asyncio.get_running_loop().create_future()
            self._puback_waiters[number] = waiter
            await self._send_packet(packet)
            try:
                app_message.puback_packet = await waiter
            finally:
                self._puback_waiters.pop(number, None)
            session.inflight_out.pop(number, None)

    async def serve() -> None:
        amqtt_broker.BrokerProtocolHandler = Patient
        plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}}
        listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}
        await Broker({"listeners": listeners, "plugins": plugins}).start()
        await asyncio.Event().wait()

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(serve())


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
