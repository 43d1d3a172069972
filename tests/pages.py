"""Layout of HTML reports and SVG images in Chromium: python tests/pages.py PROGRAM TOOLS [NAME...]

One run of the browser measures each page in frames of 400, 800 and 1400 pixels and at the width of
paper, with light and dark colors. In another run, Mermaid draws the same networks: TOOLS contains its
npm package, which the script installs if necessary.
"""

import fnmatch
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from harness import node

ROOT = pathlib.Path(__file__).resolve().parent.parent

EXISTING = """\
region: eu-central-1
network:
  vpc: vpc-0123456789abcdef0
  subnets:
    - {id: subnet-0123456789abcdef0, zone: eu-central-1a, cidr: 10.50.0.0/24}
    - {id: subnet-0fedcba9876543210, zone: eu-central-1b, cidr: 10.50.1.0/24}
instances:
  - name: web
  - {name: worker, subnet_index: 1}
"""
SIX = """\
region: eu-central-1
instances:
  - {name: al2, image: al2}
  - {name: arm64, instance_type: t4g.small}
  - {name: jammy, image: ubuntu-22.04}
  - {name: noble, image: ubuntu-24.04, zone: B}
  - {name: win22, image: windows-2022, root_volume_size: 60}
  - {name: win25, image: windows-2025, zone: B}
"""


def template(name):
    return (ROOT / "tests/graph" / name).read_text()


def inputs():
    """Returns the inputs by name."""
    unreachable = template("unreachable.yaml")
    return {
        "default": "region: eu-central-1\n",
        "hardened": "region: eu-central-1\npreset: hardened\n",
        "existing": EXISTING,
        "six": SIX,
        "two-vpcs": template("two-vpcs.yaml"),
        "unreachable": unreachable,
        "private-dns": unreachable.replace(
            "PrivateDnsEnabled: true", "PrivateDnsEnabled: false", 1
        ),
        "unknown": unreachable.replace("ImageId: !Ref Image", "ImageId: ami-0123456789abcdef0"),
    }


# Runs in the wrapper page. Each frame has one report; a frame has its own width for media queries.
MEASURE = """
const tolerance = 1.5;
const inside = (inner, outer) => inner.left >= outer.left - tolerance && inner.top >= outer.top - tolerance
  && inner.right <= outer.right + tolerance && inner.bottom <= outer.bottom + tolerance;
const meet = (one, other) => one.left < other.right - tolerance && other.left < one.right - tolerance
  && one.top < other.bottom - tolerance && other.top < one.bottom - tolerance;
const shown = (element) => element.getClientRects().length > 0;
function luminance(color) {
  const channel = (value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const [r, g, b] = color.match(/[0-9.]+/g).map((it) => channel(it / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
function problems(page, height) {
  const found = [];
  const wide = page.documentElement;
  if (wide.scrollWidth > wide.clientWidth) {
    found.push(`the page is ${wide.scrollWidth} wide, in a window of ${wide.clientWidth}`);
  }
  for (const it of page.querySelectorAll('body *')) {
    if (shown(it) && !it.closest('svg') && it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0
        && page.defaultView.getComputedStyle(it).display !== 'inline' && !it.closest('thead')) {
      found.push(`<${it.localName} class="${it.className}"> scrolls sideways: ${it.textContent.slice(0, 50)}`);
    }
  }
  const images = [...page.querySelectorAll('svg')].filter(shown);
  if (images.length === 0) found.push('no image is visible');
  for (const svg of images) {
    const all = svg.getBoundingClientRect();
    if (height && all.height > height) found.push(`an image of ${all.height} does not fit on paper of ${height}`);
    const matrix = svg.getScreenCTM();
    const scale = matrix.a;
    const boxes = [...svg.querySelectorAll('rect:not(.paper)')].map((it) => [it, it.getBoundingClientRect()]);
    const texts = [...svg.querySelectorAll('text:not(.onsign)')].map((it) => [it, it.getBoundingClientRect()]);
    for (const [at, [box, area]] of boxes.entries()) {
      for (const [other, around] of boxes.slice(at + 1)) {
        if (meet(area, around) && !inside(area, around) && !inside(around, area)) {
          found.push(`boxes overlap: ${box.outerHTML} and ${other.outerHTML}`);
        }
      }
    }
    for (const [at, [text, area]] of texts.entries()) {
      const words = text.firstChild.textContent;
      if (!inside(area, all)) found.push(`a text leaves the image: ${words}`);
      const start = {left: area.left, right: area.left + 1, top: area.top + area.height / 2, bottom: area.top + area.height / 2};
      const own = boxes.filter(([, box]) => inside(start, box)).sort((a, b) => a[1].width * a[1].height - b[1].width * b[1].height)[0];
      if (own && !inside(area, own[1])) found.push(`a text leaves its box: ${words}`);
      for (const [other, around] of texts.slice(at + 1)) {
        if (meet(area, around)) found.push(`texts overlap: ${words} and ${other.firstChild.textContent}`);
      }
      const style = page.defaultView.getComputedStyle(text);
      const size = parseFloat(style.fontSize) * scale;
      if (size < 6.5) found.push(`a text is ${size.toFixed(1)} pixels high: ${words}`);
      const fill = own ? page.defaultView.getComputedStyle(own[0]).fill : 'none';
      const paper = page.defaultView.getComputedStyle(svg.querySelector('.paper')).fill;
      const behind = fill === 'none' ? paper : fill;
      if (behind !== 'none' && contrast(style.fill, behind) < 4.5) found.push(`a text has too little contrast: ${words}`);
    }
    for (const line of svg.querySelectorAll('polyline.line:not(.life)')) {
      const points = [...line.points].map((it) => new DOMPoint(it.x, it.y).matrixTransform(matrix));
      for (let at = 1; at < points.length; at++) {
        const [from, to] = [points[at - 1], points[at]];
        const stroke = {
          left: Math.min(from.x, to.x) - 1, right: Math.max(from.x, to.x) + 1,
          top: Math.min(from.y, to.y) - 1, bottom: Math.max(from.y, to.y) + 1,
        };
        for (const [text, area] of texts) {
          // The box of a text has space above and below its letters.
          const letters = {left: area.left, right: area.right, top: area.top + 3 * scale, bottom: area.bottom - 3 * scale};
          if (stroke.left < letters.right && letters.left < stroke.right && stroke.top < letters.bottom && letters.top < stroke.bottom) {
            found.push(`a line crosses a text: ${text.firstChild.textContent}`);
          }
        }
      }
    }
  }
  return found;
}
async function run() {
  const results = {};
  for (const {name, page, width, height} of CASES) {
    const frame = document.createElement('iframe');
    frame.width = width;
    frame.height = 900;
    frame.srcdoc = page;
    const loaded = new Promise((done) => { frame.onload = done; });
    document.body.append(frame);
    await loaded;
    results[name] = problems(frame.contentDocument, height);
    frame.remove();
  }
  document.getElementById('results').textContent = JSON.stringify(results);
}
run().catch((error) => { document.getElementById('results').textContent = JSON.stringify({error: [String(error.stack)]}); });
"""


def scheme(page, dark):
    """Sets the color scheme, which a frame inherits from the system."""
    return page.replace("@media (prefers-color-scheme:dark)", "@media all" if dark else "@media not all")


def on_paper(page):
    """Applies the styles of paper to the screen."""
    page = re.sub(r"@page\{[^}]*\}", "", page)
    return page.replace("@media print", "@media all").replace("@media (max-width:640px)", "@media not all")


def cases(name, report, image):
    # The policy of the report forbids scripts; the frame runs none, but the wrapper reads it.
    yield from (
        {"name": f"{name} at {width}, {'dark' if dark else 'light'}", "page": scheme(report, dark), "width": width, "height": 0}
        for width in (400, 800, 1400)
        for dark in (False, True)
    )
    # A4 with margins of 12 mm is 703 x 1032 pixels.
    yield {"name": f"{name} on paper", "page": scheme(on_paper(report), False), "width": 703, "height": 1032}
    page = f"<!doctype html><style>body{{margin:0}}svg{{display:block}}</style>{image}"
    yield {"name": f"{name} as an image", "page": scheme(page, False), "width": 1000, "height": 0}


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    return None


# Draws each diagram. Its nodes, and the participants of a sequence, are those of the source.
DRAW = """
(async () => {
  mermaid.initialize({startOnLoad: false});
  const results = {};
  for (const [index, [name, source]] of CASES.entries()) {
    results[name] = [];
    try {
      const {svg} = await mermaid.render(`drawn${index}`, source);
      const drawn = new DOMParser().parseFromString(svg, "text/html");
      drawn.querySelectorAll("style").forEach((it) => it.remove());
      const count = (selector) => drawn.querySelectorAll(selector).length;
      const lines = source.split("\\n").map((it) => it.trim());
      const sequence = lines[0] === "sequenceDiagram";
      const wanted = lines.filter((it) => sequence ? it.startsWith("participant ") : /^\\w+\\(?\\[/.test(it)).length;
      const found = sequence ? count("rect.actor-bottom") : count("g.node");
      if (found !== wanted || wanted === 0) results[name].push(`${wanted} nodes in the source, ${found} drawn`);
      const entity = drawn.body.textContent.match(/#\\d+;|\\ufb02/);
      if (entity) results[name].push(`an escape is drawn: ${entity[0]}`);
    } catch (error) {
      results[name].push(String(error));
    }
  }
  document.getElementById("results").textContent = JSON.stringify(results);
})();
"""
MERMAID_BLOCK = re.compile(r"```mermaid\n(.*?)```", re.DOTALL)


def in_browser(binary, folder, all_cases, script, library=None):
    """Runs a script with the cases; returns the problems that it found, by name."""
    wrapper = folder / "wrapper.html"
    data = json.dumps(all_cases).replace("</", "<\\/")
    source = f'<script src="{library.as_uri()}"></script>' if library else ""
    wrapper.write_text(
        f'<!doctype html><meta charset="utf-8"><pre id="results"></pre>{source}'
        f"<script>const CASES = {data};\n{script}</script>"
    )
    command = [
        binary, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--allow-file-access-from-files",
        f"--user-data-dir={folder / 'profile'}", "--window-size=1600,1000",
        "--virtual-time-budget=120000", "--dump-dom", wrapper.as_uri(),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    found = re.search(r'<pre id="results">(.*?)</pre>', run.stdout, re.DOTALL)
    if not found or not found[1]:
        sys.exit(f"the browser measured nothing:\n{run.stdout[-500:]}\n{run.stderr[-2000:]}")
    return json.loads(html.unescape(found[1]))


def main():
    program, tools, *patterns = sys.argv[1:]
    program, tools = pathlib.Path(program).resolve(), pathlib.Path(tools).resolve()
    binary = browser()
    if not binary:
        sys.exit("Chromium is not on the PATH")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        every, diagrams = [], []
        for case, text in inputs().items():
            if patterns and not any(fnmatch.fnmatch(case, it) for it in patterns):
                continue
            file = folder / f"{case}.yaml"
            file.write_text(text)
            draw = [program, "graph", file, "-f"]
            pages = [
                subprocess.run([*draw, kind], capture_output=True, text=True, check=True).stdout
                for kind in ("html", "svg")
            ]
            every.extend(cases(case, *pages))
            text = subprocess.run([*draw, "mermaid"], capture_output=True, text=True, check=True).stdout
            diagrams += [(f"{case} in Mermaid {at}", it) for at, it in enumerate(MERMAID_BLOCK.findall(text), 1)]
        library = node.install_packages(tools) / "mermaid/dist/mermaid.min.js"
        results = in_browser(binary, folder, every, MEASURE)
        results |= in_browser(binary, folder, diagrams, DRAW, library)
    failed = {name: problems for name, problems in results.items() if problems}
    for name, problems in failed.items():
        print(f"FAILED {name}")
        for problem in problems[:8]:
            print(f"  {problem}")
        if len(problems) > 8:
            print(f"  and {len(problems) - 8} more")
    print(f"{len(results) - len(failed)} of {len(results)} pages have a correct layout")
    sys.exit(bool(failed or len(results) != len(every) + len(diagrams)))


if __name__ == "__main__":
    main()
