"""A camera's ONVIF service without a camera behind it: device, media and discovery of `ipycam`.

    python tests/onvif_camera.py FOLDER HOST USER PASSWORD CLOCK_SECONDS SAYS_HOST

Prints its HTTP port as soon as it answers, and ends when its standard input does. FOLDER is where
`tools/setup.py test` put the package (.cache/ipycam). CLOCK_SECONDS sets its clock ahead;
SAYS_HOST is the host that it names in its addresses.
"""

from __future__ import annotations

import sys
import threading
import time
from http.server import ThreadingHTTPServer
from types import SimpleNamespace


def main(folder: str, host: str, user: str, password: str, ahead: str, says: str) -> None:
    sys.path.insert(0, folder)
    from ipycam.config import CameraConfig  # noqa: PLC0415 - its place is known only now
    from ipycam.discovery import WSDiscoveryServer  # noqa: PLC0415
    from ipycam.http import IPCameraHTTPHandler  # noqa: PLC0415
    from ipycam.onvif import ONVIFService  # noqa: PLC0415

    server = ThreadingHTTPServer((host, 0), IPCameraHTTPHandler)
    config = CameraConfig(
        name="Mill_bridge",
        manufacturer="Acme",
        model="Eye 2",
        firmware_version="7.1",
        local_ip=says,
        onvif_port=server.server_port,
        username=user,
        password=password,
    )
    service = ONVIFService(config)
    true = time.gmtime
    time.gmtime = lambda *_: true(time.time() + float(ahead))  # what it tells, not what it checks
    IPCameraHTTPHandler.camera = SimpleNamespace(onvif=service, config=config)
    if says == host:  # it joins the multicast group at the address that it names
        WSDiscoveryServer(service).start()
    print(server.server_port, flush=True)  # noqa: T201 - the test reads it

    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
