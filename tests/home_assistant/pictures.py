"""Pictures of the instance for docs/home-assistant.md, taken by a browser without a window."""

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
    """Take pictures as the first user sees the pages."""
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


def make_up_a_week(hub: HomeAssistant, sensor: str, share: float) -> None:
    """Add days before today to a sensor's statistics: `share` of the practice of a household."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days: list[tuple[datetime, float]] = []
    # More than the graph shows: its first day begins where the day before ended.
    for hour in range(9 * 24, 0, -1):
        start = midnight - timedelta(hours=hour)
        plays = start.hour in {17, 18}
        days.append((start, share * (12 + 9 * math.sin(hour / 11 + 7 * share)) * plays))
    # The recorder's own sum begins with today, at nothing.
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
