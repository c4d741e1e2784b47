"""Asks the desk as a browser does, with its cookies and forms, for .ci/faults-reviews and .ci/million-reviews."""

import html
import http.client
import re
import subprocess
from urllib.parse import urlencode

PASSWORD = "gravel umbrella 47"


def open_desk(command, stderr=subprocess.PIPE):
    """Starts a desk. Gives its process, and its address and port."""
    desk = subprocess.Popen([*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=stderr, text=True)
    for line in desk.stdout:
        if found := re.search(r"http://([0-9.:]+)", line):
            return desk, found[1]
    raise SystemExit(f"FAILED: the desk doesn't open: status {desk.wait()}")


class Browser:
    """One session."""

    def __init__(self, host):
        self.host, self.cookies = host, {}

    def ask(self, path, form=None):
        """The status and the text of a page; with a form, of what follows from sending it."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Connection": "close"}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}", "Sec-Fetch-Site": "same-origin"}
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request("GET" if form is None else "POST", path, None if form is None else urlencode(form), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, text

    def page(self, path):
        """The text of a page that must be there."""
        status, text = self.ask(path)
        if status != 200:
            raise SystemExit(f"FAILED: {path}: {status}: {words(text)}")
        return text

    def send(self, path, action, **fields):
        """Fills the form of a page that leads to `action`, and sends it. Gives the status and the text of the answer."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', self.page(path), re.S)
        hidden = {}
        for field in re.findall(r"<input[^>]*>", form[1]):
            own = dict(re.findall(r'(\w+)="([^"]*)"', field))
            if own.get("type") == "hidden":
                hidden[html.unescape(own["name"])] = html.unescape(own["value"])
        return self.ask(action, {**hidden, **fields})

    def sign_in(self, name):
        status, text = self.send("/sign-in", "/sign-in", name=name, password=PASSWORD)
        if status != 303:
            raise SystemExit(f"FAILED: sign-in: {status}: {words(text)}")


def words(page):
    """What a page says, without its marks."""
    return " ".join(re.sub("<[^>]*>", " ", page).split())[-600:]
