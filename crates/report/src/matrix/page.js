"use strict";
(() => {
  const table = document.getElementById("matrix");
  const panel = document.getElementById("panel");
  const [rulesPart, dutiesPart] = panel.children;
  const found = document.getElementById("found");
  const rows = [...table.tBodies].flatMap((body) => [...body.rows].slice(1));
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const elements = document.getElementById("elements");
  const agencies = document.getElementById("agencies");

  // What an instrument specifies has spaces in its name: `warrant (specified)`.
  const named = (text) => text.split("|").filter(Boolean);
  const matching = (claims) => ({ dataset }) => named(dataset.with).every((claim) => claims.has(claim)) &&
    !named(dataset.without).some((claim) => claims.has(claim));
  const boxes = [...document.querySelectorAll("#claims input")];
  const checked = () => boxes.filter((box) => box.checked);
  const claimed = () => new Set(checked().map((box) => box.value));

  // What a cell says is shown while it has the focus or the pointer, and until the next one has, or Escape.
  let shown;
  const show = (cell) => {
    const why = document.getElementById(cell.dataset.why);
    if (!why) return;
    shown = cell;
    const head = heads[cell.cellIndex - 1];
    const title = document.createElement("h3");
    title.textContent = `${cell.parentElement.cells[0].dataset.element}, ${head.dataset.told}: ${cell.firstElementChild.firstChild.data}`;
    rulesPart.replaceChildren(title, why.querySelector("ul").cloneNode(true));
    const claims = claimed();
    const lists = head.dataset.duties.split(" ").filter(Boolean).map((id) => document.getElementById(id));
    const owed = lists.flatMap((list) => [...list.children]).filter((duty) => !claims.size || matching(claims)(duty));
    const duties = document.createElement("ul");
    duties.append(...owed.map((duty) => duty.cloneNode(true)));
    // The head of the column has room for the beginning of the title alone.
    const agency = head.querySelector(".agency");
    dutiesPart.replaceChildren(...(owed.length ? ["Duties that may follow:", duties] : []),
      ...(agency ? [`Agency class: ${agency.textContent}`] : []));
    panel.hidden = false;
  };
  const cellOf = (event) => event.target.closest && event.target.closest("td[data-why]");
  table.addEventListener("focusin", (event) => { const cell = cellOf(event); if (cell) show(cell); });
  table.addEventListener("mouseover", (event) => { const cell = cellOf(event); if (cell) show(cell); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") panel.hidden = true; });

  // One stop of the tab key for all cells; arrows go from cell to cell.
  const links = () => rows.filter((row) => row.offsetParent !== null).map((row) =>
    [...row.cells].slice(1).filter((cell) => !cell.hidden).map((cell) => cell.firstElementChild));
  const all = [...table.querySelectorAll("td > a")];
  const makeStop = () => {
    all.forEach((link) => { link.tabIndex = -1; });
    const grid = links().filter((row) => row.length);
    if (grid.length) grid[0][0].tabIndex = 0;
  };
  makeStop();
  table.addEventListener("keydown", (event) => {
    const link = event.target.closest("td > a");
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!link || !(step || event.key === "Home" || event.key === "End")) return;
    event.preventDefault();
    const grid = links();
    const y = grid.findIndex((row) => row.includes(link));
    const x = grid[y].indexOf(link);
    const row = grid[Math.min(Math.max(y + (step ? step[0] : 0), 0), grid.length - 1)];
    const to = event.key === "Home" ? 0 : event.key === "End" ? row.length - 1 : x + step[1];
    const next = row[Math.min(Math.max(to, 0), row.length - 1)];
    all.forEach((one) => { one.tabIndex = -1; });
    next.tabIndex = 0;
    next.focus();
  });

  // With some claims chosen, every cell says what it says with just these, and with what the instruments behind them may
  // specify; without any, what depends on claims.
  const plain = new Map();
  const cells = rows.flatMap((row) => [...row.cells].slice(1));
  cells.forEach((cell) => plain.set(cell, [cell.firstElementChild.firstChild.data, cell.className]));
  const choose = () => {
    const bare = claimed();
    const specified = new Set([...bare, ...checked().flatMap((box) => named(box.dataset.implies))]);
    const answer = (number) => {
      const why = document.getElementById(number);
      const cases = [...why.querySelectorAll("li[data-told]")];
      const [best, least] = [specified, bare].map((claims) => cases.find(matching(claims))?.dataset);
      if (!best || !least) return undefined;
      const differs = best.told !== least.told;
      const only = best.manner !== "never" && (differs || "specified" in why.dataset) ? ", if specified" : "";
      return [best.told + only + (differs && least.manner !== "never" ? `, else ${least.told}` : ""), best.manner];
    };
    const known = new Map();
    for (const cell of cells) {
      const number = cell.dataset.why;
      if (bare.size && !known.has(number)) known.set(number, answer(number));
      const [text, name] = known.get(number) ?? plain.get(cell);
      cell.firstElementChild.firstChild.data = text;
      cell.className = name;
    }
    if (!panel.hidden) show(shown);
  };
  boxes.forEach((box) => box.addEventListener("change", choose));

  // Groups fold; a search looks into folded ones too. It finds words by their beginnings: "ice" is in no "license".
  const buttons = [...table.querySelectorAll(".group button")];
  const parts = (text) => text.split(/[^\p{L}\p{N}]+/u);
  const matches = (text, wanted) => wanted.every((word) => text.startsWith(word) || parts(text).some((part) => part.startsWith(word)));
  const words = (input) => parts(input.value.toLowerCase()).filter(Boolean);
  const apply = () => {
    const wanted = words(elements);
    let count = 0;
    for (const button of buttons) {
      const isOpen = button.getAttribute("aria-expanded") === "true";
      let some = false;
      for (const row of [...button.closest("tbody").rows].slice(1)) {
        const fits = matches(row.dataset.search, wanted);
        row.hidden = !fits || !(isOpen || wanted.length);
        row.toggleAttribute("data-folded", fits && row.hidden);
        some ||= fits;
        count += fits;
      }
      button.closest("tr").hidden = !some;
    }
    const sought = words(agencies);
    let columns = 0;
    heads.forEach((head, place) => {
      const fits = matches(head.dataset.search, sought);
      columns += fits;
      if (head.hidden === !fits) return;
      head.hidden = !fits;
      rows.forEach((row) => { row.cells[place + 1].hidden = !fits; });
    });
    found.textContent = `${count} data elements, ${columns} columns`;
    makeStop();
  };
  elements.addEventListener("input", apply);
  agencies.addEventListener("input", apply);
  const fold = (button, open) => button.setAttribute("aria-expanded", String(open));
  buttons.forEach((button) => button.addEventListener("click", () => {
    fold(button, button.getAttribute("aria-expanded") !== "true");
    apply();
  }));
  document.getElementById("fold").addEventListener("click", () => { buttons.forEach((one) => fold(one, false)); apply(); });
  document.getElementById("unfold").addEventListener("click", () => { buttons.forEach((one) => fold(one, true)); apply(); });
  document.querySelector(".tools").hidden = false;
  apply();
})();
