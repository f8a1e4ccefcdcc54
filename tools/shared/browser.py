# SPDX-License-Identifier: GPL-2.0-only
"""Look at an HTML page in Chromium without a screen, as on a phone or on a desk, by day or by
night. Chromium is told what to do by the DevTools protocol, as JSON through a pipe."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import zlib
from collections import namedtuple

PROGRAM = "chromium"
MISSING = f"there is no {PROGRAM}, see Documentation/tools/bench.rst"
SECONDS = 60

# The options that let root run it, in a root directory that has little, and keep it to itself.
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
           "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe")

# In the page: how large it is, and the text that is the hardest to read by its contrast, as the
# Web Content Accessibility Guidelines define it.
LOOK = """(() => {
const paint = document.createElement("canvas").getContext("2d");
const painted = colours => {
    for (const colour of colours) {
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
    }
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const luminance = colours => painted(colours)
    .map(part => part / 255)
    .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [.2126, .7152, .0722][place], 0);
const below = element => element
    ? [...below(element.parentElement), getComputedStyle(element).backgroundColor] : ["white"];
const contrast = element => {
    const style = getComputedStyle(element);
    const colours = below(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const both = [luminance(colours), luminance([...colours, ink])].sort((a, b) => b - a);
    return (both[0] + .05) / (both[1] + .05);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let least = 21, palest = "";
while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ["title", "desc"].includes(element.tagName))
        continue;
    const found = contrast(element);
    if (found < least)
        [least, palest] = [found, walker.currentNode.data];
}
const {scrollWidth, scrollHeight} = document.scrollingElement;
return {width: scrollWidth, height: scrollHeight, contrast: least, palest};
})()"""

# What was seen: the page's width and height, the least contrast of a text, and that text; a
# screenshot of all of it as PNG.
Seen = namedtuple("Seen", "width height contrast palest png")


class BrowserError(Exception):
    """The browser does not do what it should, with the reason."""


def find():
    """The program, or None."""
    return shutil.which(PROGRAM)


def corner(png):
    """The first pixel of a PNG: red, green and blue. The first pixel of the first line is the
    same in all filters."""
    data, at = b"", 8
    while at < len(png):
        size = int.from_bytes(png[at:at + 4], "big")
        if png[at + 4:at + 8] == b"IDAT":
            data += png[at + 8:at + 8 + size]
        at += size + 12
    return tuple(zlib.decompress(data)[1:4])


class Browser:
    """A browser, to be used in a with statement."""

    def __init__(self, program):
        self.number = 0
        self.received, self.events = b"", []
        # pylint: disable=consider-using-with
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.log = tempfile.TemporaryFile()
        # It reads from file 3, and writes to file 4.
        self.process = subprocess.Popen(
            ["sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >&2', "sh", program, *OPTIONS,
             f"--user-data-dir={self.folder.name}", "about:blank"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.log.close()
        self.folder.cleanup()

    def said(self):
        """The last lines of its messages."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-1000:]

    def receive(self):
        """The next message from it."""
        output = self.process.stdout.fileno()
        while b"\0" not in self.received:
            if not select.select([output], [], [], SECONDS)[0]:
                raise BrowserError(f"it says nothing for {SECONDS} s: {self.said()}")
            more = os.read(output, 1 << 20)
            if not more:
                raise BrowserError(f"it has ended: {self.said()}")
            self.received += more
        message, _, self.received = self.received.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        """Call a method; returns its result. Events that come meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters,
                   **({"sessionId": session} if session else {})}
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\0")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise BrowserError(f"it has ended: {self.said()}") from error
        while (answer := self.receive()).get("id") != self.number:
            self.events.append(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def await_event(self, method, session):
        """Wait for an event, if it has not come before."""
        while not any((event.get("method"), event.get("sessionId")) == (method, session)
                      for event in self.events):
            self.events.append(self.receive())

    def look(self, url, width, height, scheme):
        """Look at a page in a window of this size; scheme is light or dark. A window that is
        higher than wide is a phone's."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Emulation.setDeviceMetricsOverride", session, width=width, height=height,
                  deviceScaleFactor=1, mobile=height > width)
        self.call("Emulation.setEmulatedMedia", session,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.enable", session)
        self.call("Page.navigate", session, url=url)
        self.await_event("Page.loadEventFired", session)
        answer = self.call("Runtime.evaluate", session, expression=LOOK, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{url}: {answer['exceptionDetails']}")
        found = answer["result"]["value"]
        shot = self.call("Page.captureScreenshot", session, format="png",
                         captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": width, "height": found["height"],
                               "scale": 1})
        self.call("Target.closeTarget", targetId=target)
        return Seen(**found, png=base64.b64decode(shot["data"]))
