// The page for a single deployment. A classic script, because a page opened from a file cannot load
// modules. What needs no page comes first and is reachable as `Slipway`.
"use strict";
(() => {
  // ---------------------------------------------------------------- event stream

  /** Reads text/event-stream (WHATWG HTML, 9.2) from bytes split anywhere. */
  class EventStreamParser {
    #decoder = new TextDecoder("utf-8"); // drops one leading byte order mark
    #rest = "";
    #afterCR = false;
    #data = null;
    #type = "";
    #id = "";

    /** The reconnection time in milliseconds, once the stream has named one. */
    retry = null;

    /** Takes the next bytes; returns the events they complete, each `{id, type, data}`. */
    push(bytes) {
      const text = this.#decoder.decode(bytes, { stream: true });
      const events = [];
      if (text === "") return events;
      let start = this.#afterCR && text[0] === "\n" ? 1 : 0;
      const ends = /\r\n?|\n/g;
      ends.lastIndex = start;
      for (let end; (end = ends.exec(text)); ) {
        const event = this.#line(this.#rest + text.slice(start, end.index));
        if (event) events.push(event);
        this.#rest = "";
        start = ends.lastIndex;
      }
      this.#rest += text.slice(start);
      this.#afterCR = text.endsWith("\r");
      return events;
    }

    #line(line) {
      if (line === "") {
        const event = { id: this.#id, type: this.#type || "message", data: this.#data };
        this.#data = null;
        this.#type = "";
        return event.data === null ? null : event;
      }
      const colon = line.indexOf(":");
      if (colon === 0) return null;
      const name = colon < 0 ? line : line.slice(0, colon);
      let value = colon < 0 ? "" : line.slice(colon + 1);
      if (value.startsWith(" ")) value = value.slice(1);
      if (name === "data") this.#data = this.#data === null ? value : this.#data + "\n" + value;
      else if (name === "event") this.#type = value;
      else if (name === "id" && !value.includes("\0")) this.#id = value;
      else if (name === "retry" && /^[0-9]+$/.test(value)) this.retry = Number(value);
      return null;
    }
  }

  // ---------------------------------------------------------------- a deployment's state

  const pipeline = [
    ["validating", "Validating", "validate", "The engine answers; folder, names and ports make sense."],
    ["pulling_image", "Pulling image", "pull", "Progress by bytes and layers, or by the steps of a build."],
    ["preparing_files", "Preparing files", "prepare", "What will be copied is collected; ignored files stay out."],
    ["starting_container", "Starting container", "start", "Created, labelled, started; host ports read back."],
    ["copying_files", "Copying files", "copy", "The folder’s content goes into the container."],
    ["health_check", "Checking health", "health", "Every port is probed until it answers."],
  ];
  const titles = Object.fromEntries(pipeline.map(([name, title]) => [name, title]));
  const tags = Object.fromEntries(pipeline.map(([name, , tag]) => [name, tag]));
  Object.assign(titles, { queued: "Waiting in the queue", completed: "Completed", error: "Failed", cancelled: "Cancelled", superseded: "Superseded" });
  Object.assign(tags, { queued: "queue", completed: "done", error: "failed", cancelled: "cancel", superseded: "replaced" });
  const finals = new Set(["completed", "error", "cancelled", "superseded"]);

  /** What the events of one deployment add up to. Times are milliseconds since 1970. */
  class DeploymentState {
    id = null;
    lastEventId = 0;
    stage = null;
    message = "";
    /** The percentage reached; a failure leaves it where it was. */
    percent = 0;
    detail = null;
    startedAt = null;
    finishedAt = null;
    final = null;
    stages = pipeline.map(([name]) => ({ name, status: "pending", startedAt: null, finishedAt: null }));

    /** Puts the stages in the order of a `copy` setting. */
    order(copy) {
      const [fourth] = this.stages.slice(3, 4);
      if ((copy === "before_start") !== (fourth.name === "copying_files")) {
        this.stages.splice(3, 2, this.stages[4], fourth);
      }
    }

    /** Folds one event in; false for one that was already seen. */
    apply(event, eventId) {
      if (this.final || (eventId && eventId <= this.lastEventId)) return false;
      if (eventId) this.lastEventId = eventId;
      const at = Date.parse(event.timestamp) || Date.now();
      this.id = event.deployment_id;
      this.startedAt ??= at;
      this.message = event.message;
      this.detail = event.detail ?? null;
      this.stage = event.stage;
      if (finals.has(event.stage)) this.#finish(event, at);
      else {
        this.percent = Math.max(this.percent, Math.min(100, event.progress));
        this.#enter(event.stage, at);
      }
      return true;
    }

    #enter(name, at) {
      let index = this.stages.findIndex((stage) => stage.name === name);
      if (index < 0 || this.stages[index].status !== "pending") return;
      if (index === 4 && this.stages[3].status === "pending") {
        this.order(name === "copying_files" ? "before_start" : "after_start");
        index = 3;
      }
      this.stages.slice(0, index).forEach((stage) => this.#leave(stage, at, "success", "skipped"));
      Object.assign(this.stages[index], { status: "running", startedAt: at });
    }

    #leave(stage, at, running, pending) {
      if (stage.status === "running") Object.assign(stage, { status: running, finishedAt: at });
      else if (stage.status === "pending") stage.status = pending;
    }

    #finish(event, at) {
      this.final = event;
      this.finishedAt = at;
      const done = event.stage === "completed";
      if (done) this.percent = 100;
      const durations = event.result?.metadata?.durations_ms ?? {};
      const broke = this.stages.findIndex((stage) => stage.name === event.failure?.stage);
      this.stages.forEach((stage, index) => {
        const stopped = event.stage === "error" ? "failed" : "cancelled";
        const here = !done && (broke < 0 ? stage.status === "running" : index === broke);
        if (here) Object.assign(stage, { status: stopped, finishedAt: at });
        else this.#leave(stage, at, "success", stage.name in durations ? "success" : "skipped");
        const spent = durations[stage.name];
        if (typeof spent === "number") stage.milliseconds = spent;
      });
    }

    /** How it ended: `success`, `failed`, `cancelled`; null while it has not. */
    get outcome() {
      if (!this.final) return null;
      if (this.final.stage === "completed") return "success";
      return this.final.stage === "error" ? "failed" : "cancelled";
    }
  }

  // ---------------------------------------------------------------- numbers as text

  function bytesText(done, total) {
    const of = total ?? done;
    const [size, unit] = of >= 1e9 ? [1e9, "GB"] : of >= 1e6 ? [1e6, "MB"] : of >= 1e3 ? [1e3, "kB"] : [1, "B"];
    const digits = size === 1 ? 0 : 1;
    const number = (value) => (value / size).toFixed(digits);
    return total == null ? `${number(done)} ${unit}` : `${number(done)} of ${number(total)} ${unit}`;
  }

  function durationText(milliseconds, { whole = false } = {}) {
    const ms = Math.max(0, milliseconds);
    if (!whole && ms < 1000) return `${Math.round(ms)} ms`;
    if (!whole && ms < 59950) return `${(ms / 1000).toFixed(1)} s`;
    const seconds = whole ? Math.floor(ms / 1000) : Math.round(ms / 1000);
    if (seconds < 60) return `${seconds} s`;
    const two = (value) => String(value).padStart(2, "0");
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
    return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
  }

  /** Milliseconds to wait before attempt `failures`: `retry` doubled each time, at most 30 s, ±20 %. */
  function backoff(failures, retry, random = Math.random) {
    return Math.min(30000, retry * 2 ** Math.min(20, failures - 1)) * (0.8 + 0.4 * random());
  }

  /** A shell command that submits `request`; single quotes hold any text in a POSIX shell. */
  function curlCommand(url, request, withToken) {
    const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
    return [
      `curl -N -X POST ${quote(url)}`,
      "-H 'Content-Type: application/json'",
      ...(withToken ? ['-H "Authorization: Bearer $SLIPWAY_TOKEN"'] : []),
      `-d ${quote(JSON.stringify(request, null, 2))}`,
    ].join(" \\\n  ");
  }

  /** A link target only where the text is an http or https address. */
  function webAddress(text) {
    try {
      const url = new URL(text);
      return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
    } catch {
      return null;
    }
  }

  // ---------------------------------------------------------------- following a deployment

  /** An answer that is not the one asked for (RFC 9457 where the server says so). */
  class Problem extends Error {
    constructor(status, title, document = {}, retryAfter = null) {
      super(document.detail || title);
      Object.assign(this, { status, title, document, retryAfter });
    }

    static async from(response) {
      const text = await response.text().catch(() => "");
      let document = {};
      try {
        document = JSON.parse(text) ?? {};
      } catch {
        document = { detail: text.slice(0, 500) };
      }
      const after = Number(response.headers.get("Retry-After")) * 1000 || null;
      return new Problem(response.status, document.title || `The server answered ${response.status}`, document, after);
    }

    /** Whether the same request may succeed later. */
    get passes() {
      return this.status === 429 || this.status >= 500;
    }
  }

  const silenceLimit = 40000; // a stream says something every 15 s
  const firstWordLimit = 10000; // where the first event must already exist
  const failuresBeforePolling = 5;
  const pollingPeriod = 30000;

  /** Nothing came for longer than it can take; whether the request arrived is not known. */
  class Silence extends Error {}

  /**
   * Brings one deployment's events, from a submission or from an id, over streams that may break.
   * `hooks`: `event(event, id)`, `connection({state, until})`, `clock(serverNow)`, `signIn()`.
   */
  class Follower {
    #hooks;
    #api;
    #submission;
    #stopped = false;
    #controller = new AbortController();
    #wake = () => {};
    #retry = 1000;
    #heard = false;
    #finished = false;

    constructor(api, { id = null, submission = null }, hooks) {
      this.#api = api;
      this.id = id;
      this.lastEventId = 0;
      this.#submission = submission;
      this.#hooks = hooks;
    }

    stop() {
      this.#stopped = true;
      this.#controller.abort();
      this.#wake();
    }

    retryNow() {
      this.#wake();
    }

    /** Returns at the final event, or once stopped; throws what trying again cannot mend. */
    async run() {
      let failures = 0;
      let accepted = this.id !== null;
      let triedAgain = false;
      while (!this.#done) {
        this.#heard = false;
        let pause = null;
        this.#hooks.connection({ state: "connecting" });
        try {
          if (failures >= 2 && this.id === null) await this.#submitWithoutStream();
          else await this.#stream(() => (accepted = true));
        } catch (error) {
          if (this.#done) break;
          if (error.status === 401) {
            await this.#hooks.signIn();
            continue;
          }
          accepted ||= error instanceof Silence;
          if (!accepted && error instanceof TypeError && !triedAgain) {
            // A browser drops its requests where a network interface comes or goes, as one does with every container.
            triedAgain = true;
            await this.#pause(300);
            continue;
          }
          if (!accepted || (error instanceof Problem && !error.passes)) throw error;
          pause = error.retryAfter;
        }
        if (this.#done) break;
        failures = this.#heard ? 1 : failures + 1;
        if (failures >= failuresBeforePolling && this.id !== null) {
          await this.#poll();
          failures = failuresBeforePolling - 1;
        } else {
          await this.#pause(pause ?? backoff(failures, this.#retry));
        }
      }
      if (this.#finished) this.#hooks.connection({ state: "ended" });
    }

    get #done() {
      return this.#finished || this.#stopped;
    }

    async #pause(milliseconds) {
      this.#hooks.connection({ state: "waiting", until: Date.now() + milliseconds });
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => (clearTimeout(timer), resolve());
      });
      this.#wake = () => {};
    }

    #take(event, id) {
      this.id = event.deployment_id;
      if (id) this.lastEventId = Math.max(this.lastEventId, id);
      if (event.result) this.#finished = true;
      this.#hooks.event(event, id);
    }

    /** A fetch that ends when stopped or after `limit` ms without a call of the function it is given. */
    async #fetch(path, options, limit, read) {
      const controller = (this.#controller = new AbortController());
      let timer;
      const alive = (next) => {
        clearTimeout(timer);
        timer = setTimeout(() => controller.abort(new Silence()), next);
      };
      alive(limit);
      try {
        const response = await this.#api(path, { ...options, signal: controller.signal });
        const date = Date.parse(response.headers.get("Date"));
        if (date) this.#hooks.clock(date);
        if (!response.ok && response.status !== 304) throw await Problem.from(response);
        return await read(response, alive);
      } finally {
        clearTimeout(timer);
        controller.abort();
      }
    }

    #post(accept) {
      return {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: accept, "Idempotency-Key": this.#submission.key },
        body: this.#submission.body,
      };
    }

    async #stream(accepted) {
      const parser = new EventStreamParser();
      const fresh = this.id === null;
      const headers = { Accept: "text/event-stream" };
      if (this.lastEventId) headers["Last-Event-ID"] = String(this.lastEventId);
      const path = fresh ? "/api/deploy/docker-registry/stream" : `/api/deployments/${encodeURIComponent(this.id)}/stream`;
      const options = fresh ? this.#post("text/event-stream") : { headers };
      const limit = this.lastEventId ? silenceLimit : firstWordLimit;
      await this.#fetch(path, options, limit, async (response, alive) => {
        if (!/^text\/event-stream/i.test(response.headers.get("Content-Type") ?? "")) {
          throw new Problem(response.status, "This address does not answer with a stream", { detail: "Is it a Slipway server?" });
        }
        accepted();
        const reader = response.body.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done || this.#stopped) return;
          if (!this.#heard) this.#hooks.connection({ state: "connected" });
          this.#heard = true;
          alive(silenceLimit);
          for (const { id, data } of parser.push(value)) {
            let event;
            try {
              event = JSON.parse(data);
            } catch {
              continue;
            }
            if (event && event.deployment_id) this.#take(event, Number(id) || 0);
          }
          if (parser.retry !== null) this.#retry = Math.max(100, parser.retry);
          if (this.#finished) return;
        }
      });
    }

    /** Learns the id of what was submitted, for a way to the server on which streams never arrive. */
    async #submitWithoutStream() {
      await this.#fetch("/api/deployments", this.#post("application/json"), silenceLimit, async (response) => {
        this.id = (await response.json()).id ?? null;
      });
    }

    /** Asks for the newest state instead of streaming, for a while. */
    async #poll() {
      const end = Date.now() + pollingPeriod;
      const id = encodeURIComponent(this.id);
      let failures = 0;
      while (!this.#done && Date.now() < end) {
        try {
          const path = `/api/deploy/progress/${id}?after=${this.lastEventId}&wait=15`;
          const newest = await this.#fetch(path, {}, silenceLimit, (response) => (response.status === 304 ? null : response.json()));
          this.#hooks.connection({ state: "polling" });
          failures = 0;
          if (!newest) continue;
          await this.#fillIn(id).catch(() => {});
          if (newest.event_id > this.lastEventId) this.#take(newest, newest.event_id);
        } catch (error) {
          if (this.#stopped) return;
          if (error.status === 401) await this.#hooks.signIn();
          else if (error instanceof Problem && !error.passes) throw error;
          else await this.#pause(error.retryAfter ?? Math.min(10000, backoff(++failures, this.#retry)));
        }
      }
    }

    /** Brings the events between the last one seen and the newest, so that the log has no gap. */
    async #fillIn(id) {
      for (;;) {
        const path = `/api/deployments/${id}/events?after=${this.lastEventId}&limit=500`;
        const { events } = await this.#fetch(path, {}, silenceLimit, (response) => response.json());
        for (const event of events) if (event.event_id > this.lastEventId) this.#take(event, event.event_id);
        if (events.length === 0 || this.#done) return;
      }
    }
  }

  globalThis.Slipway = { EventStreamParser, DeploymentState, Follower, Problem, backoff, bytesText, curlCommand, durationText, webAddress };

  // ---------------------------------------------------------------- the page

  const keep = {
    read(storage, key) {
      try {
        return JSON.parse(globalThis[storage].getItem(key));
      } catch {
        return null;
      }
    },
    write(storage, key, value) {
      try {
        if (value === null) globalThis[storage].removeItem(key);
        else globalThis[storage].setItem(key, JSON.stringify(value));
      } catch {
        // Storage can be switched off; the page then only forgets.
      }
    },
  };

  const themes = ["system", "light", "dark"];
  let theme = keep.read("localStorage", "slipway.demo.theme");
  if (!themes.includes(theme)) theme = "system";
  const setTheme = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  setTheme(); // before the first paint

  document.addEventListener("DOMContentLoaded", () => {
    if (document.getElementById("deploy-form")) startPage();
  });

  function startPage() {
    const $ = (id) => document.getElementById(id);
    const fromFile = location.protocol === "file:";
    const form = $("deploy-form");
    let token = null;
    let skew = 0;

    /** An element with text only ever as text. */
    function make(name, properties = {}, ...children) {
      const element = document.createElement(name);
      for (const [key, value] of Object.entries(properties)) {
        if (value === null || value === undefined) continue;
        if (key === "class") element.className = value;
        else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
        else if (key in element && key !== "list") element[key] = value;
        else element.setAttribute(key, value);
      }
      element.append(...children.filter((child) => child !== null && child !== undefined));
      return element;
    }

    function server() {
      if (!fromFile) return new URL(location.pathname.endsWith("/") ? ".." : ".", location.href).href.replace(/\/$/, "");
      return ($("f-server").value.trim() || $("f-server").placeholder).replace(/\/+$/, "");
    }

    function api(path, options = {}) {
      const headers = { ...options.headers };
      if (token) headers.Authorization = `Bearer ${token}`;
      return fetch(server() + path, { cache: "no-store", credentials: "same-origin", ...options, headers });
    }

    async function copyText(text) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        // Clipboard access is refused outside secure contexts; a selection still can be copied.
        const area = make("textarea", { value: text, class: "hidden-visually", tabIndex: -1 });
        const focused = document.activeElement;
        document.body.append(area);
        area.select();
        const copied = document.execCommand("copy");
        area.remove();
        focused?.focus();
        return copied;
      }
    }

    // ------------------------------------------------------------ theme and server line

    function showTheme() {
      setTheme();
      $("theme").textContent = `Theme: ${theme}`;
    }
    $("theme").addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      keep.write("localStorage", "slipway.demo.theme", theme);
      showTheme();
    });
    showTheme();
    const showServer = () => ($("server-line").textContent = server().replace(/^https?:\/\//, ""));

    // ------------------------------------------------------------ the form

    let rowCount = 0;

    function addRow(kind, values, specification) {
      const number = ++rowCount;
      const row = make("div", { class: `row ${kind}-row`, role: "group" });
      row.fields = {};
      for (const [key, label, properties] of specification) {
        const input = make("input", { id: `${kind}-${number}-${key}`, spellcheck: false, autocomplete: "off", ...properties });
        input.setAttribute("autocapitalize", "none");
        if (values[key]) input.value = values[key];
        row.fields[key] = input;
        row.append(make("div", {}, make("label", { htmlFor: input.id, textContent: label }), input));
      }
      const rows = $(`${kind}-rows`);
      const remove = make("button", { type: "button", class: "icon", textContent: "×", onclick() {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        (next?.querySelector("input") ?? $(`add-${kind}`)).focus();
        formChanged();
      } });
      const name = () => remove.setAttribute("aria-label", `Remove ${row.fields.name.value || (kind === "port" ? "this port" : "this variable")}`);
      row.fields.name.addEventListener("input", name);
      name();
      row.setAttribute("aria-label", kind === "port" ? "Port" : "Environment variable");
      row.append(remove);
      rows.append(row);
      return row;
    }

    const addPort = (values = {}) => addRow("port", values, [
      ["name", "Name", { placeholder: "frontend" }],
      ["container", "Container", { inputMode: "numeric", placeholder: "3000" }],
      ["host", "Host", { inputMode: "numeric", placeholder: "free" }],
      ["path", "Path", { placeholder: "/" }],
    ]);

    function addEnv(values = {}) {
      const row = addRow("env", values, [
        ["name", "Name", {}],
        ["value", "Value", { type: "password", autocomplete: "new-password" }],
      ]);
      const value = row.fields.value;
      const reveal = make("button", { type: "button", class: "reveal", textContent: "Show", onclick() {
        const hidden = value.type === "password";
        value.type = hidden ? "text" : "password";
        reveal.textContent = hidden ? "Hide" : "Show";
        reveal.setAttribute("aria-pressed", String(hidden));
      } });
      reveal.setAttribute("aria-pressed", "false");
      reveal.setAttribute("aria-label", "Show value");
      row.lastElementChild.before(reveal);
      return row;
    }

    const portRows = () => [...$("port-rows").children];
    const envRows = () => [...$("env-rows").children];
    const portsChosen = () => $("ports-chosen").checked;

    function showPorts() {
      $("port-rows").hidden = $("add-port").hidden = !portsChosen();
      $("ports-hint").textContent = !portsChosen()
        ? "frontend 3000, backend 8000, ai_server 8001 and mcp_manager 5859, unless the server was started with others."
        : portRows().length === 0
          ? "No port: nothing is published and nothing is probed."
          : "A free host port is taken where none is given. A path is what health checks ask for.";
    }

    /** A number where the text is one; anything else goes as it is, for the server to judge. */
    const numeric = (text) => (/^[0-9]{1,9}$/.test(text) ? Number(text) : text);
    const text = (input) => input.value.trim();

    /** The request as the form has it, and what keeps it from being written as JSON at all. */
    function gather({ secrets = true } = {}) {
      const request = {};
      const faults = [];
      const secret = (value) => (secrets || value === "" ? value : "…");
      for (const name of ["script_name", "container_name", ...(isBuilt() ? [] : ["registry_image"]), "platform"]) {
        if (text(form.elements[name])) request[name] = text(form.elements[name]);
      }
      if (!request.script_name) faults.push({ field: "script_name", message: "is required" });
      if (usesFiles()) gatherFiles(request, faults, secret);
      if (isBuilt()) gatherBuild(request, faults, secret);
      if (portsChosen()) {
        request.ports = {};
        portRows().forEach(({ fields }) => {
          const name = text(fields.name);
          const [container, host, path] = [fields.container, fields.host, fields.path].map(text);
          if (!name && !container && !host && !path) return;
          if (!name) faults.push({ control: fields.name, field: "ports", message: "a port needs a name" });
          else if (Object.hasOwn(request.ports, name)) faults.push({ control: fields.name, field: `ports.${name}`, message: "is there twice" });
          const [number, protocol] = container.split("/");
          const port = { container: number ? numeric(number) : null };
          if (protocol !== undefined) port.protocol = protocol;
          if (host) port.host = numeric(host);
          if (path) port.path = path;
          if (!container) faults.push({ control: fields.container, field: `ports.${name}.container`, message: "is required" });
          request.ports[name] = host || path || protocol !== undefined ? port : port.container;
        });
      }
      const env = {};
      envRows().forEach(({ fields }) => {
        const name = text(fields.name);
        if (!name && !fields.value.value) return;
        if (!name) faults.push({ control: fields.name, field: "env_vars", message: "a value needs a name" });
        else if (Object.hasOwn(env, name)) faults.push({ control: fields.name, field: `env_vars.${name}`, message: "is there twice" });
        env[name] = secret(fields.value.value);
      });
      if (Object.keys(env).length) request.env_vars = env;
      for (const name of ["environment", "container_path", "pull", "on_conflict", "copy", "restart", "memory", "cpus", "network"]) {
        if (text(form.elements[name])) request[name] = text(form.elements[name]);
      }
      const health = {};
      const timeout = text($("f-health-timeout"));
      if (timeout) health.timeout_seconds = numeric(timeout);
      const require = $("f-health-require").value;
      if (require === "named") health.require = text($("f-health-names")).split(/[\s,]+/).filter(Boolean);
      else if (require) health.require = require;
      if (Object.keys(health).length) request.health = health;
      const lines = (id) => $(id).value.split("\n").filter((line) => line.trim());
      if (lines("f-command").length) request.command = lines("f-command");
      for (const line of lines("f-labels")) {
        const [name, ...rest] = line.trim().split("=");
        (request.labels ??= {})[name] = rest.join("=");
      }
      const [username, password] = [text($("f-auth-user")), $("f-auth-pass").value];
      if (!isBuilt() && (username || password)) request.registry_auth = { username, password: secret(password) };
      for (const setting of settings) {
        const control = form.elements[setting.name];
        const value = setting.kind === "flag" ? control.checked : control.value.trim();
        if (!value) continue;
        const [read, fault] = readSetting(setting, value, secret);
        if (fault) faults.push({ control, field: setting.name, message: fault });
        else place(request, setting.name.split("."), read);
      }
      return { request, faults };
    }

    // ------------------------------------------------------------ where the files come from

    const filesMode = () => form.elements["files-mode"].value;
    const isBuilt = () => form.elements["image-mode"].value === "build";
    const usesFiles = () => isBuilt() || form.elements.copy.value !== "none";
    let archive = null; // what was sent: its name, id, bytes and files
    let sending = null;

    function gatherFiles(request, faults, secret) {
      if (filesMode() === "folder") {
        request.script_folder = text($("f-script_folder"));
        if (!request.script_folder) faults.push({ field: "script_folder", message: "is required" });
      } else if (filesMode() === "git") {
        request.source = { git: text($("f-git")) };
        if (!request.source.git) faults.push({ field: "source.git", message: "is required" });
        if (text($("f-ref"))) request.source.ref = text($("f-ref"));
        if (text($("f-subfolder"))) request.source.subfolder = text($("f-subfolder"));
        if ($("f-submodules").checked) request.source.submodules = true;
        const [username, password] = [text($("f-git-user")), $("f-git-pass").value];
        if (username || password) request.source_auth = { username, password: secret(password) };
      } else {
        request.source = { archive: archive?.id ?? "" };
        if (!archive) faults.push({ field: "source.archive", message: sending ? "is still being sent" : "is required" });
      }
    }

    /** How the image is built, where it is. */
    function gatherBuild(request, faults, secret) {
      const build = (request.build = {});
      for (const name of ["dockerfile", "target"]) {
        if (text(form.elements[`build.${name}`])) build[name] = text(form.elements[`build.${name}`]);
      }
      const control = form.elements["build.args"];
      const [args, fault] = readSetting({ kind: "secrets" }, control.value.trim(), secret);
      if (fault) faults.push({ control, field: "build.args", message: fault });
      else if (Object.keys(args).length) build.args = args;
    }

    function showFiles() {
      for (const part of form.querySelectorAll("[data-files]")) part.hidden = part.dataset.files !== filesMode();
      $("files-field").textContent = filesMode() === "folder" ? "script_folder" : "source";
      $("files").hidden = !usesFiles();
      for (const part of form.querySelectorAll("[data-image]")) part.hidden = part.dataset.image !== form.elements["image-mode"].value;
      $("image-field").textContent = isBuilt() ? "build" : "registry_image";
      const [usual, afterStart] = $("f-copy").options;
      usual.textContent = isBuilt() ? "Not at all: the image has them" : "After the start";
      afterStart.hidden = !isBuilt() && !afterStart.selected;
      $("registry-auth").hidden = isBuilt();
    }

    /** Sends an archive, and tells how far it has come. What the server has of it is not asked for: it is known by its hash. */
    function sendArchive(file) {
      sending?.abort();
      archive = null;
      clearFault($("f-archive"));
      const request = new XMLHttpRequest();
      sending = request;
      const note = (words) => ($("archive-note").textContent = words);
      const bar = $("archive-progress");
      bar.hidden = false;
      bar.value = 0;
      note(`Sending ${file.name}…`);
      const end = (words, faulty) => {
        if (sending !== request) return;
        sending = null;
        bar.hidden = true;
        note(words);
        if (faulty) showFaults("The archive was not taken", [{ field: "source.archive", message: words }]);
        formChanged();
      };
      request.upload.onprogress = ({ loaded, total }) => {
        bar.value = total ? loaded / total : 0;
        note(loaded < total ? `Sending ${file.name}: ${bytesText(loaded, total)}` : `Looking through ${file.name}…`);
      };
      request.onload = () => {
        let answer = {};
        try {
          answer = JSON.parse(request.responseText);
        } catch { /* A proxy's own page. */ }
        if (request.status === 201 && sending === request) {
          archive = { ...answer, name: file.name };
          clearFaults();
          end(`${file.name}: ${answer.files} ${answer.files === 1 ? "file" : "files"}, ${bytesText(answer.bytes)}`);
        } else end(answer.detail ?? `The server answered ${request.status}.`, true);
      };
      request.onerror = () => end("The server did not answer, or would not take it.", true);
      request.open("POST", `${server()}/api/archives`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
      request.send(file);
    }

    $("f-archive").addEventListener("change", () => {
      const [file] = $("f-archive").files;
      if (file) sendArchive(file);
      $("f-archive").value = ""; // the same file may be chosen again, with another content
    });
    for (const [type, isOver] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
      $("drop").addEventListener(type, (event) => {
        event.preventDefault();
        $("drop").classList.toggle("over", isOver);
        const [file] = (type === "drop" && event.dataTransfer?.files) || [];
        if (file) sendArchive(file);
      });
    }

    // ------------------------------------------------------------ the container's settings

    /** Every further field by its group: its name, what it is, how it is written, and an example. */
    const settingGroups = {
      "Volumes and secrets": [
        ["volumes", "Volumes", "mounts", "data:/var/lib/app"],
        ["secrets", "Secrets, as files in /run/secrets", "secrets", "db_password=…"],
        ["owner", "Owner of the copied files", "text", "user, if that is a number"],
        ["tmpfs", "File systems in memory", "list", "/run"],
        ["read_only", "Root file system cannot be written", "flag"],
      ],
      "Release and takeover": [
        ["release_command", "Release command, a word a line", "list", "none"],
        ["release_timeout", "It may take, s", "number", "300"],
        ["update.order", "Which container runs first", "choice", { "": "Automatic", "start-first": "The new one", "stop-first": "The old one is stopped first" }],
        ["update.monitor", "Watch the new one for, s", "number", "0"],
      ],
      "Program": [
        ["entrypoint", "Entrypoint, a word a line", "list", "the image’s own"],
        ["user", "User", "text", "the image’s own"],
        ["working_dir", "Working folder", "text", "the image’s own"],
        ["stop_signal", "Stop signal", "text", "the image’s own"],
        ["stop_grace_period", "Time to stop, s", "number", "10"],
        ["healthcheck", "Check of the engine, as JSON", "json", '{"test": ["CMD", "/app/check"], "interval": 5}'],
        ["init", "A small program runs first and passes signals on", "flag"],
      ],
      "Network": [
        ["networks", "Further networks", "list", "front"],
        ["hostname", "Host name", "text", "the container’s id"],
        ["extra_hosts", "Hosts", "list", "db=192.0.2.7"],
        ["dns", "Name servers", "list", "the engine’s own"],
      ],
      "Limits and log": [
        ["pids_limit", "Processes at most", "number", "no limit"],
        ["shm_size", "Shared memory", "text", "64m"],
        ["ulimits", "Limits of resources, as JSON", "json", '{"nofile": 65536}'],
        ["cap_drop", "Capabilities taken away", "list", "NET_RAW"],
        ["logging", "Log, as JSON", "json", '{"driver": "local", "options": {"max-size": "10m"}}'],
      ],
      "Privileges, for admins where the server allows them": [
        ["cap_add", "Capabilities added", "list", "NET_ADMIN"],
        ["security_opt", "Security options", "list", "no-new-privileges"],
        ["devices", "Devices", "list", "/dev/ttyUSB0"],
        ["gpus", "Graphics processors", "text", "all"],
        ["pid", "Processes of", "text", "the container’s own"],
        ["ipc", "Shared memory of", "text", "the container’s own"],
        ["privileged", "Everything is allowed", "flag"],
      ],
    };
    const settings = Object.values(settingGroups).flat().map(([name, label, kind, example]) => ({ name, label, kind, example }));
    const areas = ["list", "mounts", "secrets", "json"];

    function settingField({ name, label, kind, example }) {
      const id = `f-${name}`;
      const words = make("label", { htmlFor: id }, `${label} `, make("code", { textContent: name }));
      const common = { id, name, spellcheck: false, autocapitalize: "none" };
      if (kind === "flag") return make("div", { class: "field wide check" }, make("input", { id, name, type: "checkbox" }), words);
      if (kind === "choice") return make("div", { class: "field" }, words, make("select", { id, name }, ...Object.entries(example).map(([value, textContent]) => make("option", { value, textContent }))));
      const control = make(areas.includes(kind) ? "textarea" : "input", { ...common, placeholder: example ?? "", ...(areas.includes(kind) ? { rows: 2 } : {}), ...(kind === "secrets" ? { autocomplete: "off" } : {}) });
      const hint = { mounts: "One a line: volume:/path, or volume:/path:ro to be read only.", secrets: "One name=value a line. Kept neither here nor in the history." }[kind];
      return make("div", { class: areas.includes(kind) ? "field wide" : "field" }, words, control, ...(hint ? [make("p", { class: "hint", textContent: hint })] : []));
    }

    $("settings").replaceChildren(...Object.entries(settingGroups).map(([title, fields]) => {
      const chosen = fields.map(([name]) => settings.find((setting) => setting.name === name));
      return make("details", {}, make("summary", { textContent: title }), make("div", { class: "inside pair" }, ...chosen.map(settingField)));
    }));

    /** What a setting's control says, as the request has it, or what is wrong with how it is written. */
    function readSetting({ kind }, value, secret) {
      const lines = kind === "flag" ? [] : value.split("\n").map((line) => line.trim()).filter(Boolean);
      switch (kind) {
        case "flag": return [true];
        case "number": return [numeric(value)];
        case "list": return [lines];
        case "json":
          try {
            return [JSON.parse(value)];
          } catch (error) {
            return [null, `is not JSON: ${error.message}`];
          }
        case "secrets": {
          const odd = lines.find((line) => line.indexOf("=") < 1);
          if (odd) return [null, "each line has the form name=value"];
          return [Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), secret(line.slice(line.indexOf("=") + 1))]))];
        }
        case "mounts": {
          const mounts = lines.map((line) => /^([^:]+):([^:]+)(?::(ro|rw))?$/.exec(line));
          if (mounts.includes(null)) return [null, "each line has the form volume:/path or volume:/path:ro"];
          return [mounts.map(([, source, target, mode]) => ({ source, target, ...(mode === "ro" ? { read_only: true } : {}) }))];
        }
        default: return [value];
      }
    }

    function place(object, [name, ...rest], value) {
      if (rest.length) place((object[name] ??= {}), rest, value);
      else object[name] = value;
    }

    const keptSettings = settings.filter(({ kind }) => kind !== "secrets");
    const kept = ["script_name", "script_folder", "files-mode", "source.git", "source.ref", "source.subfolder", "image-mode", "build.dockerfile", "build.target", "container_name", "registry_image", "platform", "environment", "container_path", "pull", "on_conflict", "copy", "restart", "health.timeout_seconds", "health.require", "memory", "cpus", "network", "command", "labels"];

    /** Keeps what may be kept: no environment value and no credential. */
    function keepForm() {
      keep.write("localStorage", "slipway.demo.form", {
        values: Object.fromEntries(kept.map((name) => [name, form.elements[name].value])),
        settings: Object.fromEntries(keptSettings.map(({ name, kind }) => [name, kind === "flag" ? form.elements[name].checked : form.elements[name].value])),
        submodules: $("f-submodules").checked,
        server: $("f-server").value,
        healthNames: $("f-health-names").value,
        portsChosen: portsChosen(),
        ports: portRows().map(({ fields }) => Object.fromEntries(Object.entries(fields).map(([key, input]) => [key, input.value]))),
        env: envRows().map(({ fields }) => fields.name.value),
        advanced: $("advanced").open,
      });
    }

    function restoreForm() {
      const saved = keep.read("localStorage", "slipway.demo.form");
      if (!saved) return;
      for (const name of kept) if (typeof saved.values?.[name] === "string") form.elements[name].value = saved.values[name];
      for (const { name, kind } of keptSettings) {
        const value = saved.settings?.[name];
        if (kind === "flag") form.elements[name].checked = value === true;
        else if (typeof value === "string") form.elements[name].value = value;
      }
      $("f-submodules").checked = saved.submodules === true;
      $("f-server").value = saved.server ?? "";
      $("f-health-names").value = saved.healthNames ?? "";
      $("ports-chosen").checked = saved.portsChosen === true;
      $("ports-default").checked = !portsChosen();
      (saved.ports ?? []).forEach(addPort);
      (saved.env ?? []).forEach((name) => addEnv({ name }));
      $("advanced").open = saved.advanced === true;
    }

    function formChanged() {
      const name = text(form.elements.script_name);
      $("f-container_name").placeholder = `fractalic-${name || "…"}`;
      $("f-container_path").placeholder = `/payload/${name || "…"}`;
      $("health-names-field").hidden = $("f-health-require").value !== "named";
      $("curl-secrets-field").hidden = !envRows().some(({ fields }) => fields.value.value) && !$("f-auth-pass").value && !$("f-git-pass").value && !form.elements.secrets.value && !(isBuilt() && $("f-args").value);
      showFiles();
      showPorts();
      showServer();
      keepForm();
    }

    form.addEventListener("input", (event) => {
      clearFault(event.target);
      formChanged();
    });
    form.addEventListener("change", formChanged);
    $("advanced").addEventListener("toggle", keepForm);
    $("ports-chosen").addEventListener("change", () => {
      if (portRows().length === 0) addPort({ name: "frontend", container: "3000" });
    });
    const addAndFocus = (add) => () => {
      add().fields.name.focus();
      formChanged();
    };
    $("add-port").addEventListener("click", addAndFocus(addPort));
    $("add-env").addEventListener("click", addAndFocus(addEnv));
    $("copy-curl").addEventListener("click", async () => {
      const secrets = $("curl-secrets").checked && !$("curl-secrets-field").hidden;
      const { request } = gather({ secrets });
      const copied = await copyText(curlCommand(`${server()}/api/deploy/docker-registry/stream`, request, Boolean(token)));
      const without = !secrets && !$("curl-secrets-field").hidden;
      $("curl-note").textContent = !copied ? "The browser refused to copy." : without ? "Copied; secret values stand as “…”." : "Copied.";
    });

    // ------------------------------------------------------------ faults at their fields

    function clearFault(control) {
      if (!control.faultId) return;
      $(control.faultId)?.remove();
      control.removeAttribute("aria-invalid");
      const rest = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== control.faultId);
      if (rest.join("")) control.setAttribute("aria-describedby", rest.join(" "));
      else control.removeAttribute("aria-describedby");
      control.faultId = null;
    }

    function clearFaults() {
      for (const control of document.querySelectorAll("[aria-invalid]")) clearFault(control);
      $("error-summary").hidden = true;
    }

    /** The control a path such as `ports.frontend.container` speaks of, or the nearest above it. */
    function controlFor(path) {
      const table = new Map();
      for (const control of form.querySelectorAll("[name], [data-path]")) {
        const key = control.dataset.path ?? control.name;
        if (key && !table.has(key)) table.set(key, control);
      }
      table.set("health", $("f-health-timeout"));
      table.set("registry_auth", $("f-auth-user"));
      table.set("source_auth", $("f-git-user"));
      if ($("f-health-require").value !== "named") table.set("health.require", $("f-health-require"));
      else table.set("health.require", $("f-health-names"));
      for (const { fields } of portRows()) {
        const key = `ports.${text(fields.name)}`;
        table.set(key, fields.name).set(`${key}.bind`, fields.host);
        for (const part of ["container", "host", "path"]) table.set(`${key}.${part}`, fields[part]);
        table.set(`health.paths.${text(fields.name)}`, fields.path);
      }
      for (const { fields } of envRows()) table.set(`env_vars.${text(fields.name)}`, fields.value);
      for (let key = path; key; key = key.slice(0, Math.max(0, key.lastIndexOf("."), key.lastIndexOf("[")))) {
        if (table.has(key)) return table.get(key);
      }
      return null;
    }

    function showFaults(title, faults) {
      clearFaults();
      $("error-summary-title").textContent = title;
      $("error-list").replaceChildren();
      faults.forEach(({ field, message, control = controlFor(String(field ?? "")) }, index) => {
        const label = field ? `${field}: ${message}` : message;
        if (!control) {
          $("error-list").append(make("li", { textContent: label }));
          return;
        }
        if (control.closest("details")) control.closest("details").open = true;
        if (control.faultId) $(control.faultId).textContent += ` ${message}`;
        else {
          control.faultId = `fault-${index}`;
          const place = control.closest(".row, .field") ?? control;
          place.append(make("p", { class: "fault", id: control.faultId, textContent: control.closest(".row") ? label : message }));
          control.setAttribute("aria-invalid", "true");
          control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${control.faultId}`.trim());
        }
        const target = control.matches("fieldset") ? control.querySelector("input:not([type=radio]), button") ?? control.querySelector("input") : control;
        const link = make("a", { href: `#${target.id}`, textContent: label, onclick(event) {
          event.preventDefault(); // the address names the deployment
          target.focus();
          target.scrollIntoView({ block: "center" });
        } });
        $("error-list").append(make("li", {}, link));
      });
      $("error-summary").hidden = false;
      $("error-summary").focus();
      $("error-summary").scrollIntoView({ block: "nearest" });
    }

    // ------------------------------------------------------------ the run

    let run = null;
    let unanswered = null; // a submission of which it is not known whether it arrived
    const logBound = 1000;

    function announce(words) {
      $("announcer").textContent = words;
    }

    function showNotice(title, words, actions = []) {
      $("notice").hidden = false;
      $("notice-title").textContent = title;
      $("notice-text").textContent = words;
      $("sign-in").hidden = true;
      $("notice-actions").replaceChildren(...actions);
      announce(`${title}. ${words}`);
    }

    function hideNotice() {
      $("notice").hidden = true;
    }

    function remember() {
      if (!run?.state.id) return;
      const { id, lastEventId, final } = run.state;
      keep.write("sessionStorage", "slipway.demo.run", { id, lastEventId, final: Boolean(final), about: run.about });
    }

    const idInAddress = () => new URLSearchParams(location.hash.slice(1)).get("deployment");

    function clearRun() {
      run?.follower.stop();
      run = null;
      clearTimeout(renderTimer);
      renderTimer = null;
      hideNotice();
      $("log").replaceChildren();
      $("log-box").hidden = $("gauge").hidden = $("outcome").hidden = $("connection").hidden = true;
      $("figures").hidden = true;
      $("cancel-note").textContent = "";
      $("submit").disabled = false;
      $("submit").textContent = "Deploy";
    }

    function showEmpty() {
      clearRun();
      $("main").dataset.view = "form";
      delete $("run").dataset.outcome;
      $("run-title").textContent = "Nothing deployed yet";
      $("run-sub").textContent = "Six stages, each shown as it happens.";
      document.title = "Deploy · Slipway";
      document.querySelector(".columns").classList.add("alone");
      renderTimeline(new DeploymentState());
    }

    function follow({ id = null, submission = null, about = null, seen = 0 }) {
      clearRun();
      const mine = { submission, state: new DeploymentState(), about: about ?? {}, seen, lines: [], pending: [], connection: null, announced: null };
      mine.follower = new Follower(api, { id, submission }, {
        event(event, eventId) {
          if (run !== mine || !mine.state.apply(event, eventId)) return;
          if (idInAddress() !== event.deployment_id) history.replaceState(null, "", `#deployment=${event.deployment_id}`);
          mine.pending.push(event);
          scheduleRender();
        },
        connection(connection) {
          if (run !== mine) return;
          const before = mine.connection?.state;
          if (connection.state === "waiting" && before === "connected") addLine(pageLine("Connection lost; it will be taken up again from the last event."));
          if (connection.state === "polling" && before !== "polling") addLine(pageLine("Streaming does not get through; asking for the newest state instead."));
          mine.connection = connection;
          showConnection();
        },
        clock(serverNow) {
          const difference = Date.now() - serverNow;
          skew = Math.abs(difference) < 2000 ? 0 : difference;
        },
        signIn: () => signIn(),
      });
      run = mine;
      $("main").dataset.view = "run";
      $("run").dataset.outcome = "none";
      $("submit").disabled = true;
      $("submit").textContent = "Deploying…";
      $("gauge").hidden = $("log-box").hidden = $("connection").hidden = false;
      document.querySelector(".columns").classList.remove("alone");
      mine.state.order(about?.copy);
      mine.state.message = id ? "Asking the server for this deployment" : "Sending the request";
      showAbout();
      render();
      mine.follower.run().then(
        () => run === mine && render(),
        (error) => run === mine && showProblem(error, mine),
      );
      if (id && !about?.app) {
        api(`/api/deployments/${encodeURIComponent(id)}`).then((answer) => (answer.ok ? answer.json() : null)).then((record) => {
          if (!record || run !== mine) return;
          const place = (name) => (record.stages ?? []).findIndex((stage) => stage.name === name);
          mine.about = { app: record.app, image: record.image, container: record.container_name };
          if (place("copying_files") >= 0 && place("copying_files") < place("starting_container")) mine.state.order("before_start");
          showAbout();
          scheduleRender();
        }, () => {});
      }
    }

    function showAbout() {
      const { app, image, container } = run.about;
      $("run-title").textContent = app ?? "Deployment";
      $("run-sub").textContent = [image, container].filter(Boolean).join(" → ") || run.follower.id || "";
    }

    function showProblem(error, mine) {
      const submitted = mine.follower.id === null;
      const id = error.document?.deployment_id ?? /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(error.message)?.[0];
      if (error.status === 400 && submitted && Array.isArray(error.document.errors)) {
        const { errors } = error.document;
        showEmpty();
        showFaults(errors.length === 1 ? "One value needs attention" : `${errors.length} values need attention`, errors);
        return;
      }
      const back = make("button", { type: "button", class: "quiet", textContent: "Back to the form", onclick: startAnother });
      showEmpty();
      $("main").dataset.view = "run";
      $("run-title").textContent = submitted ? "Not deployed" : "Cannot be shown";
      $("run-sub").textContent = submitted ? "Nothing was started." : mine.follower.id;
      const unreachable = !(error instanceof Problem);
      if (unreachable) {
        unanswered = mine.submission;
        const why = fromFile ? " Is it running, and does it allow this page (--allow-origin null)?" : " Is it still running?";
        showNotice(`${server()} cannot be reached`, `No answer came.${why}`, [back]);
      } else if (error.status === 404 && !submitted) {
        keep.write("sessionStorage", "slipway.demo.run", null);
        showNotice("This server does not know that deployment", "It may have been forgotten, or belong to someone else.", [back]);
      } else {
        const wait = error.retryAfter ? ` Try again in ${durationText(error.retryAfter, { whole: true })}.` : "";
        const watch = error.status === 409 && id && make("button", { type: "button", class: "primary", textContent: "Watch that deployment", onclick: () => follow({ id }) });
        showNotice(error.title, (error.message === error.title ? "" : error.message) + wait, [watch || null, back].filter(Boolean));
      }
      $("notice").focus();
      $("notice").scrollIntoView({ block: "nearest" });
    }

    /** Settles once the server has taken a token. */
    function signIn() {
      showNotice("This server asks for a token", token ? "The last one was not taken." : "It is sent to this server only.");
      $("sign-in").hidden = false;
      $("token").focus();
      return new Promise((resolve) => {
        $("sign-in").onsubmit = async (event) => {
          event.preventDefault();
          const given = $("token").value.trim();
          if (!given) return;
          $("token").value = "";
          // The session's cookie is SameSite=Strict: a page opened from a file has to send the token itself.
          if (fromFile) token = given;
          else {
            const answer = await api("/api/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: given }) }).catch(() => null);
            if (!answer?.ok) {
              $("notice-text").textContent = answer ? "That token was not taken." : "No answer came; try again.";
              $("token").focus();
              return;
            }
          }
          hideNotice();
          resolve();
        };
      });
    }

    // ------------------------------------------------------------ drawing

    let renderTimer = null;
    function scheduleRender() {
      // A timer, not an animation frame: the title shall go on in a hidden tab.
      renderTimer ??= setTimeout(() => {
        renderTimer = null;
        if (run) render();
      }, 50);
    }

    function render() {
      const { state } = run;
      const drawn = run.pending.splice(0);
      drawn.forEach((event) => addLine(event));
      flushLog();
      const percent = Math.round(state.percent);
      $("percent").textContent = String(percent);
      $("fill").style.width = `${state.percent}%`;
      $("bar").setAttribute("aria-valuenow", String(percent));
      $("bar").setAttribute("aria-valuetext", `${percent} %, ${titles[state.stage] ?? "starting"}`);
      $("message").textContent = state.message;
      showFigures(state);
      renderTimeline(state);
      tick();
      const app = run.about.app ?? "deployment";
      const marks = { success: "✓", failed: "✗ Failed:", cancelled: "– Ended:" };
      document.title = state.outcome ? `${marks[state.outcome]} ${app} · Slipway` : `${percent}% ${app} · Slipway`;
      $("cancel").hidden = Boolean(state.final);
      $("cancel").disabled = !state.id || run.cancelling === true;
      if (state.final && !run.shown) {
        run.shown = true;
        $("run").dataset.outcome = state.outcome;
        $("cancel-note").textContent = "";
        $("submit").disabled = false;
        $("submit").textContent = "Deploy";
        showOutcome(state);
      }
      // What was announced before a refresh is not announced again.
      if (run.announced !== state.stage && state.stage) {
        run.announced = state.stage;
        if (state.lastEventId > run.seen) announce(state.final ? outcomeWords(state) : titles[state.stage] ?? state.stage);
      }
      if (drawn.length) remember();
    }

    function outcomeWords({ outcome, final }) {
      if (outcome !== "success") return `Deployment ${outcome === "failed" ? "failed" : final.stage}: ${final.error ?? final.message}`;
      return final.result.endpoint_url ? `Deployment completed. It answers at ${final.result.endpoint_url}` : "Deployment completed";
    }

    function showFigures({ detail, final }) {
      const figures = [];
      if (detail && !final) {
        const { bytes_done: done, bytes_total: total, bytes_per_second: rate, eta_seconds: eta, layers_done: layers, layers_total: all } = detail;
        if (typeof done === "number") figures.push(["Transferred", bytesText(done, total)]);
        if (typeof done === "number") figures.push(["Rate", typeof rate === "number" ? `${bytesText(rate)}/s` : "–"]);
        if (typeof done === "number") figures.push(["Time left", typeof eta === "number" ? durationText(eta * 1000, { whole: true }) : "–"]);
        if (typeof all === "number") figures.push(["Layers", `${layers ?? 0} of ${all}`]);
      }
      $("figures").hidden = figures.length === 0;
      $("figures").replaceChildren(...figures.map(([name, value]) => make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value }))));
    }

    const statusWords = { pending: "not yet", running: "running", success: "done", failed: "failed", cancelled: "stopped here", skipped: "skipped" };
    const timelineRows = pipeline.map(() => {
      const row = { item: make("li"), name: make("span", { class: "name" }), took: make("span", { class: "took" }), about: make("span", { class: "about" }), status: make("span", { class: "hidden-visually" }) };
      row.item.append(make("span", { class: "mark", ariaHidden: "true" }), make("span", {}, row.name, row.status), row.took, row.about);
      return row;
    });
    $("timeline").append(...timelineRows.map(({ item }) => item));

    function renderTimeline(state) {
      state.stages.forEach((stage, index) => {
        const row = timelineRows[index];
        row.item.dataset.status = stage.status;
        if (stage.status === "running") row.item.setAttribute("aria-current", "step");
        else row.item.removeAttribute("aria-current");
        row.name.textContent = titles[stage.name];
        row.status.textContent = `, ${statusWords[stage.status]}`;
        row.about.textContent = pipeline.find(([name]) => name === stage.name)[3];
        row.took.textContent = stageTime(stage);
      });
    }

    function stageTime(stage) {
      if (typeof stage.milliseconds === "number") return durationText(stage.milliseconds);
      if (stage.status === "skipped") return "skipped";
      if (stage.startedAt === null) return "";
      if (stage.finishedAt !== null) return durationText(stage.finishedAt - stage.startedAt);
      return durationText(Date.now() - skew - stage.startedAt, { whole: true });
    }

    function tick() {
      if (!run) return;
      const { state } = run;
      const end = state.finishedAt ?? Date.now() - skew;
      $("elapsed-label").textContent = { success: "Took", failed: "Failed after", cancelled: "Ended after" }[state.outcome] ?? "Elapsed";
      $("elapsed").textContent = state.startedAt === null ? "0 s" : durationText(end - state.startedAt, { whole: !state.final });
      state.stages.forEach((stage, index) => {
        if (stage.status === "running") timelineRows[index].took.textContent = stageTime(stage);
      });
      showConnection();
    }
    setInterval(tick, 500);

    function showConnection() {
      const connection = run?.connection ?? { state: "connecting" };
      const left = Math.max(0, Math.ceil(((connection.until ?? 0) - Date.now()) / 1000));
      const words = { connecting: "Connecting…", connected: "Connected", waiting: `Reconnecting in ${left} s`, polling: "Polling", ended: "Stream ended" };
      $("connection").dataset.state = connection.state;
      if ($("connection-text").textContent !== words[connection.state]) $("connection-text").textContent = words[connection.state];
      $("retry-now").hidden = connection.state !== "waiting";
    }

    // ------------------------------------------------------------ the log

    const clock = (at) => [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
    const pageLine = (message) => ({ stage: "page", message, timestamp: new Date().toISOString() });

    /** Byte progress of one stage stays on one line, which is kept up to date. */
    function addLine(event) {
      const moving = typeof event.detail?.bytes_done === "number";
      const last = run.lines.at(-1);
      if (moving && last?.moving && last.stage === event.stage) {
        Object.assign(last, { event, drawn: false });
        return;
      }
      // What a program writes while nothing else is said belongs together.
      const output = Array.isArray(event.detail?.output) ? event.detail.output : [];
      if (output.length && last?.output.length && last.output.length < 200 && last.event.message === event.message) {
        last.output.push(...output);
        last.drawn = false;
        return;
      }
      run.lines.push({ event, output: [...output], moving, stage: event.stage, drawn: false });
      if (event.stage === "page") scheduleRender();
    }

    function flushLog() {
      const log = $("log");
      const stuck = log.scrollTop + log.clientHeight >= log.scrollHeight - 12;
      for (const line of run.lines.splice(0, Math.max(0, run.lines.length - logBound))) line.element?.remove();
      const fresh = document.createDocumentFragment();
      for (let index = run.lines.length - 1; index >= 0 && !run.lines[index].drawn; index -= 1) {
        const line = run.lines[index];
        const { event, output } = line;
        line.drawn = true;
        if (!line.element) {
          line.element = make("div", { class: `line s-${Object.hasOwn(tags, event.stage) ? event.stage : "other"}` }, make("time"), make("span", { class: "tag" }), make("span", { class: "words" }));
          fresh.prepend(line.element);
        }
        const [time, tag, words] = line.element.children;
        time.textContent = clock(new Date(event.timestamp));
        tag.textContent = tags[event.stage] ?? event.stage;
        const isTold = output.length === 1 && event.message.endsWith(output[0]);
        words.textContent = [event.message, ...(isTold ? [] : output)].join("\n");
      }
      log.append(fresh);
      if (stuck) log.scrollTop = log.scrollHeight;
      $("latest").hidden = stuck;
    }

    $("log").addEventListener("scroll", () => {
      const log = $("log");
      if (log.scrollTop + log.clientHeight >= log.scrollHeight - 12) $("latest").hidden = true;
    });
    $("latest").addEventListener("click", () => {
      $("log").scrollTop = $("log").scrollHeight;
      $("log").focus();
    });
    $("copy-log").addEventListener("click", async () => {
      const lines = (run?.lines ?? []).map(({ event }) => `${event.timestamp} ${event.stage} ${event.message}`);
      const copied = await copyText(lines.join("\n"));
      $("copy-log").textContent = copied ? "Copied" : "Refused";
      setTimeout(() => ($("copy-log").textContent = "Copy"), 1500);
    });

    // ------------------------------------------------------------ the outcome

    function link(address) {
      const href = webAddress(address);
      return href ? make("a", { href, target: "_blank", rel: "noopener noreferrer", textContent: address }) : document.createTextNode(String(address));
    }

    const facts = (pairs) => make("dl", { class: "facts" }, ...pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: String(value) })]));
    const list = (items) => make("ul", { class: "plain" }, ...items.map((item) => make("li", { textContent: item })));

    function showOutcome(state) {
      const { final, outcome } = state;
      const took = durationText(state.finishedAt - state.startedAt);
      const card = $("outcome");
      card.className = `card ${{ success: "good", failed: "bad", cancelled: "still" }[outcome]}`;
      card.replaceChildren(...(outcome === "success" ? successParts(final, took) : failureParts(final, took)));
      card.hidden = false;
    }

    function successParts(final, took) {
      const { result } = final;
      const metadata = result.metadata ?? {};
      const parts = [make("h3", { textContent: `Running after ${took}` })];
      if (result.endpoint_url) {
        const copy = make("button", { type: "button", class: "link", textContent: "Copy", ariaLabel: "Copy the address", async onclick() {
          copy.textContent = (await copyText(result.endpoint_url)) ? "Copied" : "Refused";
          setTimeout(() => (copy.textContent = "Copy"), 1500);
        } });
        parts.push(make("p", { class: "endpoint" }, link(result.endpoint_url), copy));
      } else parts.push(make("p", { textContent: "No port is published, so there is no address." }));
      const names = [...new Set([...Object.keys(metadata.urls ?? {}), ...Object.keys(metadata.health_status ?? {})])];
      if (names.length) {
        const head = ["Port", "Address", "Health"].map((name) => make("th", { scope: "col", textContent: name }));
        const rows = names.map((name) => {
          const url = metadata.urls?.[name];
          const healthy = metadata.health_status?.[name];
          const word = healthy === true ? "healthy" : healthy === false ? "not healthy" : "not checked";
          return make("tr", {}, make("td", { textContent: name }), make("td", { class: "mono" }, url ? link(url) : "–"), make("td", { class: healthy === true ? "up" : healthy === false ? "down" : "", textContent: word }));
        });
        parts.push(make("div", { class: "table-wrap" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))));
      }
      parts.push(facts([
        ["Container", [metadata.container_name, result.deployment_id && `(${result.deployment_id})`].filter(Boolean).join(" ")],
        ["Files of", sourceText(metadata.source)],
        ["Image", metadata.image],
        ["Digest", metadata.image_digest],
        ["Image id", metadata.image_id],
        ["Replaced", metadata.replaced],
        ["Order", metadata.order],
        ["Deployment", final.deployment_id],
      ]));
      return [...parts, ...durationParts(metadata.durations_ms ?? {})];
    }

    /** A repository and the commit of it, or an archive's id; null if it was a folder. */
    function sourceText(source) {
      if (!source) return null;
      if (source.archive) return `archive ${source.archive.slice(0, 19)}`;
      return `${source.url}${source.commit ? ` at ${source.commit.slice(0, 12)}` : ""}`;
    }

    function durationParts(durations) {
      const spent = Object.entries(durations).filter(([name, value]) => Object.hasOwn(tags, name) && value > 0);
      if (spent.length === 0) return [];
      const bar = make("div", { class: "spent", ariaHidden: "true" }, ...spent.map(([name, value]) => {
        const part = make("span", { class: `s-${name}` });
        part.style.flexGrow = String(value);
        return part;
      }));
      const key = make("ul", { class: "spent-key" }, ...spent.map(([name, value]) => make("li", { class: `s-${name}`, textContent: `${titles[name]} ${durationText(value)}` })));
      return [make("h4", { textContent: "Where the time went" }), bar, key];
    }

    function failureParts(final, took) {
      const failure = final.failure ?? {};
      const lines = (value) => (Array.isArray(value) ? value.map(String) : []);
      const where = titles[failure.stage];
      const title = final.stage === "error" ? (where ? `Failed while ${where.charAt(0).toLowerCase()}${where.slice(1)}` : "Failed") : titles[final.stage];
      const code = [failure.code, typeof failure.exit_code === "number" && `exit code ${failure.exit_code}`, `after ${took}`].filter(Boolean).join(" · ");
      const parts = [make("h3", { textContent: title }), make("p", { class: "code", textContent: code })];
      parts.push(make("p", { textContent: failure.message || final.error || final.message }));
      if (failure.hint) parts.push(make("h4", { textContent: "What to do" }), make("p", { class: "hint-text", textContent: failure.hint }));
      for (const [name, tail] of [["What the engine said", lines(failure.output_tail)], ["The container’s last lines", failure.container_log_note ? [String(failure.container_log_note)] : lines(failure.container_log_tail)]]) {
        if (tail.length) parts.push(make("h4", { textContent: name }), make("pre", { tabIndex: 0, role: "region", ariaLabel: name, textContent: tail.join("\n") }));
      }
      const sides = [["Undone", lines(failure.undone)], ["Left behind", lines(failure.left)]].filter(([, items]) => items.length);
      if (sides.length) parts.push(make("div", { class: "sides" }, ...sides.map(([name, items]) => make("div", {}, make("h4", { textContent: name }), list(items)))));
      const metadata = final.result?.metadata ?? {};
      parts.push(facts([["Container", metadata.container_name], ["Image", metadata.image], ["Deployment", final.deployment_id]]));
      return parts;
    }

    // ------------------------------------------------------------ what the buttons do

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (run && !run.state.final) return;
      const { request, faults } = gather();
      keepForm();
      if (faults.length) {
        showFaults(faults.length === 1 ? "One value needs attention" : `${faults.length} values need attention`, faults);
        return;
      }
      clearFaults();
      const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const about = { app: request.script_name, image: request.registry_image, container: request.container_name ?? `fractalic-${request.script_name}`, copy: request.copy };
      const body = JSON.stringify(request);
      history.replaceState(null, "", location.pathname + location.search);
      // The same request under the same key cannot start a second deployment.
      follow({ submission: unanswered?.body === body ? unanswered : { body, key }, about });
      unanswered = null;
      $("run").focus({ preventScroll: true });
      $("run").scrollIntoView({ block: "nearest" });
    });

    $("cancel").addEventListener("click", async () => {
      const mine = run;
      mine.cancelling = true;
      $("cancel").disabled = true;
      $("cancel-note").textContent = "Asking the server to cancel…";
      const say = (words, again) => {
        if (run !== mine || mine.state.final) return;
        $("cancel-note").textContent = words;
        mine.cancelling = !again;
        $("cancel").disabled = !again;
      };
      try {
        const path = `/api/deployments/${encodeURIComponent(mine.state.id)}/cancel`;
        const answer = await api(path, { method: "POST", headers: { "Content-Type": "application/json" } });
        if (answer.ok) say("Cancelling: what was made so far is being undone.", false);
        else if (answer.status === 409) say("It had already ended.", false);
        else say(`Not cancelled: ${(await Problem.from(answer)).message}`, true);
      } catch {
        say("Not cancelled: the server did not answer.", true);
      }
    });

    function startAnother() {
      history.replaceState(null, "", location.pathname + location.search);
      keep.write("sessionStorage", "slipway.demo.run", null);
      showEmpty();
      announce("");
      form.elements.script_name.focus();
    }
    $("another").addEventListener("click", startAnother);
    $("retry-now").addEventListener("click", () => run?.follower.retryNow());
    addEventListener("online", () => run?.follower.retryNow());
    addEventListener("hashchange", () => {
      const id = idInAddress();
      if (id && id !== run?.state.id) follow({ id });
    });

    $("server-field").hidden = !fromFile;
    restoreForm();
    formChanged();
    showEmpty();
    const last = keep.read("sessionStorage", "slipway.demo.run");
    const id = idInAddress() ?? (last?.final === false ? last.id : null);
    if (id) follow({ id, about: last?.id === id ? last.about : null, seen: last?.id === id ? last.lastEventId : 0 });
  }
})();
