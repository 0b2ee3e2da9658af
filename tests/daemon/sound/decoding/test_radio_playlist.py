"""Playlists as radio stations write them, and malformed ones."""

import time
from contextlib import suppress

import pytest

from daemon.sound.decoding.radio_playlist import MOST_BYTES, PlaylistError, first_stream

BASE = "https://radio.example/lists/x"


@pytest.mark.parametrize(
    ("content", "url"),
    [
        ("[playlist]\nFile1=http://a/1\nFile2=http://a/2\n", "http://a/1"),
        ("[Playlist]\r\nnumberofentries=1\r\nfile1 = http://a/1 \r\n", "http://a/1"),
        ("[playlist]\nFile1=mms://a/1\nFile2=https://a/2\n", "https://a/2"),
        ("#EXTM3U\n#EXTINF:-1,A http://b/0\n  http://a/1  \n", "http://a/1"),
        ("#EXTM3U\nstream.mp3\n", "https://radio.example/lists/stream.mp3"),
        ("\n\nhttp://a/1\nhttp://a/2\n", "http://a/1"),
        ("<?xml version='1.0'?><!-- x --><playlist><location> http://a/?b=1&amp;c=2 </location>",
         "http://a/?b=1&c=2"),
        ("<playlist><location><![CDATA[ http://a/1?b=2&amp=3 ]]></location></playlist>",
         "http://a/1?b=2&amp=3"),
        ("<playlist><title><![CDATA[<location>http://b/<]]></title><location><![CDATA[http://a/1]]>\n</",
         "http://a/1"),
        ('<ASX VERSION="3.0">\n<ENTRY><REF HREF="http://a/1" /></ENTRY></ASX>', "http://a/1"),
        ("[playlist]\nFile1=HTTP://a/1\n", "HTTP://a/1"),
    ],
)  # fmt: skip
def test_returns_the_first_stream(content: str, url: str) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        assert first_stream(content.encode(encoding), BASE) == url


@pytest.mark.parametrize(
    "content",
    [
        "[playlist]\n", "#EXTM3U\n", "#EXTM3U\nfile:///etc/passwd\n", "rtsp://a/1\n", "<asx></asx>",
        "<playlist></playlist>", "#EXTM3U\nhttp://[a/1\n", "#EXTM3U\nhttp://\n",
        "#EXTM3U\nhttp://a/1 HTTP/1.1\n", f"#EXTM3U\nhttp://a/{'x' * 5_000}\n",
        "[playlist]\nFile1=http://a/&#13;&#10;X: y\n",
    ],
)  # fmt: skip
def test_raises_for_a_playlist_without_a_stream(content: str) -> None:
    with pytest.raises(PlaylistError):
        first_stream(content.encode(), BASE)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<html>http://a/1</html>", b"hello\nhttp://a/1", b"\xff\xfb\x90\x64" * 99,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nhttp://a/1\n",
    ],
)  # fmt: skip
def test_other_content_is_no_playlist(content: bytes) -> None:
    assert first_stream(content, BASE) is None


@pytest.mark.parametrize(
    "piece",
    [b"<", b"#\n", b" ", b"<ref ", b"File1", b"<location>", b"\n ", b"<![CDATA[", b"<![CDATA[]]>"],
)
@pytest.mark.parametrize("start", [b"[playlist]", b"<playlist>", b"<asx>", b"#EXTM3U\n", b""])
def test_malicious_playlist_is_parsed_quickly(start: bytes, piece: bytes) -> None:
    content = start + piece * (MOST_BYTES // len(piece))
    began = time.process_time()
    with suppress(PlaylistError):
        first_stream(content, BASE)
    assert time.process_time() - began < 5.0


def test_plain_list_is_a_playlist_only_if_named_m3u() -> None:
    url = "https://radio.example/lists/x.m3u"
    assert first_stream(b"stream.mp3\n", url) == "https://radio.example/lists/stream.mp3"
    assert first_stream(b"<html></html>", url) is None
