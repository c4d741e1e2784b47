// Goes through the pages of the desk for .ci/look-at-desk: fills forms as a person does, and judges every page.
import { readFileSync, writeFileSync } from "node:fs";

import { connect } from "./desk-browser.mjs";

const [devtools, desk, out, password] = process.argv.slice(2);
const axe = readFileSync(`${out}/package/axe.min.js`, "utf8");
const browser = await connect(devtools);
const { call, evaluate, go, press, type, tick, signIn: enter } = await browser.tab(desk);
let failed = false;

const tell = (what, text) => {
  failed = true;
  console.log(`${what}: ${text}`);
};
const expect = async (what, expression) => {
  if (!(await evaluate(expression))) tell(what, `not so: ${expression}; at ${await evaluate("location.pathname + ' ' + document.body.innerText.slice(0, 300)")}`);
};

const MANNERS = [
  ["light", 1280, "light"],
  ["dark", 1280, "dark"],
  ["narrow", 320, "light"],
];
// Judges the page that is shown, in each manner.
const judge = async (name) => {
  for (const [manner, width, scheme] of MANNERS) {
    await call("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
    await call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await evaluate(`document.querySelectorAll("main details").forEach((own) => (own.open = true))`);
    await evaluate(axe + "; undefined");
    const found = await evaluate(`axe.run(document, { resultTypes: ["violations", "incomplete"] }).then((found) => ({
      passes: found.passes.length,
      told: found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 120) + " " + (node.any[0]?.message ?? "")).slice(0, 3).join(" | ")),
      width: document.documentElement.scrollWidth, window: innerWidth, scripts: document.scripts.length,
    }))`);
    found.told.forEach((text) => tell(`${name}, ${manner}`, text));
    if (found.passes < 5) tell(`${name}, ${manner}`, "too little was judged");
    if (found.width > found.window) tell(`${name}, ${manner}`, `the page is ${found.width} pixels wide, the window ${found.window}`);
    if (found.scripts > 0) tell(name, "it has a script");
    const size = await evaluate("document.documentElement.scrollHeight");
    await call("Emulation.setDeviceMetricsOverride", { width, height: Math.min(size, 6000), deviceScaleFactor: 1, mobile: false });
    const { data } = await call("Page.captureScreenshot", { format: "png" });
    writeFileSync(`${out}/${name}-${manner}.png`, Buffer.from(data, "base64"));
  }
  await evaluate(`document.querySelectorAll("main details").forEach((own) => (own.open = false))`);
  console.log(`${name}: judged`);
};
const signIn = async (name) => {
  await enter(name, password);
  await expect(name, `document.body.innerText.includes(${JSON.stringify(name)})`);
};

await go("/sign-in");
await judge("sign-in");
await type("name", "Ann Reviewer");
await type("password", "not the password");
await press("Sign in");
await expect("a wrong password", `document.querySelector('[role="alert"]') !== null`);
await judge("sign-in-refused");
await go("/nothing");
await judge("not-found");

await signIn("Ann Reviewer");
await expect("a session", `document.cookie === ""`);
await judge("queue");
await go("/reviews?list=delivered");
await judge("queue-empty");
await go("/accounts");
await expect("no right", `document.body.innerText.includes("You may not do this")`);
await judge("forbidden");
await go("/reviews?list=waiting");
const review = await evaluate(`document.querySelector("tbody a").getAttribute("href")`);
await go(review);
await judge("review");
await press("Preview");
await judge("preview-of-nothing");
await tick("court-order");
await press("Preview");
await expect("a mistake", `document.querySelector('[aria-invalid]') !== null`);
await judge("preview-mistake");
await tick("approved");
await evaluate(`{ const field = document.getElementById("issuer/court-order"); field.value = field.options[1].value; }`);
await type("number/court-order", "2:26-mj-00042");
await tick("license");
await press("Preview");
await expect("a preview", `document.body.innerText.includes("Approve exactly this")`);
await judge("preview");
await press("Approve exactly this");
await expect("an approval", `document.querySelector('[role="status"]') !== null`);
await judge("approved");
await type("revoke:reason", "The order was quashed");
await press("Take back");
await expect("an approval taken back", `document.body.innerText.includes("The order was quashed")`);
await judge("revoked");
await go("/reviews?list=denied");
await judge("queue-denied");
await go(await evaluate(`document.querySelector('[data-state="expired"]').closest("tr").querySelector("a").getAttribute("href")`));
await judge("expired");
const expired = await evaluate("location.pathname");
await type("reopen:reason", "Nobody was here");
await press("Open again");
await expect("a new review", `document.body.innerText.includes("Preview what would go out") && location.pathname !== "${expired}"`);
await judge("reopened");
await go(expired);
await judge("purged");
await go("/reviews");
const second = await evaluate(`document.querySelector("tbody a").getAttribute("href")`);
await go(second);
await type("record:reason", "The name is unclear");
await press("Show the message");
await expect("the message", `document.querySelector("pre").textContent.length > 100`);
await judge("record");
await go(second);
await type("deny:reason", "No order was shown");
await press("Deny");
await expect("a denial", `document.body.innerText.includes("Denied")`);
await judge("denied");
await go("/duties");
await judge("duties");
await go("/password");
await judge("password");
await press("Sign out");
await judge("signed-out");
await go("/reviews");
await expect("no session", `location.pathname === "/sign-in"`);

await signIn("Eve Administrator");
await judge("accounts");
await go("/accounts?name=Ann+Reviewer");
await judge("account");

// By the keyboard alone: the first stop leads past the navigation, and each stop is seen.
await go("/accounts");
const stops = new Set();
for (let stop = 0; stop < 40; stop += 1) {
  for (const type of ["keyDown", "keyUp"]) await call("Input.dispatchKeyEvent", { type, key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
  const focused = await evaluate(`(() => { const own = document.activeElement, style = getComputedStyle(own);
    return { is: own.outerHTML.slice(0, 100), seen: own === document.body || style.outlineStyle !== "none", skip: own.className === "skip" }; })()`);
  if (stop === 0 && !focused.skip) tell("keyboard", `the first stop is ${focused.is}`);
  if (!focused.seen) tell("keyboard", `nothing shows the focus of ${focused.is}`);
  stops.add(focused.is);
}
if (stops.size < 10) tell("keyboard", `only ${stops.size} stops`);

await browser.close();
process.exit(failed ? 1 : 0);
