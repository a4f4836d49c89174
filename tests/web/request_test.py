"""A request and its decision in a real browser: Chromium, headless."""
import os
import shutil
import sys
import tempfile
import unittest

from tests.daemon import Daemon

LICENCE = "Acme Research Licence 1.0\n\nYou may use the weights for research.\n"
CARD = b"""---
license: other
extra_gated_heading: Ask for Acme Tiny
extra_gated_fields:
  Affiliation: text
  Purpose:
    type: select
    options: [research, teaching]
---
# Acme Tiny
<script>document.title = 'stolen'</script>
"""
PASSWORD = "correct horse battery"


def browser_packages():
    """Selenium comes from the clients' environment, not from the system."""
    python = os.environ.get("CLIENTS_PYTHON")
    if not python:
        raise RuntimeError("CLIENTS_PYTHON is not set; deploy/test makes and sets it")
    library = os.path.join(os.path.dirname(os.path.dirname(python)), "lib")
    for name in os.listdir(library):
        sys.path.append(os.path.join(library, name, "site-packages"))


browser_packages()
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402


class Browser:
    """One person's browser, with a profile of its own."""

    def __init__(self, registry, name):
        self.registry = registry
        self.profile = tempfile.mkdtemp(prefix="weigh-browser-")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     f"--user-data-dir={self.profile}", "--no-proxy-server", "--disable-background-networking"):
            options.add_argument(word)
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.log_in(name)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, path):
        self.driver.get(self.registry.url + path)

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "main").text

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def press(self, words):
        """Presses the button with these words and waits for the next page."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        for button in self.driver.find_elements(By.TAG_NAME, "button"):
            if button.text == words:
                button.click()
                WebDriverWait(self.driver, 20).until(lambda _: is_gone(page))
                return
        raise AssertionError(f"no button {words!r} on {self.driver.current_url}:\n{self.text()}")

    def field(self, label):
        for element in self.driver.find_elements(By.TAG_NAME, "label"):
            if element.text == label:
                return self.driver.find_element(By.ID, element.get_attribute("for"))
        raise AssertionError(f"no field {label!r}:\n{self.text()}")

    def log_in(self, name):
        self.open("/login")
        self.field("Name or e-mail address").send_keys(name)
        self.field("Password").send_keys(PASSWORD)
        self.press("Sign in")


def is_gone(element):
    try:
        element.is_enabled()
        return False
    except Exception:
        return True


class Request(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon()
        cls.registry.__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.owner = cls.registry.person("acme")
        cls.requester = cls.registry.person("remy")
        cls.registry.create("acme/tiny", cls.owner)
        cls.registry.commit("acme/tiny", cls.owner, {"README.md": CARD, "notes.txt": b"secret"})
        licence = cls.registry.ask("POST", "/api/licences", cls.owner,
                                   {"text": LICENCE, "label": "Acme Research Licence", "version": "1.0"}).json()
        answer = cls.registry.ask("PUT", "/api/models/acme/tiny/gate", cls.owner,
                                  {"mode": "manual", "licence": licence["digest"]})
        assert answer.status == 200, answer

    def browser(self, name):
        browser = Browser(self.registry, name)
        self.addCleanup(browser.close)
        return browser

    def test_a_person_asks_and_is_let_in_by_a_reviewer_in_their_browsers(self):
        remy = self.browser("remy")
        remy.open("/acme/tiny")
        self.assertIn("You may use the weights for research.", remy.text())
        self.assertNotEqual(remy.driver.title, "stolen")
        remy.field("Affiliation").send_keys("ETH Zurich")
        Select(remy.field("Purpose")).select_by_visible_text("research")
        remy.find("input[name=agree]").click()
        remy.press(remy.find("form.stack button:not([name])").text)
        remy.open("/acme/tiny")
        self.assertIn("Your request waits", remy.text())
        self.assertEqual(self.download().status, 403)

        acme = self.browser("acme")
        acme.open("/reviews")
        self.assertIn("remy", acme.text())
        self.assertIn("ETH Zurich", acme.text())
        acme.press("Accept")

        self.assertEqual(self.download().status, 200)
        remy.open("/settings/gated-repos")
        self.assertIn("accepted", remy.text().lower())
        rows = self.registry.sql("SELECT how, account_name FROM agreement")
        self.assertEqual(rows, [["page", "remy"]])

    def download(self):
        return self.registry.ask("GET", "/acme/tiny/resolve/main/notes.txt", self.requester)


if __name__ == "__main__":
    unittest.main()
