"""The lab's pages in Debian's Chromium, opened from disk and served while training."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("plotly", reason="needs the lab extra")
pytest.importorskip("uvicorn", reason="needs the lab extra")

from model_build.lab.experiment import read_experiment
from model_build.lab.exploration.exploration import explore
from model_build.lab.page.html import write_page
from model_build.lab.page.run_contents import run_contents
from model_build.lab.page.write import write_data_page, write_index, write_run_page
from model_build.lab.run.lab_run import LabRun
from tests.model_build.lab.page.made_run import write_course, write_run, write_tested
from tests.model_build.lab.page.test_server import served

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]
PAGES = ("drums.html", "index.html", "drums-data.html")
MOST_BYTES = 15_000_000
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        options = [
            *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            "--autoplay-policy=no-user-gesture-required",
        ]
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield running
        running.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LabRun:
    """Write the pages of a run, of the same run under another name, and of the data."""
    folder = tmp_path_factory.mktemp("pages")
    run = write_run(folder)
    again = LabRun(folder / "runs/drums-again")
    shutil.copytree(run.folder, again.folder)
    write_run_page(run, workers=1)
    write_run_page(again, workers=1)
    seen = explore(read_experiment(folder / "drums.yaml"), workers=1)
    write_data_page(seen, folder / "runs", workers=1)
    return run


@pytest.fixture
def opened(browser: Any, run: LabRun) -> Iterator[Open]:
    """Open a page from disk; fail if it reports an error, or asks for anything elsewhere."""
    faults: list[str] = []
    folder = run.folder.parent.as_uri()

    def opening(page: str = "drums.html", address: str = folder, **options: Any) -> Any:
        tab = stack.enter_context(browser.new_context(**options)).new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        ours = (f"{address}/", "data:", "blob:")
        tab.on("request", lambda r: None if r.url.startswith(ours) else faults.append(r.url))
        tab.on("requestfailed", lambda r: faults.append(r.url))
        tab.goto(f"{address}/{page}")
        tab.wait_for_selector("main section")
        return tab

    with ExitStack() as stack:
        yield opening
    assert faults == []


def draw_all(tab: Any) -> None:
    """Scroll through a page, so that every chart is drawn."""
    for plot in tab.locator(".plot").all():
        plot.scroll_into_view_if_needed()
        sync_api.expect(plot.locator("svg").first).to_be_attached(timeout=20_000)


def test_run_page_shows_everything(opened: Open) -> None:
    tab = opened()
    draw_all(tab)
    headings = tab.locator("h2").all_text_contents()
    expected = ("Classes", "Confusions", "Recordings", "Curves", "Thresholds", "Training", "Model")
    assert [name for name in expected if name not in headings] == []
    assert tab.locator("#training .plot").count() == 5
    assert "group_pattern" not in tab.locator("#recipe pre").text_content()
    assert "model: {kind: forest, trees: 10}" in tab.locator("#recipe pre").text_content()


def test_cells_of_the_confusion_matrix_show_and_play_their_recordings(opened: Open) -> None:
    tab = opened()
    count = tab.locator("#clips .count")
    sync_api.expect(count).to_have_text("64 of 64 recordings")
    cell = tab.get_by_role("button", name="kick, kick:")
    number = int(cell.text_content())
    for name in tab.locator("#confusions thead th span").all():
        name.evaluate("name => { name.textContent = 'Kalimba or Mbira' }")
    assert cell.evaluate("cell => cell.offsetWidth === cell.parentElement.clientWidth"), "all of it"
    cell.click()
    sync_api.expect(count).to_have_text(f"{number} of 64 recordings")
    clip = tab.locator(".clip .picture").first
    clip.click()
    tab.wait_for_function("player.currentTime > 0 || player.ended")
    assert tab.locator("#clips .ok").count() == min(12, number)
    tab.get_by_role("button", name="kick predicted as kick").click()
    sync_api.expect(count).to_have_text("64 of 64 recordings")


def test_test_recordings_have_a_confusion_matrix_of_their_own(opened: Open, run: LabRun) -> None:
    write_run_page(write_tested(run, run.folder.parent / "tested"), workers=1)
    tab = opened("tested.html")
    count = tab.locator("#clips .count")
    sync_api.expect(count).to_have_text("74 of 74 recordings")
    ours, others = tab.locator("#confusions table").all()
    for table, text in ((others, "10"), (ours, "64")):
        numbers = [int(one.text_content()) for one in table.locator("td button").all()]
        assert sum(numbers) == int(text)
    others.locator("td button").first.click()
    sync_api.expect(tab.locator("#clips .filters button")).to_contain_text(", test")
    ours.locator("td button").first.click()
    assert tab.locator("#confusions [aria-pressed=true]").count() == 1


def test_recordings_are_filtered_sorted_and_played_with_the_keyboard(opened: Open) -> None:
    tab = opened()
    tab.get_by_label("Label").select_option("snare")
    sync_api.expect(tab.locator("#clips .count")).to_have_text("16 of 64 recordings")
    tab.get_by_label("Search").fill("player 2")
    sync_api.expect(tab.locator("#clips .count")).to_have_text("4 of 64 recordings")
    tab.get_by_label("Order").select_option("name")
    titles = tab.locator(".clip .title").all_text_contents()
    assert titles == [f"snare-{n}.wav" for n in (2, 6, 10, 14)]
    tab.locator(".clip .picture").first.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function("player.currentTime > 0 || player.ended")
    first = tab.locator("#classes th[scope=row]").first
    heading = tab.locator("#classes").get_by_role("button", name="Class", exact=True)
    heading.click()
    sync_api.expect(first).to_have_text("closed_hat")
    heading.click()
    sync_api.expect(first).to_have_text("snare")


def test_index_compares_the_chosen_runs(opened: Open) -> None:
    tab = opened("index.html")
    draw_all(tab)
    legend = tab.locator("#curves .legendtext")
    sync_api.expect(legend.first).to_be_attached()
    assert {"drums", "drums-again"} <= set(legend.all_text_contents())
    assert "Hamming loss" in tab.locator("#metrics").text_content()
    tab.get_by_label("Compare drums-again").uncheck()
    draw_all(tab)
    assert set(tab.locator("#metrics .ytick text").all_text_contents()) >= {"drums"}
    assert "drums-again" not in tab.locator("#metrics").text_content()
    tab.get_by_label("Search").fill("again")
    sync_api.expect(tab.locator("#runs tbody tr")).to_have_count(1)
    tab.get_by_role("link", name="drums-again").click()
    sync_api.expect(tab.get_by_role("heading", level=1)).to_have_text("drums-again")


def test_data_page_shows_examples_of_every_class(opened: Open) -> None:
    tab = opened("drums-data.html")
    draw_all(tab)
    names = tab.locator("#examples h3").all_text_contents()
    assert names == ["closed_hat", "kick", "open_hat", "snare"]
    assert tab.locator("#examples .clip").count() == 16
    sync_api.expect(tab.locator("#shortcuts tbody tr")).to_have_count(4)


@pytest.mark.parametrize(
    ("page", "scheme"),
    [(PAGES[0], "light"), (PAGES[0], "dark"), (PAGES[1], "dark"), (PAGES[2], "light")],
)
def test_has_no_faults_of_accessibility(opened: Open, page: str, scheme: str) -> None:
    tab = opened(page, color_scheme=scheme, reduced_motion="reduce")
    found = axe.Axe().run(tab, options={"preload": False})  # it would request the style sheet
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("page", PAGES)
def test_fits_a_phone(opened: Open, page: str) -> None:
    tab = opened(page, viewport={"width": 360, "height": 740})
    draw_all(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


def test_page_of_five_thousand_recordings_is_small(run: LabRun, opened: Open) -> None:
    made, _ = run_contents(run, workers=1)
    clips = made["clips"]
    times = -(-5_000 // len(clips["names"]))
    for name, column in clips.items():
        if name != "cams":
            clips[name] = (column * times)[:5_000]
    page = run.folder.parent / "large.html"
    write_page(page, "run", "large", made)
    tab = opened("large.html")
    sync_api.expect(tab.locator("#clips .count")).to_have_text("5,000 of 5,000 recordings")
    assets = sum(file.stat().st_size for file in (run.folder.parent / "assets").iterdir())
    assert page.stat().st_size + assets < MOST_BYTES


def test_curves_appear_while_training(opened: Open, tmp_path: Path) -> None:
    write_index(tmp_path)
    with served(tmp_path) as port:
        address = f"http://127.0.0.1:{port}"
        tab = opened("", address)
        sync_api.expect(tab.get_by_text("There is no finished run here yet.")).to_be_visible()
        course = tmp_path / "drums-cnn/folds/k-fold-0/training-1"
        write_course(course, epochs=2)
        (tmp_path / "drums-cnn/started.json").write_text(json.dumps({}))
        training = tab.get_by_label("drums-cnn is being trained")
        sync_api.expect(training).to_contain_text("epoch 2", timeout=15_000)
        draw_all(tab)
        write_course(course, epochs=4)
        sync_api.expect(training).to_contain_text("epoch 4", timeout=15_000)


def test_trials_and_an_ablation_are_tables(opened: Open, run: LabRun) -> None:
    trial = {"values": "model.trees: 3", "value": 0.5, "interval": (0.4, 0.6), "problem": ""}
    failed = {"values": "model.trees: 0", "value": None, "interval": None, "problem": "too few"}
    better = trial | {"values": "model.trees: 9", "value": 0.7}
    rows = [trial | {"best": False}, failed | {"best": False}, better | {"best": True}]
    part = {"name": "trees", "change": "no model.trees", "value": 0.4, "problem": ""}
    part |= {"difference": -0.3, "interval": (-0.5, 0.1)}
    contents, _ = run_contents(run, workers=1)
    contents["search"] = {"metric": "accuracy", "clips": 60, "rows": rows}
    contents["ablation"] = {"metric": "accuracy", "rows": [part]}
    write_page(run.folder.parent / "variations.html", "run", "Variations", contents)
    tab = opened("variations.html")
    trials = tab.locator("#search tbody tr").all_text_contents()
    assert trials == [
        "model.trees: 9 best.700 .400\N{EN DASH}.600",
        "model.trees: 3.500 .400\N{EN DASH}.600",
        "model.trees: 0\N{EN DASH}too few",
    ]
    (row,) = tab.locator("#ablation tbody tr").all_text_contents()
    assert row == "trees.400\N{MINUS SIGN}.300 \N{MINUS SIGN}.500 to +.100no model.trees"
