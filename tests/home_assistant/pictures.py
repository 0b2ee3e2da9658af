"""Take pictures of Home Assistant for docs/home-assistant.md with a headless browser."""

import json
import math
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.home_assistant.instance import HomeAssistant

WIDTH, HEIGHT = 1180, 780


def take(hub: HomeAssistant, folder: Path, shots: list[dict[str, Any]]) -> None:
    """Take pictures of pages, logged in as the first user."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = {
        **hub.tokens,
        "hassUrl": hub.url,
        "clientId": f"{hub.url}/",
        "expires": int(time.time() * 1000) + 1_000_000,
    }
    job = {
        "url": hub.url,
        "tokens": tokens,
        "folder": str(folder),
        "shots": [{"width": WIDTH, "height": HEIGHT, "wait": 6000, **shot} for shot in shots],
    }
    subprocess.run(
        ["node", Path(__file__).with_suffix(".mjs")],
        env={**os.environ, "CHROMIUM": shutil.which("chromium") or "chromium"},
        input=json.dumps(job),
        text=True,
        check=True,
        timeout=300,
    )


def add_invented_week(hub: HomeAssistant, sensor: str, share: float) -> None:
    """Add invented days before today to a sensor's statistics; `share` scales the minutes."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days: list[tuple[datetime, float]] = []
    # More days than the graph shows, because each day is relative to the day before.
    for hour in range(9 * 24, 0, -1):
        start = midnight - timedelta(hours=hour)
        plays = start.hour in {17, 18}
        days.append((start, share * (12 + 9 * math.sin(hour / 11 + 7 * share)) * plays))
    # The recorder's own sum begins today at zero.
    total, stats = -sum(minutes for _, minutes in days), []
    for start, minutes in days:
        total += minutes
        stats.append({"start": start.isoformat(), "sum": total, "state": minutes})
    hub.ask(
        "recorder/import_statistics",
        metadata={
            "has_mean": False,
            "mean_type": 0,
            "has_sum": True,
            "name": None,
            "source": "recorder",
            "statistic_id": sensor,
            "unit_class": "duration",
            "unit_of_measurement": "min",
        },
        stats=stats,
    )
