// Starts the page. This is the only classic script: a browser loads no module from a file, so a page that was
// opened from a file takes its modules from the server that its form names.
"use strict";
(() => {
  function kept(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
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
          if (isSubmitted) form.requestSubmit();
        },
        onerror() {
          isLoading = false;
          missed(server);
        },
      });
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
