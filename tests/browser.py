"""A real JupyterLab in a real browser, for the tests of widgets and notebooks."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from notebook_runs import ROOT
from playwright.sync_api import ConsoleMessage, Locator, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# REQUIRE_BROWSER, set by continuous integration, turns the omission into a failure.
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and "REQUIRE_BROWSER" not in os.environ,
    reason="No Chromium (Debian: apt install chromium), so nothing was tried in a browser",
)
ARTEFACTS = ROOT / "test-artefacts"
SETTINGS = {
    # All cells at once in the page, seen or not: a test asks for those further down, too.
    "notebook-extension/tracker": '{"windowingMode": "none"}',
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
}
# What JupyterLab itself complains about where it has no network, or no build of its own.
NOISE = re.compile(
    r"favicon|ERR_INTERNET_DISCONNECTED|jupyterlab-server|404 \(Not Found\)|lsp|debugger state"
)


_STATE = """() => {
    if (document.querySelector('[data-mime-type$="jupyter.error"]')) return "over";
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
    if (prompts.some((prompt) => prompt.textContent.includes("*"))) return "running";
    return prompts.every((prompt) => /\\d/.test(prompt.textContent)) ? "over" : "nothing runs";
}"""

_PRINTED = """() => [...document.querySelectorAll(".jp-CodeCell")].map((cell) =>
    [...cell.querySelectorAll('[data-mime-type$="jupyter.stdout"]')]
        .map((output) => output.textContent).join(""))
"""


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """Start JupyterLab on a folder, on a free port, and yield its address with the token."""
    token = secrets.token_hex()
    for place, settings in SETTINGS.items():
        path = folder / ".settings" / "@jupyterlab" / f"{place}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(settings)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".workspaces"),
    }
    options = {
        "ServerApp.root_dir": folder,
        "ServerApp.port": 0,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": token,
    }
    command = [sys.executable, "-m", "jupyterlab", "--allow-root"]
    server = subprocess.Popen(
        [*command, *(f"--{name}={value}" for name, value in options.items())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
    )
    said: list[str] = []  # what nobody reads would block the server
    reader = threading.Thread(target=lambda: said.extend(server.stdout or ()))
    reader.start()
    try:
        yield f"{_address(server, said)}lab/tree/NAME?token={token}"
    finally:
        server.terminate()
        server.wait(timeout=30)
        reader.join()
        assert server.stdout is not None
        server.stdout.close()


def _address(server: "subprocess.Popen[str]", said: list[str]) -> str:
    """Wait until JupyterLab has said where it listens."""
    until = time.monotonic() + 120
    while server.poll() is None and time.monotonic() < until:
        if found := re.search(r"http://127\.0\.0\.1:\d+/", "".join(said)):
            return found[0]
        time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + "".join(said))


@contextmanager
def chromium() -> Iterator[Page]:
    """Open a page of Debian's Chromium, as wide as a small laptop's."""
    if CHROMIUM is None:
        raise RuntimeError("There is no program called chromium: install Debian's package.")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += ["--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser.new_page(viewport={"width": 1024, "height": 900})
        browser.close()


@dataclass
class Lab:
    """JupyterLab with one notebook open."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)
        # On a slow machine JupyterLab may ask before it knows which kernels there are, and refuse
        # to run anything while it ends one for another; `run_all` tries again.
        asked = re.compile("Select kernel for|Kernel Terminating", re.IGNORECASE)
        question = self.page.locator(".jp-Dialog", has_text=asked)
        self.page.add_locator_handler(question, lambda: question.locator(".jp-mod-accept").click())

    def _note(self, message: ConsoleMessage) -> None:
        text = f"{message.text} {message.location}"
        if message.type == "error" and not NOISE.search(text):
            self.complaints.append(text)

    def open(self, name: str) -> None:
        """Open a notebook; an old page of it is left behind."""
        self.page.goto(self.address.replace("NAME", name), timeout=120_000)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        self.page.wait_for_selector('[data-status="idle"]', timeout=120_000)

    def menu(self, *names: str) -> None:
        """Choose from JupyterLab's menus."""
        self.page.locator(".lm-MenuBar-item", has_text=names[0]).first.click()
        for name in names[1:]:
            self.page.locator(".lm-Menu-item", has_text=name).first.click()

    def run_all(self, timeout: float = 300) -> None:
        """Run all cells and wait for the end, or for the first error."""
        until = time.monotonic() + timeout
        self.menu("Edit", "Clear Outputs of All Cells")  # and the numbers of an earlier run
        self.menu("Run", "Run All Cells")
        while (state := self.page.evaluate(_STATE)) != "over":
            assert time.monotonic() < until, "The notebook did not come to its end."
            self.page.wait_for_timeout(500)
            # JupyterLab drops the command while the kernel is being connected.
            if state == self.page.evaluate(_STATE) == "nothing runs":
                self.menu("Run", "Run All Cells")
                self.page.wait_for_timeout(2000)
        # A cell's number may come before the last that it showed; that the kernel is idle may not.
        self.page.wait_for_selector('[data-status="idle"]', timeout=120_000)

    def printed(self) -> list[str]:
        """Return what each code cell printed, as the page shows it now."""
        shown: list[str] = self.page.evaluate(_PRINTED)
        return shown

    def keep(self, name: str, text: str) -> None:
        """Keep a text as an artefact."""
        ARTEFACTS.mkdir(exist_ok=True)
        (ARTEFACTS / name).write_text(text)

    def shoot(self, name: str, place: Locator | None = None) -> bytes:
        """Keep a screenshot as an artefact, and return it."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        if place is None:
            return self.page.screenshot(path=path)
        size = self.page.viewport_size
        assert size is not None
        # High enough for all of it: JupyterLab's own bars would cover what is scrolled.
        self.page.set_viewport_size({"width": size["width"], "height": 2000})
        place.scroll_into_view_if_needed()
        shot = place.screenshot(path=path)
        self.page.set_viewport_size(size)
        return shot
