// Drives a browser over its DevTools protocol, as a person uses the review desk: follows links, fills forms and sends them by
// the keyboard. For .ci/look-at-desk and .ci/day-at-desk.

// Connects to a browser. `tab` opens a tab, in a context of its own if one is asked for: as of another person.
export const connect = async (devtools) => {
  const socket = new WebSocket(devtools);
  const waiting = new Map();
  const listeners = new Map();
  let count = 0;
  socket.onmessage = ({ data }) => {
    const { id, result, error, method, sessionId } = JSON.parse(data);
    if (id !== undefined) {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      error ? reject(new Error(error.message)) : resolve(result);
    } else {
      listeners.get(`${sessionId} ${method}`)?.();
    }
  };
  const call = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      waiting.set(++count, { resolve, reject });
      socket.send(JSON.stringify({ id: count, method, params, sessionId }));
    });
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("the browser doesn't answer"));
  });
  return {
    close: () => call("Browser.close").catch(() => {}),
    disconnect: () => socket.close(),
    tab: async (desk, { isOfAnother = false } = {}) => {
      const context = isOfAnother ? await call("Target.createBrowserContext") : {};
      const { targetId } = await call("Target.createTarget", { url: "about:blank", ...context });
      const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
      const own = tab(desk, (method, params) => call(method, params, sessionId), (method, listener) => listeners.set(`${sessionId} ${method}`, listener));
      await own.call("Page.enable");
      await own.call("Runtime.enable");
      // Keys go to a tab even while another is in front.
      await own.call("Emulation.setFocusEmulationEnabled", { enabled: true });
      return own;
    },
  };
};

// What a person can do in a tab. Expressions are JavaScript that the page evaluates.
const tab = (desk, call, listen) => {
  const loaded = () =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the page didn't load")), 20000);
      listen("Page.loadEventFired", () => (clearTimeout(late), resolve()));
    });
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression.slice(0, 80)}: ${exceptionDetails.exception?.description}`);
    return result.value;
  };
  const go = async (path) => {
    const load = loaded();
    await call("Page.navigate", { url: desk + path });
    await load;
  };
  // Presses Enter on the element that an expression finds, and waits for the page that it leads to.
  const enter = async (found) => {
    const load = loaded();
    await evaluate(`(${found}).focus()`);
    for (const type of ["keyDown", "keyUp"]) {
      await call("Input.dispatchKeyEvent", { type, key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: type === "keyDown" ? "\r" : undefined });
    }
    await load;
  };
  const press = (words) => enter(`[...document.querySelectorAll("button")].find((own) => own.textContent.includes(${JSON.stringify(words)}))`);
  const follow = (address) => enter(`[...document.querySelectorAll("a")].find((own) => own.getAttribute("href") === ${JSON.stringify(address)})`);
  const type = (id, text) =>
    evaluate(`{ const field = document.getElementById(${JSON.stringify(id)}); field.focus(); field.value = ${JSON.stringify(text)}; }`);
  const tick = (value) => evaluate(`document.querySelector('input[type="checkbox"][value="${value}"]').click()`);
  const signIn = async (name, password) => {
    await go("/sign-in");
    await type("name", name);
    await type("password", password);
    await press("Sign in");
  };
  return { call, evaluate, go, press, follow, type, tick, signIn };
};
