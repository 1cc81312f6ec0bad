"""What a page of the board is held against in a real Chromium: by axe-core, and by the accessibility tree."""

from axe_playwright_python.base import AXE_SCRIPT

# What Streamlit itself draws so, as docs/board.md lists it: (rule, a part of the element).
SHELL = (("target-size", 'role="spinbutton"'),)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TRIES = 20
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"
CONTROLS = {
    "button", "link", "textbox", "combobox", "checkbox", "radio", "tab", "slider", "spinbutton", "listbox", "switch",
    "DisclosureTriangle", "searchbox", "menuitem",
}  # fmt: skip
# From the top of the page, wherever somebody clicked last; and how many steps it may take.
FROM_THE_TOP = """() => { window.reached = new Set();
  document.addEventListener('focusin', (e) => reached.add(e.target));
  const top = document.createElement('span'); top.tabIndex = -1; document.body.prepend(top); top.focus(); top.remove();
  return [...document.querySelectorAll('a, button, input, textarea, summary, [tabindex]')].filter((e) =>
    e.checkVisibility() && e.tabIndex >= 0).length; }"""
# Of choices that belong together the arrows lead from one to the next.
PASSED = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((e) =>
    e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0 && !reached.has(e)
    && e.type !== 'radio' && e.getAttribute('role') !== 'radio' && e.type !== 'file')
  .map((e) => e.outerHTML.slice(0, 160))"""


def heard(page):
    """The list to which everything goes that the page's console calls an error."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    return errors


def rested(page, heading):
    """Waits until the page with this heading is drawn and its charts are."""
    page.get_by_role("heading", name=heading, level=1).wait_for()
    page.locator(AT_REST).wait_for()
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every((one) =>
             !one.checkVisibility() || one.querySelector('svg path, svg text'))"""
    )


def against(page, rules=RULES):
    """(rule, element) of what axe-core calls serious or critical, without what is Streamlit's own."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    asked = {"resultTypes": ["violations"], "runOnly": rules}
    return [
        (one["id"], node["html"][:200])
        for one in page.evaluate("asked => axe.run(document, asked)", asked)["violations"]
        for node in one["nodes"]
        if one["impact"] in {"serious", "critical"}
        and not any(one["id"] == rule and part in node["html"] for rule, part in SHELL)
    ]


def unheard(page):
    """What a screen reader cannot tell: controls without a name, charts without words, headings that skip a level."""
    # A page that follows its store may draw another chart while it is read: then it is read again.
    for _ in range(TRIES):
        charts = page.locator("[data-testid=stVegaLiteChart]:visible").count()
        nodes = _tree(page)
        said = [name for role, name, _ in nodes if role in {"image", "img", "graphics-document"}]
        worded = sum(len(name.split()) >= 4 for name in said)
        if worded >= charts:
            break
        page.wait_for_timeout(500)
    found = [f"a {role} without a name" for role, name, _ in nodes if role in CONTROLS and not name]
    found += [f"{charts} charts, {worded} of them in words"] if worded < charts else []
    levels = [level for role, _, level in nodes if role == "heading"]
    steps = zip([0, *levels], levels, strict=False)
    return found + [f"headings {levels}"] * any(after > before + 1 for before, after in steps)


def read_out(page):
    """(role, words) of all that a screen reader reads of a page, from top to bottom."""
    return [(role, name) for role, name, _ in _tree(page) if name and role not in {"InlineTextBox", "RootWebArea"}]


def missed(wanted, told):
    """What of `wanted` does not come in its order among what was `told`, each by its role and the beginning of its
    words."""
    told = iter(told)
    return [one for one in wanted if not any(role == one[0] and name.startswith(one[1]) for role, name in told)]


def _tree(page):
    """(role, name, level of a heading) of what a screen reader is told, in order."""
    line = page.context.new_cdp_session(page)
    # The tree comes by its levels.
    known = {node["nodeId"]: node for node in line.send("Accessibility.getFullAXTree")["nodes"]}
    line.detach()
    left, nodes = [next(iter(known))], []
    while left:
        node = known.get(left.pop())
        if node is not None:
            nodes.append(node)
            left += reversed(node.get("childIds", ()))
    return [
        (
            node["role"]["value"], node.get("name", {}).get("value", "").strip(),
            next((p["value"]["value"] for p in node.get("properties", ()) if p["name"] == "level"), 0),
        )
        for node in nodes
        if not node["ignored"]
    ]  # fmt: skip


def out_of_reach(page):
    """What the tab key does not come to."""
    steps, passed = page.evaluate(FROM_THE_TOP), []
    # What stands at a chart shows only while somebody is there, so that there may be more than were counted.
    for _ in range(3):
        for _ in range(steps):
            page.keyboard.press("Tab")
        passed = page.evaluate(PASSED)
        if not passed:
            break
    return passed
