"""An RTSP server with test cameras; it prints its port. Needs Debian's GStreamer.

`/sound` has video and a tone, `/stereo` two channels, and `/silent` only video. `/locked` requires
the user `me` with the password in the first argument. `/mute-alone` sends audio only if its 4K
video is set up as well, and `/refuses-alone` refuses to play without video. With a second argument,
a PEM file with certificate and key, the server accepts only TLS.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

TONE = "audiotestsrc is-live=true freq=1000 volume=0.5"
TELEPHONE = f"{TONE} ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay"
STEREO = f"{TONE} ! audio/x-raw,rate=44100,channels=2 ! audioconvert ! rtpL16pay name=pay"
PICTURE = (
    "videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=5/1 "
    "! jpegenc ! rtpjpegpay name=pay"
)
LARGE_PICTURE = (
    "videotestsrc is-live=true ! video/x-raw,format=I420,width=3840,height=2160,framerate=1/1 "
    "! jpegenc ! rtpjpegpay name=pay"
)
GATED = TELEPHONE.replace("rtppcmupay", "valve name=gate ! rtppcmupay")
CAMERAS = {
    "/sound": (f"( {PICTURE}0 {TELEPHONE}1 )", ["anybody", "user"]),
    "/stereo": (f"( {STEREO}0 )", ["anybody", "user"]),
    "/silent": (f"( {PICTURE}0 )", ["anybody", "user"]),
    "/locked": (f"( {TELEPHONE}0 )", ["user"]),
    "/mute-alone": (f"( {LARGE_PICTURE}0 {GATED}1 )", ["anybody"]),
    "/refuses-alone": (f"( {PICTURE}0 {TELEPHONE}1 )", ["anybody"]),
}
NEVER_SHARED = {"/mute-alone"}


def token(role: str) -> GstRtspServer.RTSPToken:
    made = GstRtspServer.RTSPToken()
    made.set_string("media.factory.role", role)
    return made


def camera(launch: str, may_see: list[str], *, shared: bool) -> GstRtspServer.RTSPMediaFactory:
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    factory.set_shared(shared)
    permissions = GstRtspServer.RTSPPermissions()
    for role in ("anybody", "user"):
        permissions.add_permission_for_role(role, "media.factory.access", True)
        permissions.add_permission_for_role(role, "media.factory.construct", role in may_see)
    factory.set_permissions(permissions)
    return factory


def watch_for_play(_: GstRtspServer.RTSPServer, client: GstRtspServer.RTSPClient) -> None:
    client.connect("pre-play-request", answer_play)


def answer_play(
    _: GstRtspServer.RTSPClient, context: GstRtspServer.RTSPContext
) -> GstRtsp.RTSPStatusCode:
    """Drop the audio or refuse to play, depending on the path, if video is not set up."""
    with_video = context.sessmedia.get_transport(0) is not None
    gate = context.sessmedia.get_media().get_element().get_by_name("gate")
    if gate is not None:
        gate.set_property("drop", not with_video)
    elif context.uri.abspath.startswith("/refuses-alone") and not with_video:
        return GstRtsp.RTSPStatusCode.AGGREGATE_OPERATION_NOT_ALLOWED
    return GstRtsp.RTSPStatusCode.OK


def serve(password: str, certificate: str | None = None) -> None:
    """Serve until the process is killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    users = GstRtspServer.RTSPAuth()
    users.set_supported_methods(2)  # Digest; GStreamer 1.22 has no name for it in Python.
    users.add_digest("me", password, token("user"))
    users.set_default_token(token("anybody"))
    if certificate is not None:
        users.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
    server.set_auth(users)
    for path, (launch, may_see) in CAMERAS.items():
        factory = camera(launch, may_see, shared=path not in NEVER_SHARED)
        server.get_mount_points().add_factory(path, factory)
    server.connect("client-connected", watch_for_play)
    # With one thread, a client that gets no sound would block the others.
    server.get_thread_pool().set_max_threads(8)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(*sys.argv[1:])
