// Starts the page. This is the only classic script: a browser loads no module from a file, so a page that was
// opened from a file takes its modules from the server that its form names.
"use strict";
(() => {
  const typedKey = "slipway.demo.typed";

  function kept(key, storage = "localStorage") {
    try {
      return JSON.parse(globalThis[storage].getItem(key));
    } catch {
      return null;
    }
  }

  // The colours are set before the first paint; everything else is done by the modules.
  const theme = kept("slipway.demo.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;

  const main = new URL("main.js", document.currentScript.src).href;
  function load(address, listeners = {}) {
    document.head.append(Object.assign(document.createElement("script"), { type: "module", src: address, ...listeners }));
  }

  addEventListener("DOMContentLoaded", () => {
    if (location.protocol === "file:") loadFromServer();
    else load(main);
  });

  /** Asks the server that the form names, until one gives the modules. */
  function loadFromServer() {
    const $ = (id) => document.getElementById(id);
    const field = $("f-server");
    const form = $("deploy-form");
    const waiting = new AbortController();
    let attempt = new AbortController();
    let isSubmitted = false;
    let isLoading = false;

    $("server-field").hidden = false;
    field.value = kept("slipway.demo.form")?.server ?? "";
    for (const [id, value] of kept(typedKey, "sessionStorage") ?? []) $(id).value = value;
    sessionStorage.removeItem(typedKey);

    async function ask() {
      if (isLoading) return;
      attempt.abort();
      const { signal } = (attempt = new AbortController());
      const server = (field.value.trim() || field.placeholder).replace(/\/+$/, "");
      const address = `${server}/demo/main.js`;
      try {
        const answer = await fetch(address, { cache: "no-store", signal });
        if (!answer.ok) throw new Error();
      } catch {
        if (!signal.aborted) missed(server);
        return;
      }
      if (signal.aborted) return;
      isLoading = true;
      load(address, {
        onload() {
          waiting.abort();
          if (history.state?.times) history.replaceState(null, "");
          if (isSubmitted) form.requestSubmit();
        },
        onerror: () => setTimeout(startAgain, 500),
      });
    }

    // A module can be lost if the machine's network changes, and a document asks for each only once: the page is
    // loaded again, with what was typed, unless that is secret.
    function startAgain() {
      const times = history.state?.times ?? 0;
      if (times === 5) return;
      history.replaceState({ times: times + 1 }, "");
      const typed = [...form.elements].filter(({ type, name, value }) => value && /^(text|url)/.test(type) && name !== "build.args");
      sessionStorage.setItem(typedKey, JSON.stringify(typed.map(({ id, value }) => [id, value])));
      location.reload();
    }

    function missed(server) {
      if (!isSubmitted) return;
      isSubmitted = false;
      $("run-title").textContent = "Not deployed";
      $("run-sub").textContent = "Nothing was started.";
      $("notice-title").textContent = `${server} cannot be reached`;
      $("notice-text").textContent = "The server did not answer. Is it running, and does it allow this page (--allow-origin null)?";
      $("notice").hidden = false;
      $("notice").focus();
      $("notice").scrollIntoView({ block: "nearest" });
    }

    const { signal } = waiting;
    field.addEventListener("change", ask, { signal });
    addEventListener("focus", ask, { signal });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      isSubmitted = true;
      ask();
    }, { signal });
    ask();
  }
})();
