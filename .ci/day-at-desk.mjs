// A day of two reviewers in a browser, for .ci/day-at-desk: goes through the whole queue, decides as the plan says, and writes
// what it did to tally.json. Then, once the approved have gone out, looks for them and ticks off a duty.
import { readFileSync, writeFileSync } from "node:fs";

import { connect } from "./desk-browser.mjs";

const [devtools, desk, folder, password, part] = process.argv.slice(2);
const { requests } = JSON.parse(readFileSync(`${folder}/plan.json`, "utf8"));
const plan = new Map(requests.map((own) => [own.name, own]));
// What nobody is given, whatever a paper specifies.
const NEVER = ["license.limited-term", "license.real-id", "license.medical-certification"];
// The desk answers one address 10 times a second, and a page and its style are two answers.
const PACE = 250;

// When all orders were issued: yesterday.
const ISSUED = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

const browser = await connect(devtools);
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};
const person = async (name, isOfAnother) => {
  const tab = await browser.tab(desk, { isOfAnother });
  let due = 0;
  const paced = (action) => async (...own) => {
    await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
    due = Date.now() + PACE;
    await action(...own);
    const heading = await tab.evaluate(`document.querySelector("h1")?.textContent`);
    check(heading !== "Too many requests", "the desk says that these are too many requests");
    return heading;
  };
  const own = { ...tab, name, go: paced(tab.go), press: paced(tab.press), follow: paced(tab.follow) };
  await tab.signIn(name, password);
  check((await tab.evaluate("document.body.innerText")).includes(name), `${name} can't sign in`);
  return own;
};
const status = (tab) => tab.evaluate(`document.querySelector('[role="status"]')?.textContent ?? ""`);
// The rows of the list that is shown, and the address of the next page.
const list = (tab) =>
  tab.evaluate(`({
    rows: [...document.querySelectorAll("tbody a")].map((link) => ({ address: link.getAttribute("href"), name: link.textContent })),
    next: document.querySelector('a[rel="next"]')?.getAttribute("href"),
  })`);
const idOf = (address) => address.split("/").pop();

// Fills the form for a court order of this scope, and previews: what would go out must be what the scope says.
const preview = async (tab, { name, scope, control }) => {
  await tab.tick("approved");
  await tab.tick("court-order");
  await tab.evaluate(`document.getElementById("issuer/court-order").value = "federal-judge"`);
  await tab.type("number/court-order", `2:26-mj-${control.slice(-5)}`);
  await tab.type("date/court-order", ISSUED);
  const covers = `((id) => ${JSON.stringify(scope)}.some((own) => id === own || id.startsWith(own + ".")))`;
  const ticked = await tab.evaluate(`(() => {
    const boxes = [...document.querySelectorAll('input[name="specifies/court-order"]')].filter((box) => ${covers}(box.value));
    boxes.forEach((box) => box.click());
    return boxes.filter((box) => box.checked).length;
  })()`);
  check(ticked >= scope.length, `${name}: the form doesn't offer ${scope}`);
  await tab.press("Preview");
  const { rows, elements } = await tab.evaluate(`(() => {
    const table = [...document.querySelectorAll("table")].find((own) => own.caption.textContent === "The data elements of this message");
    const rows = [...table.querySelectorAll("tbody tr")].map((row) => ({ id: row.querySelector("th code").textContent, goes: row.cells[2].textContent }));
    const elements = rows.filter(({ id }) => !id.startsWith("envelope.")).map(({ id, goes }) => ({ id, goes, is_in: ${covers}(id) }));
    return { rows: rows.length, elements };
  })()`);
  for (const { id, goes, is_in } of elements) {
    const wanted = is_in && !NEVER.includes(id) ? "✓ goes out" : "✕ stays here";
    check(goes === wanted, `${name}: the preview says of ${id} "${goes}", with ${scope}`);
  }
  const isThere = (own) => elements.some(({ id }) => id === own || id.startsWith(`${own}.`));
  check(rows > elements.length && scope.every(isThere), `${name}: the preview lacks ${scope}`);
};
const deny = async (tab, { control }) => {
  await tab.type("deny:reason", `No court order was shown for ${control}`);
  return tab.press("Deny: nothing goes out");
};

const tally = { issued: ISSUED, seen: [], approved: [], denied: [], shown: [], lost: [] };
// Two people decide about one review at once: one has decided, the other is told.
const race = async (ann, ben, address, own) => {
  await ann.follow(address);
  await ben.go(address);
  const isApproving = tally.lost.length === 0;
  await preview(ann, own);
  isApproving && (await preview(ben, own));
  const second = () => (isApproving ? ben.press("Approve exactly this") : deny(ben, own));
  const told = await Promise.all([ann.press("Approve exactly this"), second()]);
  const late = told.filter((heading) => heading === "This can't be done any more").length;
  check(late === 1, `${own.name}: of two who decided at once ${late} were told that somebody was first`);
  const isBen = told[0] === "This can't be done any more";
  const [winner, loser] = isBen ? [ben, ann] : [ann, ben];
  const code = await loser.evaluate(`performance.getEntriesByType("navigation")[0].responseStatus`);
  check(code === 409, `${own.name}: who was too late got ${code}`);
  const isApproved = isApproving || !isBen;
  check((await status(winner)).includes(isApproved ? "Approved" : "Denied"), `${own.name}: nobody has decided`);
  tally[isApproved ? "approved" : "denied"].push({ review: idOf(address), name: own.name, by: winner.name });
  tally.lost.push({ review: idOf(address), name: own.name, by: loser.name });
};
const decide = async (ann, ben, address, own) => {
  if (own.decision === "race") return race(ann, ben, address, own);
  const step = { review: idOf(address), name: own.name, by: ann.name };
  await ann.follow(address);
  if (own.decision === "approve") {
    await preview(ann, own);
    await ann.press("Approve exactly this");
    check((await status(ann)).includes("Approved"), `${own.name}: it isn't approved`);
    tally.approved.push(step);
  } else if (own.decision === "deny") {
    await deny(ann, own);
    check((await status(ann)).includes("Denied"), `${own.name}: it isn't denied`);
    tally.denied.push(step);
  } else {
    await ann.type("record:reason", "The order names another spelling");
    await ann.press("Show the message");
    const text = await ann.evaluate(`document.querySelector("pre").textContent`);
    check(own.values.every((value) => text.includes(value)), `${own.name}: it isn't what is shown`);
    tally.shown.push(step);
  }
};

const work = async () => {
  const ann = await person("Ann Reviewer", false);
  const ben = await person("Ben Approver", true);
  const done = new Set();
  const seen = new Map();
  // Page by page: what is decided leaves the list, and others move up.
  for (let page = "/reviews?list=waiting"; page; ) {
    await ann.go(page);
    const { rows, next } = await list(ann);
    rows.forEach(({ address, name }) => seen.set(name, idOf(address)));
    const row = rows.find(({ name }) => plan.get(name).decision !== "wait" && !done.has(name));
    if (row) {
      done.add(row.name);
      await decide(ann, ben, row.address, plan.get(row.name));
    } else if (next) {
      await ann.follow(next);
      page = next;
    } else {
      page = undefined;
    }
  }
  tally.seen = [...seen].map(([name, review]) => ({ name, review }));
  writeFileSync(`${folder}/tally.json`, JSON.stringify(tally));
};

// All of a list, by its pages.
const all = async (tab, name) => {
  await tab.go(`/reviews?list=${name}`);
  const found = [];
  for (;;) {
    const { rows, next } = await list(tab);
    found.push(...rows.map(({ address }) => idOf(address)));
    if (!next) return found.sort();
    await tab.follow(next);
  }
};
const finish = async () => {
  const told = JSON.parse(readFileSync(`${folder}/tally.json`, "utf8"));
  const ben = await person("Ben Approver", true);
  const ids = (steps) => steps.map(({ review }) => review).sort().join();
  check((await all(ben, "delivered")).join() === ids(told.approved), "the list of what has gone out isn't what was approved");
  check((await all(ben, "denied")).join() === ids(told.denied), "the list of what was denied is another");
  check((await all(ben, "approved")).length === 0, "something that was approved has not gone out");
  await ben.go("/duties");
  const before = await ben.evaluate("document.querySelector('main').innerText");
  const count = told.approved.length;
  check(before.includes(`${count} duties are still to be done`), `the duties aren't ${count}: ${before.slice(0, 200)}`);
  const value = (name) => ben.evaluate(`document.querySelector('tbody form [name="${name}"]').value`);
  told.duty = { record: await value("record"), duty: await value("duty") };
  told.note = "Letter sent by registered mail";
  await ben.evaluate(`document.querySelector("tbody details").open = true`);
  await ben.type("0:note", told.note);
  await ben.press("It is done");
  check((await status(ben)).includes("The duty is on record as done"), "the duty isn't ticked off");
  const after = await ben.evaluate("document.body.innerText");
  check(after.includes(`${count - 1} duties are still to be done`), "the duty is still to be done");
  writeFileSync(`${folder}/tally.json`, JSON.stringify(told));
  await browser.close();
};

await { work, finish }[part]().catch((error) => {
  console.error(`DISAGREEMENT: ${error.message}`);
  process.exit(1);
});
browser.disconnect();
process.exit(0);
