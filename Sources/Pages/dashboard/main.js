// The dashboard: draws what the feed's client keeps in its store. Everything that arrives is only
// noted; what has changed is drawn once a frame, row by row.
import { EventStreamParser, Problem, appKey, bufferingAdvice, compareRows, connect, isFinal, liveApps } from "./slipway.js";

const $ = (id) => document.getElementById(id);
const api = (path, options = {}) => fetch(`/api${path}`, { cache: "no-store", credentials: "same-origin", ...options });

/** An element with text only ever as text. */
function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets what differs: a browser does work for every assignment, also of the same. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

const keep = {
  read(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  write(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Storage can be switched off; the page then only forgets.
    }
  },
};

// -------------------------------------------------------------------- words

const stages = {
  queued: ["Queued", "queue"],
  validating: ["Validating", "validate"],
  pulling_image: ["Pulling image", "pull"],
  preparing_files: ["Preparing files", "prepare"],
  starting_container: ["Starting container", "start"],
  copying_files: ["Copying files", "copy"],
  health_check: ["Checking health", "health"],
  running: ["Running", "run"],
  graceful_shutdown: ["Shutting down", "stop"],
  stopped: ["Stopped", "stopped"],
  completed: ["Completed", "done"],
  error: ["Failed", "failed"],
  cancelled: ["Cancelled", "cancel"],
  superseded: ["Superseded", "replaced"],
};
const stageTitle = (name) => stages[name]?.[0] ?? String(name ?? "");
const stageTag = (name) => stages[name]?.[1] ?? String(name ?? "");
const stepWords = { pending: "not yet", running: "running", success: "done", failed: "failed", skipped: "skipped" };
const statusWords = { queued: "Queued", in_progress: "Deploying", success: "Deployed", failed: "Failed", cancelled: "Cancelled", superseded: "Superseded" };
const workloadWords = { running: "Running", unhealthy: "Unhealthy", restarting: "Restarting", stopping: "Stopping", stopped: "Stopped", removed: "Removed" };

function bytesText(done, total) {
  const of = total ?? done;
  const [size, unit] = of >= 1e9 ? [1e9, "GB"] : of >= 1e6 ? [1e6, "MB"] : of >= 1e3 ? [1e3, "kB"] : [1, "B"];
  const number = (value) => (value / size).toFixed(size === 1 ? 0 : 1);
  return total == null ? `${number(done)} ${unit}` : `${number(done)} of ${number(total)} ${unit}`;
}

const two = (value) => String(value).padStart(2, "0");

/** `2m 34s`; below a minute with the tenth of a second where it is over. */
function durationText(milliseconds, { whole = false } = {}) {
  const ms = Math.max(0, milliseconds);
  if (!whole && ms < 1000) return `${Math.round(ms)} ms`;
  if (!whole && ms < 59950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = whole ? Math.floor(ms / 1000) : Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86400)}d ${Math.floor((seconds % 86400) / 3600)}h`;
}

function agoText(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86400)}d ago`;
}

const clockText = (at) => [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
const dateText = (text) => (text ? new Date(text).toLocaleString() : "");
/** Without the registry and the folders in it: what tells images apart stands at the end. */
const shortImage = (image) => String(image ?? "").replace(/^.*\//, "").replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@$1");
const shortDigest = (digest) => (digest ? digest.replace(/^sha256:/, "").slice(0, 12) : "");

/** A link target only where the text is an http or https address. */
function webAddress(text) {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

function link(address, text = address) {
  const url = webAddress(address);
  return url ? make("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", textContent: text }) : document.createTextNode(String(text));
}

// -------------------------------------------------------------------- theme

const themes = ["system", "light", "dark"];
// The same key as the page for a single deployment: one choice for both.
let theme = keep.read("slipway.demo.theme");
if (!themes.includes(theme)) theme = "system";
function showTheme() {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").textContent = `Theme: ${theme}`;
}
$("theme").addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  keep.write("slipway.demo.theme", theme);
  showTheme();
});
showTheme();

// -------------------------------------------------------------------- state

const client = connect({ endpoint: "/api/events/stream" });

/** Rows that were loaded beyond what the snapshot has, by id. */
const older = new Map();
const dirty = new Set();
let allDirty = true;
let listDirty = true;
let appsDirty = true;
/** How far this clock is ahead of the server's, in milliseconds, as far as it is known. */
let skew = 0;
const now = () => Date.now() - skew;

const rowOf = (id) => client.store.deploymentById.get(id) ?? older.get(id) ?? null;

/** A container's id as results name their own; what they replaced is named in full. */
const shortContainer = (id) => (id ? id.slice(0, 12) : null);
/** The row whose container has that id, and the row that replaced that container. */
const byContainer = new Map();
const byReplaced = new Map();
function index(row) {
  const metadata = row.result?.metadata;
  if (row.status === "success" && row.result?.deployment_id) byContainer.set(shortContainer(row.result.deployment_id), row.id);
  if (row.status === "success" && metadata?.replaced) byReplaced.set(shortContainer(metadata.replaced), row.id);
  // A page can stay open for weeks: what leads to no row is let go.
  if (byContainer.size > client.store.deploymentIds.length + older.size + 1000) indexAll();
}

function indexAll() {
  byContainer.clear();
  byReplaced.clear();
  for (const row of client.store.deploymentById.values()) index(row);
  for (const [id, row] of older) if (!client.store.deploymentById.has(id)) index(row);
}

let frame = null;
function schedule() {
  // A hidden tab has no frames; what was noted is drawn when it is seen again.
  frame ??= requestAnimationFrame(() => {
    frame = null;
    draw();
  });
}

/** Whether the next difference counts as it is: clocks are set, and drift. */
let skewIsOld = true;
function noteClock(envelopes) {
  for (const { type, ts } of envelopes) {
    if (type === "snapshot") skewIsOld = true;
    if (type === "snapshot" || !ts) continue;
    const difference = Date.now() - Date.parse(ts);
    if (!Number.isFinite(difference)) continue;
    // The least difference has the least delay in it.
    if (skewIsOld || difference < skew) skew = Math.abs(difference) < 2000 ? 0 : difference;
    skewIsOld = false;
  }
}

client.subscribe(({ type, before, envelopes, advice }) => {
  if (type === "status") connectionChanged(before);
  if (type === "buffering") showNotice("A proxy is buffering", advice);
  if (type !== "change") return;
  noteClock(envelopes);
  const { store } = client;
  const whole = envelopes.length === 0 || envelopes.some((envelope) => envelope?.type === "snapshot");
  if (whole) {
    allDirty = listDirty = appsDirty = true;
    if (cursors.pages > 0) reloadOlder();
    else older.clear();
    indexAll();
  }
  for (const { type: kind, payload } of envelopes) {
    const id = payload?.id ?? payload?.deployment_id;
    if (kind === "deployment.delete") older.delete(id);
    if (kind === "app.upsert") appsDirty = true;
    if (id === undefined) continue;
    dirty.add(id);
    const [old, row] = [before.deploymentById.get(id), store.deploymentById.get(id)];
    if (row && older.has(id)) older.set(id, row);
    if (old?.status !== row?.status || !row) listDirty = true;
    if (row && kind === "deployment.upsert") {
      index(row);
      announceEnd(old, row);
      const replaced = byContainer.get(shortContainer(row.result?.metadata?.replaced));
      if (replaced) dirty.add(replaced);
      appsDirty = true;
    }
  }
  schedule();
});

function announceEnd(old, row) {
  if (!old || isFinal(old.status) || !isFinal(row.status)) return;
  const where = row.environment === "default" ? row.app : `${row.app} in ${row.environment}`;
  $("announcer").textContent = row.status === "failed" ? `${where} failed: ${row.failure?.message ?? row.message}` : `${where}: ${statusWords[row.status]}`;
}

// -------------------------------------------------------------------- address

/** `#/deployments/ID?app=…`: what is open, and the filters. */
const address = { id: null, app: "", environment: "", status: "", q: "" };
const filterNames = ["app", "environment", "status", "q"];

function readAddress() {
  const [, path, query] = /^#\/?([^?]*)(?:\?(.*))?$/.exec(location.hash) ?? [];
  const values = new URLSearchParams(query ?? "");
  for (const name of filterNames) address[name] = values.get(name) ?? "";
  address.id = /^deployments\/([^/]+)$/.exec(path ?? "")?.[1] ?? null;
}

function hashFor(changes = {}) {
  const next = { ...address, ...changes };
  const query = new URLSearchParams(filterNames.filter((name) => next[name]).map((name) => [name, next[name]]));
  const path = next.id ? `#/deployments/${encodeURIComponent(next.id)}` : "#/";
  return query.size ? `${path}?${query}` : path;
}

function applyAddress() {
  const filters = JSON.stringify(filterNames.map((name) => address[name]));
  const opened = address.id;
  readAddress();
  for (const name of filterNames) {
    const control = $(name);
    if (control.tagName === "SELECT" && address[name] && ![...control.options].some(({ value }) => value === address[name])) {
      control.append(make("option", { value: address[name], textContent: address[name] }));
    }
    // A space at the end is the beginning of the next word.
    if (control.value.trim() !== address[name]) control.value = address[name];
  }
  $("clear").hidden = !filterNames.some((name) => address[name]);
  if (filters !== JSON.stringify(filterNames.map((name) => address[name]))) filtersChanged();
  if (opened !== address.id) address.id ? openDetails(address.id) : closeDetails();
}

addEventListener("hashchange", applyAddress);

/** Filters change the address in place: a search must not fill the history. */
function setFilters(changes) {
  history.replaceState(null, "", hashFor(changes));
  applyAddress();
}

let typing = null;
$("q").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => setFilters({ q: $("q").value.trim() }), 120);
});
for (const name of ["app", "environment", "status"]) $(name).addEventListener("change", () => setFilters({ [name]: $(name).value }));
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("clear").addEventListener("click", () => {
  setFilters({ app: "", environment: "", status: "", q: "" });
  $("q").focus();
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address belongs to what is shown
  showPane("deployments");
  $("list-title").focus();
});

// -------------------------------------------------------------------- the list

function matches(row) {
  if (address.app && row.app !== address.app) return false;
  if (address.environment && row.environment !== address.environment) return false;
  if (address.status && row.status !== address.status) return false;
  if (!address.q) return true;
  const text = `${row.app} ${row.environment} ${row.image} ${row.container_name} ${row.id} #${row.number} ${row.status} ${row.message} ${row.failure?.code ?? ""} ${row.workload?.state ?? ""}`.toLowerCase();
  return address.q.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function wantedRows() {
  const { deploymentById, deploymentIds } = client.store;
  const rows = deploymentIds.map((id) => deploymentById.get(id));
  for (const [id, row] of older) if (!deploymentById.has(id)) rows.push(row);
  if (older.size) rows.sort(compareRows);
  return rows.filter(matches);
}

const bands = [5, 10, 35, 50, 70, 90, 100];

/** How much of a step is done, from 0 to 1. */
function fraction(step, place, row) {
  if (step.status === "success") return 1;
  if (step.status !== "running") return 0;
  return Math.min(1, Math.max(0.08, (row.progress - bands[place]) / (bands[place + 1] - bands[place])));
}

/** What a dot after the pipeline shows: the container. */
function workloadStatus(row) {
  const state = row.workload?.state;
  if (state === "running") return "live";
  if (state === "unhealthy" || state === "restarting" || state === "stopping") return "warn";
  return state ? "gone" : "pending";
}

class Track {
  constructor() {
    this.element = make("div", { class: "track", role: "img" });
    this.steps = Array.from({ length: 7 }, (_, place) => {
      const dot = make("span", { class: "mark" });
      this.element.append(dot);
      const fill = make("i");
      if (place < 6) this.element.append(make("span", { class: "link-line" }, fill));
      return { dot, fill };
    });
    this.label = null;
  }

  patch(row) {
    const pipeline = (row.stages ?? []).slice(0, 6);
    pipeline.forEach((step, place) => {
      const { dot, fill } = this.steps[place];
      setData(dot, "status", step.status);
      const done = fraction(step, place, row);
      if (fill.done !== done) {
        fill.done = done;
        fill.style.transform = `scaleX(${done})`;
      }
    });
    setData(this.steps[6].dot, "status", workloadStatus(row));
    const at = pipeline.findIndex(({ status }) => status === "running" || status === "failed");
    const done = pipeline.filter(({ status }) => status === "success").length;
    const label = at >= 0 ? `Stage ${at + 1} of 6, ${stageTitle(pipeline[at].name)}: ${stepWords[pipeline[at].status]}` : `${done} of 6 stages done`;
    if (this.label !== label) this.element.setAttribute("aria-label", (this.label = label));
  }
}

/** What the row says about how things stand: a strong word, and the rest. */
function story(row) {
  if (row.status === "queued") return ["Queued", row.message === "Queued" ? "" : row.message];
  if (row.status === "in_progress") {
    const { bytes_done: done, bytes_total: total, bytes_per_second: rate, eta_seconds: eta } = row.detail ?? {};
    if (typeof done !== "number") return [stageTitle(row.stage), row.message];
    const figures = [bytesText(done, total)];
    if (rate > 0) figures.push(`${bytesText(rate)}/s`);
    if (eta > 0) figures.push(`${durationText(eta * 1000, { whole: true })} left`);
    return [stageTitle(row.stage), figures.join(" · ")];
  }
  if (row.status === "failed") return [row.failure?.code?.replaceAll("_", " ") ?? "Failed", row.failure?.message ?? row.message];
  if (row.status !== "success") return [statusWords[row.status] ?? row.status, row.failure?.message && row.failure.message !== statusWords[row.status] ? row.failure.message : ""];
  const { workload } = row;
  if (!workload) return ["Deployed", row.message];
  const word = workloadWords[workload.state] ?? workload.state;
  if (workload.state === "unhealthy") {
    const sick = Object.entries(workload.health ?? {}).filter(([, healthy]) => !healthy).map(([name]) => name);
    return [word, sick.length ? `${sick.join(", ")} ${sick.length === 1 ? "does" : "do"} not answer` : ""];
  }
  if (workload.state === "stopped") return [word, typeof workload.exit_code === "number" ? `exit code ${workload.exit_code}` : ""];
  if (workload.state === "removed") {
    const next = rowOf(byReplaced.get(shortContainer(row.result?.deployment_id)));
    return next ? ["Replaced", `by #${next.number}`] : [word, ""];
  }
  return [word, ""];
}

/** Who made way for the row's container. */
function replacedText(row) {
  const replaced = row.status === "success" ? row.result?.metadata?.replaced : null;
  if (!replaced || row.workload?.state === "removed") return "";
  const old = rowOf(byContainer.get(shortContainer(replaced)));
  return old ? `replaced #${old.number}` : `replaced ${shortContainer(replaced)}`;
}

/** What colours the row: only what wants to be looked at. */
function toneOf(row) {
  if (row.status === "in_progress") return "moving";
  if (row.status === "queued") return "waiting";
  if (row.status === "failed") return "bad";
  if (row.status !== "success") return "still";
  return { live: "live", warn: "warn" }[workloadStatus(row)] ?? "still";
}

class RowView {
  constructor(id) {
    this.id = id;
    this.anchor = make("a", { class: "app" });
    this.environment = make("span", { class: "tag" });
    this.number = make("span", { class: "number" });
    this.image = make("span", { class: "image" });
    this.track = new Track();
    this.word = make("b");
    this.aside = make("span", { class: "aside" });
    this.rest = make("span", { class: "rest" });
    this.endpoint = make("span", { class: "ends" });
    this.percent = make("b", { class: "figure" });
    this.time = make("time");
    this.bar = make("span", { class: "progress" });
    this.element = make("li", { class: "row" },
      make("div", { class: "who" }, make("p", { class: "name" }, this.anchor, this.environment), make("p", { class: "under" }, this.number, this.image)),
      this.track.element,
      make("div", { class: "story" }, make("p", { class: "line" }, this.word, this.aside), make("p", { class: "under" }, this.endpoint, this.rest)),
      make("div", { class: "when" }, this.percent, this.time),
      this.bar);
    this.element.dataset.id = id;
  }

  patch(row) {
    if (this.row === row && this.extra === replacedText(row) + story(row)[1]) return;
    this.row = row;
    this.extra = replacedText(row) + story(row)[1];
    setText(this.anchor, row.app);
    const href = hashFor({ id: row.id });
    if (this.anchor.getAttribute("href") !== href) this.anchor.setAttribute("href", href);
    setText(this.environment, row.environment);
    this.environment.hidden = row.environment === "default";
    setText(this.number, `#${row.number ?? "–"}`);
    setText(this.image, shortImage(row.image));
    if (this.image.title !== row.image) this.image.title = row.image;
    const tone = toneOf(row);
    setData(this.element, "tone", tone);
    setData(this.element, "status", row.status);
    setData(this.element, "stage", row.stage);
    this.track.patch(row);
    const [word, rest] = story(row);
    setText(this.word, word);
    setText(this.rest, rest);
    if (this.rest.title !== rest) this.rest.title = rest;
    this.patchEnds(row);
    const active = row.status === "in_progress";
    setText(this.percent, active ? `${row.progress}%` : "");
    const scale = active ? `scaleX(${row.progress / 100})` : "";
    if (this.bar.style.transform !== scale) this.bar.style.transform = scale;
    this.tick();
  }

  patchEnds(row) {
    const endpoint = row.workload && workloadStatus(row) !== "gone" ? row.workload.endpoint_url ?? null : null;
    const replaced = replacedText(row);
    const key = `${endpoint}|${replaced}`;
    if (this.ends === key) return;
    this.ends = key;
    this.endpoint.replaceChildren(...(endpoint ? [link(endpoint, webAddress(endpoint)?.host ?? endpoint)] : []));
    setText(this.aside, replaced);
  }

  /** What changes with the time alone. */
  tick() {
    const { row } = this;
    const ended = isFinal(row.status);
    const at = ended ? row.finished_at ?? row.updated_at : row.created_at;
    const gone = now() - Date.parse(at);
    this.recent = gone < 60000;
    setText(this.time, ended ? agoText(gone) : `${row.status === "queued" ? "waiting" : "running"} for ${durationText(gone, { whole: true })}`);
    if (this.time.dateTime !== at) {
      this.time.dateTime = at;
      const took = ended ? `, after ${durationText(Date.parse(row.finished_at ?? row.updated_at) - Date.parse(row.created_at))}` : "";
      this.time.title = `${dateText(at)}${took}`;
    }
  }
}

const views = new Map();

function drawList() {
  const list = $("list");
  const wanted = wantedRows();
  const kept = new Set(wanted.map(({ id }) => id));
  // These go first: a row that need not move keeps the focus.
  for (const [id, view] of views) {
    if (kept.has(id)) continue;
    view.element.remove();
    views.delete(id);
  }
  let place = list.firstElementChild;
  for (const row of wanted) {
    let view = views.get(row.id);
    if (!view) views.set(row.id, (view = new RowView(row.id)));
    view.patch(row);
    if (view.element === place) place = place.nextElementSibling;
    else list.insertBefore(view.element, place);
  }
  drawBlank(wanted.length);
  const filtered = filterNames.some((name) => address[name]);
  $("more").hidden = !client.store.ready || cursors.end || (!filtered && client.store.deploymentIds.length < 100 && cursors.pages === 0);
}

function draw() {
  if (allDirty) {
    for (const view of views.values()) {
      const row = rowOf(view.id);
      if (row) view.patch(row);
    }
  }
  if (listDirty) drawList();
  else {
    for (const id of dirty) {
      const row = rowOf(id);
      if (!row) continue;
      // A text search can begin or cease to match with any word of the row.
      if (address.q && matches(row) !== views.has(id)) return (listDirty = true), draw();
      views.get(id)?.patch(row);
    }
  }
  if (appsDirty) drawApps();
  drawCounts();
  if (shown && (allDirty || dirty.has(shown.id))) shown.changed();
  dirty.clear();
  allDirty = listDirty = appsDirty = false;
}

/** What stands where there is no row. */
function drawBlank(count) {
  const blank = $("blank");
  const filtered = filterNames.some((name) => address[name]);
  const kind = count ? "" : !client.store.ready ? "wait" : filtered ? (cursors.end ? "filter-all" : "filter") : "empty";
  blank.hidden = kind === "";
  document.body.classList.toggle("is-empty", kind === "empty");
  if (blank.dataset.kind === kind) return;
  blank.dataset.kind = kind;
  if (kind === "wait") blank.replaceChildren(make("p", { class: "lead", textContent: "Asking the server how things stand…" }));
  if (kind.startsWith("filter")) {
    blank.replaceChildren(
      make("h2", { textContent: "Nothing matches" }),
      make("p", { class: "lead", textContent: kind === "filter" ? "No deployment that is loaded fits these filters. Older ones can be loaded below." : "No deployment fits these filters." }),
      make("button", { type: "button", class: "quiet", textContent: "Clear the filters", onclick: () => $("clear").click() }));
  }
  if (kind === "empty") {
    const command = curlCommand({ script_name: "site", script_folder: "/srv/apps/site", registry_image: "localhost:5000/web:1", ports: { frontend: 3000 } }, true);
    const copy = make("button", { type: "button", class: "link", textContent: "Copy", ariaLabel: "Copy the command", onclick: () => copied(copy, command) });
    const create = make("button", { type: "button", class: "primary", textContent: "New deployment", onclick: () => openForm() });
    create.dataset.needs = "deployer";
    blank.replaceChildren(
      make("h2", { textContent: "Nothing deployed yet" }),
      make("p", { class: "lead", textContent: "A deployment copies a folder into a fresh container of an image, and says what it does at every step. It appears here the moment it is asked for, from wherever that was." }),
      make("div", { class: "actions" }, create, make("span", { class: "note", textContent: "or from a terminal:" })),
      make("div", { class: "command" }, make("pre", { tabIndex: 0, role: "region", ariaLabel: "The command", textContent: command }), copy));
  }
}

// -------------------------------------------------------------------- older deployments

const cursors = { next: null, pages: 0, end: false, busy: false, key: "limit=100" };

function filtersChanged() {
  listDirty = true;
  for (const view of views.values()) view.anchor.setAttribute("href", hashFor({ id: view.id }));
  schedule();
  // A text is looked for in what is loaded.
  if (cursors.key === String(historyQuery(null))) return;
  Object.assign(cursors, { next: null, pages: 0, end: false, key: String(historyQuery(null)) });
  older.clear();
  $("older-note").textContent = "";
  // The snapshot has the newest of all; those that fit may be older.
  if (address.app || address.environment || address.status) loadOlder({ quiet: true });
}

function historyQuery(cursor) {
  const query = new URLSearchParams({ limit: "100" });
  for (const name of ["app", "environment", "status"]) if (address[name]) query.set(name, address[name]);
  if (cursor) query.set("cursor", cursor);
  return query;
}

async function historyPage(cursor) {
  const answer = await api(`/deployments?${historyQuery(cursor)}`);
  if (!answer.ok) throw await Problem.from(answer);
  return answer.json();
}

function addOlder(rows) {
  let fresh = 0;
  for (const record of rows) {
    const row = { ...record, event_id: record.event_id ?? record.last_event_id ?? 0 };
    if (row.event_id <= (client.store.deleted.get(row.id) ?? -1)) continue; // deleted while the page was on its way
    if (!rowOf(row.id)) fresh += 1;
    older.set(row.id, client.store.deploymentById.get(row.id) ?? row);
    index(row);
  }
  return fresh;
}

async function loadOlder({ quiet = false } = {}) {
  if (cursors.busy && !quiet) return;
  const { key } = cursors;
  cursors.busy = true;
  $("older").disabled = true;
  if (!quiet) $("older-note").textContent = "Loading…";
  try {
    // The first pages are what the snapshot has brought already.
    for (let fresh = 0; fresh === 0 && !cursors.end; ) {
      const { deployments, next_cursor: next } = await historyPage(cursors.next);
      if (cursors.key !== key) return;
      fresh = addOlder(deployments);
      Object.assign(cursors, { next, end: !next, pages: cursors.pages + 1 });
      if (quiet) break;
    }
    $("older-note").textContent = cursors.end && !quiet ? "That is all there is." : "";
  } catch (error) {
    if (!quiet) $("older-note").textContent = `Not loaded: ${error instanceof Problem ? error.message : "the server did not answer."}`;
  } finally {
    cursors.busy = false;
    $("older").disabled = false;
    listDirty = true;
    schedule();
  }
}
$("older").addEventListener("click", () => loadOlder());

let [reloading, reloadAgain] = [false, false];

/** What was loaded before a gap in the feed may have changed in it. One reload at a time. */
async function reloadOlder() {
  reloadAgain = true;
  if (reloading) return;
  reloading = true;
  while (reloadAgain) {
    reloadAgain = false;
    await reloadOnce().catch(() => {}); // the next snapshot tries again
  }
  reloading = false;
}

/** Reads all pages down to the oldest row; what is loaded below that meanwhile stays. */
async function reloadOnce() {
  const { key } = cursors;
  const oldest = [...older.values()].sort(compareRows).at(-1);
  const found = new Map();
  let [cursor, last] = [null, null];
  do {
    const page = await historyPage(cursor);
    if (cursors.key !== key) return;
    for (const row of page.deployments) found.set(row.id, (last = row));
    cursor = page.next_cursor;
  } while (cursor && oldest && compareRows(last, oldest) < 0);
  for (const [id, row] of older) if (!found.has(id) && (!cursor || compareRows(row, last) <= 0)) older.delete(id);
  addOlder(found.values());
  allDirty = listDirty = true;
  schedule();
}

// -------------------------------------------------------------------- counters and apps

const counters = [...document.querySelectorAll("#counters > div")].map((box) => ({ box, value: box.querySelector("dd"), name: box.dataset.count }));

function drawCounts() {
  const { counts } = client.store;
  if (!counts) return;
  for (const { box, value, name } of counters) {
    const count = counts[name] ?? null;
    setText(value, count === null ? "–" : String(count));
    setData(box, "zero", String(!count));
  }
  const moving = counts.running_deployments ?? 0;
  const title = `${moving ? `${moving} deploying` : counts.apps_failing ? `${counts.apps_failing} failing` : "Deployments"} · Slipway`;
  if (document.title !== title) document.title = title;
}

const appRows = new Map();

function drawApps() {
  const entries = liveApps(client.store).sort((a, b) => a.app.localeCompare(b.app) || a.environment.localeCompare(b.environment));
  const body = $("apps");
  const kept = new Set(entries.map((entry) => appKey(entry.app, entry.environment)));
  for (const [key, view] of appRows) {
    if (kept.has(key)) continue;
    view.element.remove();
    appRows.delete(key);
  }
  let place = body.firstElementChild;
  for (const entry of entries) {
    const key = appKey(entry.app, entry.environment);
    let view = appRows.get(key);
    if (!view) appRows.set(key, (view = new AppView(entry)));
    view.patch(entry);
    if (view.element === place) place = place.nextElementSibling;
    else body.insertBefore(view.element, place);
  }
  $("no-apps").hidden = entries.length > 0;
  body.parentElement.hidden = entries.length === 0;
  fillOptions("app", "All apps", entries.map(({ app }) => app));
  fillOptions("environment", "All environments", entries.map(({ environment }) => environment));
  const names = [...new Set(entries.map(({ environment }) => environment))].sort();
  if ($("environments").childElementCount !== names.length) $("environments").replaceChildren(...names.map((value) => make("option", { value })));
}

function fillOptions(name, all, values) {
  const wanted = [...new Set([...values, ...(address[name] ? [address[name]] : [])])].sort();
  const select = $(name);
  const present = [...select.options].slice(1).map(({ value }) => value);
  if (wanted.length === present.length && wanted.every((value, place) => value === present[place])) return;
  select.replaceChildren(make("option", { value: "", textContent: all }), ...wanted.map((value) => make("option", { value, textContent: value })));
  select.value = address[name];
}

class AppView {
  constructor({ app, environment }) {
    this.filter = make("button", { type: "button", class: "app", textContent: app, title: "Show its deployments", onclick() {
      const on = address.app === app && address.environment === environment;
      setFilters(on ? { app: "", environment: "" } : { app, environment });
      showPane("deployments");
    } });
    this.tag = make("span", { class: "tag", textContent: environment, hidden: environment === "default" });
    this.dot = make("span", { class: "mark", ariaHidden: "true" });
    this.latest = make("a");
    this.time = make("time");
    this.live = make("td");
    this.element = make("tr", {},
      make("th", { scope: "row" }, make("span", { class: "pairing" }, this.filter, this.tag)),
      make("td", { class: "latest-cell" }, make("span", { class: "state" }, this.dot, this.latest), this.time),
      this.live);
  }

  patch(entry) {
    this.entry = entry;
    setData(this.dot, "status", { in_progress: "running", queued: "pending", cancelled: "skipped", superseded: "skipped" }[entry.status] ?? entry.status);
    setText(this.latest, statusWords[entry.status] ?? String(entry.status));
    this.latest.setAttribute("href", hashFor({ id: entry.latest_deployment_id }));
    const live = entry.live_deployment_id ? rowOf(entry.live_deployment_id) : null;
    const digest = shortDigest(entry.image_digest);
    const state = live?.workload?.state ?? "";
    const key = `${entry.live_deployment_id}|${live?.number}|${state}|${live?.workload?.endpoint_url}|${digest}`;
    if (this.key !== key) {
      this.key = key;
      this.element.title = digest ? `Image ${digest}` : "";
      if (!entry.live_deployment_id) this.live.replaceChildren(make("span", { class: "none", textContent: "–" }));
      else {
        const endpoint = live?.workload?.endpoint_url;
        this.live.replaceChildren(
          make("a", { href: hashFor({ id: entry.live_deployment_id }), class: `live ${state}`, textContent: live ? `#${live.number}` : "Show", ariaLabel: live ? null : "Show the live deployment", title: workloadWords[state] ?? "It is older than what is loaded here" }),
          ...(endpoint ? [make("span", { class: "ends" }, link(endpoint, `:${webAddress(endpoint)?.port || "80"}`))] : state && state !== "running" ? [make("span", { class: "ends", textContent: workloadWords[state] })] : []));
      }
    }
    this.tick();
  }

  tick() {
    const { time } = this.entry;
    if (time) setText(this.time, agoText(now() - Date.parse(time)));
    if (time && this.time.dateTime !== time) {
      this.time.dateTime = time;
      this.time.title = dateText(time);
    }
  }
}

function showPane(name) {
  $("main").dataset.pane = name;
  for (const button of $("panes").children) button.setAttribute("aria-pressed", String(button.dataset.pane === name));
}
for (const button of $("panes").children) button.addEventListener("click", () => showPane(button.dataset.pane));

// -------------------------------------------------------------------- time

let seconds = 0;
setInterval(() => {
  if (document.visibilityState === "hidden") return;
  seconds += 1;
  for (const view of views.values()) {
    if (!isFinal(view.row.status) || view.recent || seconds % 10 === 0) view.tick();
  }
  if (seconds % 10 === 0) for (const view of appRows.values()) view.tick();
  shown?.tick();
  showConnection();
}, 1000);

// -------------------------------------------------------------------- the connection

let heardAt = null;

function connectionChanged(before) {
  const { state, mode, error, polled } = client.status;
  if (before.state === "connected" && state !== "connected") heardAt = new Date();
  if (state === "connected") {
    hideNotice();
    if (before.state !== "connected") askWho();
  }
  else if (state === "error" && mode === "live" && error) {
    if (error.status === 401) askForToken();
    else showNotice(error.status ? `The server refused: ${error.title ?? error.status}` : "Offline", error.status ? error.message : `${error.message} Is it still running?`);
  } else if (mode === "polling" && polled === false) {
    const since = heardAt ? ` What is shown is as of ${clockText(heardAt)}.` : "";
    showNotice("The server cannot be reached", `${error?.message && error.status ? `${error.title}: ${error.message}` : "It may be restarting, or the network is gone."} It is asked again every few seconds.${since}`);
  } else if (mode === "polling" && polled) {
    if (client.status.buffering) showNotice("A proxy is buffering", `${bufferingAdvice} Until then the lists are asked every 5 seconds.`);
    else showNotice("Streaming does not get through", "The lists are asked every 5 seconds instead, so what is shown may be a little late. Streaming is tried again every minute.");
  }
  showConnection();
  schedule();
}

function showConnection() {
  const { state, mode, attempt, retryAt, polled, role, error, buffering } = client.status;
  const wait = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
  let [kind, words, again] = ["connecting", "Connecting…", ""];
  if (state === "connected") [kind, words] = ["connected", "Live"];
  else if (state === "reconnecting") [kind, words, again] = ["waiting", wait ? `Reconnecting in ${wait}s` : "Reconnecting…", "Try now"];
  else if (mode === "polling" && polled !== false) [kind, words, again] = ["polling", "Polling", "Try streaming"];
  else if (state === "error") [kind, words, again] = ["offline", error?.status && error.status < 500 ? "Refused" : "Offline", "Try again"];
  const connection = $("connection");
  if (connection.dataset.state !== kind) {
    connection.dataset.state = kind;
    // Not the words themselves: they count seconds. The page has just opened where nothing was said yet.
    if ($("notice").hidden && kind !== "connecting" && (kind !== "connected" || $("said").textContent)) say(kind === "waiting" ? "The connection was lost." : words);
  }
  setText($("connection-text"), words);
  const about = kind === "connected" ? (role === "follower" ? "Events arrive as they happen, over the connection of another tab." : "Events arrive as they happen.")
    : kind === "waiting" ? `The connection was lost (${error?.message ?? "no answer"}). Attempt ${attempt}.`
      : kind === "polling" ? (buffering ? "A proxy holds the stream back; the lists are asked every 5 s." : "The lists are asked every 5 s.") : error?.message ?? "";
  if (connection.title !== about) connection.title = about;
  $("try-again").hidden = again === "";
  if (again) setText($("try-again"), again);
}
$("try-again").addEventListener("click", () => (client.mode === "polling" ? client.resetFallback() : client.reconnect()));

function showNotice(title, words) {
  $("notice").hidden = false;
  $("sign-in").hidden = true;
  setText($("notice-title"), title);
  setText($("notice-text"), words);
  say(`${title}. ${words}`);
}

/** For those who do not see it: a notice that was hidden is not read out by itself. */
function say(words) {
  setText($("said"), words);
}

function hideNotice() {
  $("notice").hidden = true;
}

/** Asks whom the server takes this page for: what that may not do is not offered. */
async function askWho() {
  const who = await api("/session").then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (!who) return;
  document.documentElement.dataset.role = who.role;
  $("who").hidden = who.name === null;
  setText($("who-name"), who.name === null ? "" : `${who.name}, ${who.role}`);
}
$("sign-out").addEventListener("click", async () => {
  // What is shown goes with the page.
  const answer = await api("/session", { method: "DELETE" }).catch(() => null);
  if (answer?.ok) location.reload();
  else showNotice("Not signed out", answer ? "The server refused; try again." : "No answer came; try again.");
});

function askForToken() {
  showNotice("This server asks for a token", "It is sent to this server only.");
  $("sign-in").hidden = false;
}
$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  if (!token) return;
  $("token").value = "";
  const answer = await api("/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) }).catch(() => null);
  // What another token has shown goes with the page.
  if (answer?.ok) location.reload();
  else {
    setText($("notice-text"), answer ? "That token was not taken." : "No answer came; try again.");
    say($("notice-text").textContent);
  }
});

// -------------------------------------------------------------------- asking for something

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Clipboard access is refused outside secure contexts; a selection still can be copied.
    const area = make("textarea", { value: text, class: "hidden-visually", tabIndex: -1 });
    const focused = document.activeElement;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return done;
  }
}

async function copied(button, text) {
  const word = (button.dataset.word ??= button.textContent);
  button.textContent = (await copyText(text)) ? "Copied" : "Refused";
  clearTimeout(button.calming);
  button.calming = setTimeout(() => (button.textContent = word), 1500);
}

/** A shell command that asks for a deployment; single quotes hold any text in a POSIX shell. */
function curlCommand(request, stream = false) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const path = stream ? "/api/deploy/docker-registry/stream" : "/api/deployments";
  return [`curl ${stream ? "-N " : ""}-X POST ${quote(location.origin + path)}`, "-H 'Content-Type: application/json'", `-d ${quote(JSON.stringify(request, null, 2))}`].join(" \\\n  ");
}

/** A button that acts on the second press: what it does cannot be taken back. */
function confirmed(button, question, act) {
  const word = button.textContent;
  let timer = null;
  const calm = () => {
    clearTimeout(timer);
    timer = null;
    button.textContent = word;
    delete button.dataset.sure;
  };
  button.addEventListener("click", () => {
    if (timer === null) {
      button.textContent = question;
      button.dataset.sure = "";
      timer = setTimeout(calm, 4000);
    } else {
      calm();
      act();
    }
  });
  button.addEventListener("blur", calm);
}

// -------------------------------------------------------------------- details

let shown = null;
let returnTo = null;
const details = $("details");

function openDetails(id) {
  shown?.end();
  returnTo ??= document.activeElement?.closest?.(".row") ?? null;
  shown = new Details(id);
  if (!details.open) details.showModal();
  $("d-title").focus({ preventScroll: true });
  details.querySelector(".drawer-body").scrollTop = 0;
}

function closeDetails() {
  shown?.end();
  shown = null;
  if (details.open) details.close();
  const back = returnTo && views.get(returnTo.dataset.id)?.anchor;
  returnTo = null;
  back?.focus();
}

details.addEventListener("close", () => {
  if (address.id) location.hash = hashFor({ id: null });
});
$("d-close").addEventListener("click", () => details.close());
details.addEventListener("click", (event) => event.target === details && details.close());

const eventBound = 2000;

/** What the drawer shows of one deployment. */
class Details {
  constructor(id) {
    this.id = id;
    this.record = null;
    this.row = null;
    this.lines = [];
    this.after = 0;
    this.controller = new AbortController();
    for (const name of ["d-title", "d-environment", "d-image", "d-status", "d-when", "d-note", "log-note"]) $(name).textContent = "";
    $("d-environment").hidden = true;
    for (const button of $("d-actions").querySelectorAll("button")) button.hidden = true;
    details.classList.remove("is-unknown");
    delete details.dataset.tone;
    for (const name of ["log-events", "log-container", "d-timeline", "d-facts", "d-card"]) $(name).replaceChildren();
    $("d-gauge").hidden = $("d-card").hidden = $("latest").hidden = true;
    this.timeline = [];
    this.selectLog("events");
    this.changed();
    this.fetchRecord();
    this.fetchEvents();
  }

  end() {
    this.controller.abort();
    this.log?.abort();
    clearTimeout(this.eventsTimer);
  }

  /** The store has another row, or none. */
  changed() {
    const before = this.row;
    const known = rowOf(this.id);
    // Gone from the list it is forgotten, or only older than what a snapshot holds.
    if (!known && this.listed) this.fetchRecord();
    this.listed = known !== null;
    this.row = known ?? (this.gone ? null : this.record);
    const { row } = this;
    if (!row) {
      if (before) {
        $("d-note").textContent = "This deployment was forgotten.";
        for (const button of $("d-actions").querySelectorAll("button")) button.hidden = true;
      }
      return;
    }
    if (before === row) return;
    setText($("d-title"), row.app);
    setText($("d-environment"), row.environment);
    $("d-environment").hidden = false;
    setText($("d-image"), `#${row.number ?? "–"} · ${row.image}`);
    setData(details, "tone", toneOf(row));
    const [word, rest] = story(row);
    setText($("d-status"), word);
    this.rest = row.status === "in_progress" || row.status === "failed" ? "" : rest;
    this.showGauge(row);
    this.showTimeline(row);
    this.showButtons(row);
    this.tick();
    const ended = before && isFinal(before.status) !== isFinal(row.status);
    if (ended || (before && JSON.stringify(before.workload) !== JSON.stringify(row.workload))) this.fetchRecord();
    this.showCard(row);
    this.showFacts(row);
    if (before && before.event_id !== row.event_id) this.laterEvents(before.stage !== row.stage || ended);
  }

  tick() {
    const { row } = this;
    if (!row) return;
    const ended = isFinal(row.status);
    const took = durationText((ended ? Date.parse(row.finished_at ?? row.updated_at) : now()) - Date.parse(row.created_at), { whole: !ended });
    const live = row.status === "success" && row.workload && workloadStatus(row) !== "gone";
    const words = row.status === "in_progress" ? "" // the gauge has it
      : !ended ? `Waiting for ${took}`
      : live ? `${this.rest ? `${this.rest} · ` : ""}for ${durationText(now() - Date.parse(row.workload.since), { whole: true })}`
        : `${this.rest ? `${this.rest} · ` : ""}${agoText(now() - Date.parse(row.workload?.since ?? row.finished_at ?? row.updated_at))}`;
    setText($("d-when"), ended ? `${words} · deployed in ${took}`.replace("deployed in", row.status === "success" ? "deployed in" : "ended after") : words);
    setText($("d-elapsed"), took);
    for (const { step, took: place } of this.timeline) setText(place, stepTime(step));
  }

  showGauge(row) {
    const active = row.status === "in_progress";
    $("d-gauge").hidden = !active;
    if (!active) return;
    setText($("d-percent"), String(row.progress));
    $("d-fill").style.transform = `scaleX(${row.progress / 100})`;
    $("d-bar").setAttribute("aria-valuenow", String(row.progress));
    $("d-bar").setAttribute("aria-valuetext", `${row.progress} %, ${stageTitle(row.stage)}`);
    setText($("d-message"), row.message ?? "");
    const { bytes_done: done, bytes_total: total, bytes_per_second: rate, eta_seconds: eta, layers_done: layers, layers_total: all } = row.detail ?? {};
    const moving = typeof done === "number";
    const figures = moving ? [["Transferred", bytesText(done, total)], ["Rate", typeof rate === "number" ? `${bytesText(rate)}/s` : "–"], ["Time left", typeof eta === "number" ? durationText(eta * 1000, { whole: true }) : "–"]] : [];
    if (typeof all === "number") figures.push(["Layers", `${layers ?? 0} of ${all}`]);
    const box = $("d-figures");
    box.hidden = figures.length === 0;
    if (box.childElementCount !== figures.length) box.replaceChildren(...figures.map(() => make("div", {}, make("dt"), make("dd"))));
    figures.forEach(([name, value], place) => {
      setText(box.children[place].firstChild, name);
      setText(box.children[place].lastChild, value);
    });
  }

  showTimeline(row) {
    const steps = row.stages ?? [];
    if (this.timeline.length !== steps.length) {
      this.timeline = steps.map(() => {
        const view = { item: make("li"), name: make("span", { class: "name" }), took: make("span", { class: "took" }), word: make("span", { class: "hidden-visually" }) };
        view.item.append(make("span", { class: "mark", ariaHidden: "true" }), make("span", {}, view.name, view.word), view.took);
        return view;
      });
      $("d-timeline").replaceChildren(...this.timeline.map(({ item }) => item));
    }
    steps.forEach((step, place) => {
      const view = this.timeline[place];
      view.step = step;
      setData(view.item, "status", place >= 6 && step.status === "running" && workloadStatus(row) === "live" ? "live" : step.status);
      view.item.classList.toggle("life", place >= 6);
      if (step.status === "running") view.item.setAttribute("aria-current", "step");
      else view.item.removeAttribute("aria-current");
      setText(view.name, stageTitle(step.name));
      setText(view.word, `, ${stepWords[step.status] ?? step.status}`);
      setText(view.took, stepTime(step));
    });
  }

  showButtons(row) {
    const ended = isFinal(row.status);
    const state = row.workload?.state;
    $("d-cancel").hidden = ended;
    $("d-stop").hidden = !["running", "unhealthy", "restarting"].includes(state);
    $("d-start").hidden = state !== "stopped";
    $("d-again").hidden = !ended;
    $("d-forget").hidden = !ended || !(state == null || state === "stopped" || state === "removed");
  }

  showFacts(row) {
    const metadata = row.result?.metadata ?? {};
    const replaced = rowOf(byContainer.get(shortContainer(metadata.replaced)));
    const next = row.workload?.state === "removed" ? rowOf(byReplaced.get(shortContainer(row.result?.deployment_id))) : null;
    const open = (target) => make("a", { href: hashFor({ id: target.id }), textContent: `#${target.number}` });
    const about = this.record?.metadata;
    const pairs = [
      ["Container", [row.container_name, row.result?.deployment_id && `(${row.result.deployment_id})`].filter(Boolean).join(" ")],
      ["Replaced", metadata.replaced ? (replaced ? open(replaced) : shortContainer(metadata.replaced)) : null],
      ["Replaced by", next && open(next)],
      ["Digest", metadata.image_digest],
      ["Asked for", dateText(row.created_at)],
      ["Ended", dateText(row.finished_at)],
      ["Deployment", row.id],
      ...(about && typeof about === "object" ? Object.entries(about).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]) : []),
    ].filter(([, value]) => value !== null && value !== undefined && value !== "");
    const key = pairs.map(([name, value]) => `${name}=${value.href ?? value}`).join("\n");
    if (this.factsKey === key) return;
    this.factsKey = key;
    $("d-facts").replaceChildren(...pairs.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", {}, value)]));
  }

  /** How it ended: where it answers, or what went wrong and what to do. */
  showCard(row) {
    const full = this.record?.status === row.status ? this.record : row;
    const key = JSON.stringify([row.status, row.workload, full.failure, row.result?.metadata?.durations_ms]);
    if (this.cardKey === key) return;
    this.cardKey = key;
    const parts = row.status === "success" ? successParts(row) : row.failure || full.failure ? failureParts(row, full.failure ?? row.failure) : [];
    $("d-card").hidden = parts.length === 0;
    $("d-card").className = `card ${row.status === "failed" ? "bad" : "still"}`;
    $("d-card").replaceChildren(...parts);
  }

  async fetchRecord() {
    try {
      const answer = await api(`/deployments/${encodeURIComponent(this.id)}`, { signal: this.controller.signal });
      if (!answer.ok) throw await Problem.from(answer);
      const record = await answer.json();
      if (shown !== this) return;
      this.record = record;
      index(record);
      if (rowOf(this.id)) {
        this.showCard(this.row);
        this.showFacts(this.row);
      } else this.changed();
    } catch (error) {
      if (this.controller.signal.aborted) return;
      if (error.status === 404 && this.row && !rowOf(this.id)) {
        this.gone = true;
        this.changed();
      } else if (!this.row) {
        details.classList.add("is-unknown");
        setText($("d-title"), error.status === 404 ? "Not known here" : "Cannot be shown");
        setText($("d-note"), error.status === 404 ? "This server does not know that deployment. It may have been forgotten." : "The server did not answer.");
      }
    }
  }

  // ------------------------------------------------------------ events

  laterEvents(soon) {
    if (this.eventsTimer && !soon) return;
    clearTimeout(this.eventsTimer);
    this.eventsTimer = setTimeout(() => {
      this.eventsTimer = null;
      this.fetchEvents();
    }, soon ? 30 : 1000);
  }

  async fetchEvents() {
    if (this.fetching) return (this.again = true);
    this.fetching = true;
    try {
      for (;;) {
        const answer = await api(`/deployments/${encodeURIComponent(this.id)}/events?after=${this.after}&limit=500`, { signal: this.controller.signal });
        if (!answer.ok) break;
        const { events } = await answer.json();
        if (shown !== this) return;
        if (events.length === 0) break;
        this.after = events.at(-1).event_id;
        this.addEvents(events);
      }
    } catch {
      // The next event asks again.
    } finally {
      this.fetching = false;
      if (this.again && shown === this) {
        this.again = false;
        this.laterEvents(false);
      }
    }
  }

  /** Byte progress of one stage stays on one line, which is kept up to date. */
  addEvents(events) {
    const log = $("log-events");
    const stuck = atEnd(log);
    const fresh = document.createDocumentFragment();
    for (const event of events) {
      const moving = typeof event.detail?.bytes_done === "number";
      const last = this.lines.at(-1);
      let line = moving && last?.moving && last.stage === event.stage ? last : null;
      if (!line) {
        line = { moving, stage: event.stage, element: make("div", { class: `line s-${Object.hasOwn(stages, event.stage) ? event.stage : "other"}` }, make("time"), make("span", { class: "tag-word" }), make("span", { class: "words" })) };
        this.lines.push(line);
        fresh.append(line.element);
      }
      const [time, tag, words] = line.element.children;
      time.textContent = clockText(new Date(event.timestamp));
      time.dateTime = event.timestamp;
      tag.textContent = stageTag(event.stage);
      words.textContent = event.message;
    }
    log.append(fresh);
    for (const line of this.lines.splice(0, Math.max(0, this.lines.length - eventBound))) line.element.remove();
    if (stuck) log.scrollTop = log.scrollHeight;
    this.showLatest();
  }

  // ------------------------------------------------------------ the container's log

  selectLog(name) {
    this.selected = name;
    for (const which of ["events", "container"]) {
      const on = which === name;
      $(`t-${which}`).setAttribute("aria-selected", String(on));
      $(`t-${which}`).tabIndex = on ? 0 : -1;
      $(`log-${which}`).hidden = !on;
    }
    $("log-note").textContent = "";
    if (name === "container" && !this.log) this.follow();
    if (name === "container" && this.logWords) $("log-note").textContent = this.logWords;
    this.showLatest();
  }

  showLatest() {
    $("latest").hidden = atEnd($(`log-${this.selected}`));
  }

  sayLog(words) {
    this.logWords = words;
    if (this.selected === "container") setText($("log-note"), words);
  }

  async follow() {
    const controller = (this.log = new AbortController());
    const box = $("log-container");
    box.replaceChildren();
    let pending = [];
    let drawing = null;
    const drawLines = () => {
      drawing = null;
      if (controller.signal.aborted || pending.length === 0) return;
      const stuck = atEnd(box);
      box.append(...pending.map((text) => make("div", { class: "line plain", textContent: text || " " })));
      pending = [];
      while (box.childElementCount > eventBound) box.firstElementChild.remove();
      if (stuck) box.scrollTop = box.scrollHeight;
      this.showLatest();
    };
    try {
      this.sayLog("Asking…");
      const live = this.row?.workload && workloadStatus(this.row) !== "gone";
      const answer = await api(`/deployments/${encodeURIComponent(this.id)}/logs?follow=${live ? "true" : "false"}&tail=200`, { headers: { Accept: "text/event-stream" }, signal: controller.signal });
      if (!answer.ok) throw await Problem.from(answer);
      this.sayLog(live ? "Following" : "");
      const parser = new EventStreamParser();
      const reader = answer.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        for (const { data } of parser.push(value)) pending.push(data);
        if (pending.length > eventBound) pending.splice(0, pending.length - eventBound);
        if (pending.length) drawing ??= requestAnimationFrame(drawLines);
      }
      this.sayLog(box.childElementCount || pending.length ? (live ? "The log has ended." : "") : "The container has written nothing.");
    } catch (error) {
      if (!controller.signal.aborted) this.sayLog(error instanceof Problem ? error.message : "The connection was lost.");
    }
    drawLines(); // a frame that is still to come must find nothing to add to the next answer
    // Asked for again when it is selected again.
    if (this.log === controller) this.log = null;
  }
}

const atEnd = (box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 12;

function stepTime({ status, started_at: started, finished_at: finished }) {
  if (status === "skipped") return "skipped";
  if (!started) return "";
  if (finished) return durationText(Date.parse(finished) - Date.parse(started));
  return durationText(now() - Date.parse(started), { whole: true });
}

function successParts(row) {
  const metadata = row.result?.metadata ?? {};
  const gone = row.workload && workloadStatus(row) === "gone";
  const urls = row.workload ? row.workload.urls ?? {} : metadata.urls ?? {};
  const health = row.workload?.health ?? metadata.health_status ?? {};
  const names = [...new Set([...Object.keys(urls), ...(gone ? [] : Object.keys(health))])];
  const parts = [];
  if (names.length) {
    parts.push(make("h3", { textContent: "Answers at" }));
    parts.push(make("table", {},
      make("thead", {}, make("tr", {}, ...["Port", "Address", "Health"].map((name) => make("th", { scope: "col", textContent: name })))),
      make("tbody", {}, ...names.map((name) => {
        const well = health[name];
        return make("tr", {}, make("th", { scope: "row", textContent: name }), make("td", { class: "mono" }, urls[name] ? link(urls[name]) : "–"),
          make("td", { class: well === true ? "up" : well === false ? "down" : "", textContent: well === true ? "healthy" : well === false ? "not healthy" : "not checked" }));
      }))));
  }
  const spent = Object.entries(metadata.durations_ms ?? {}).filter(([name, value]) => Object.hasOwn(stages, name) && value > 0);
  if (spent.length) {
    parts.push(make("h3", { textContent: "Where the time went" }));
    parts.push(make("div", { class: "spent", ariaHidden: "true" }, ...spent.map(([name, value]) => {
      const part = make("span", { class: `s-${name}` });
      part.style.flexGrow = String(value);
      return part;
    })));
    parts.push(make("ul", { class: "spent-key" }, ...spent.map(([name, value]) => make("li", { class: `s-${name}`, textContent: `${stageTitle(name)} ${durationText(value)}` }))));
  }
  return parts;
}

function failureParts(row, failure) {
  const lines = (value) => (Array.isArray(value) ? value.map(String) : []);
  const where = stageTitle(failure.stage);
  const title = row.status !== "failed" ? statusWords[row.status] ?? row.status : stages[failure.stage] ? `Failed while ${where.charAt(0).toLowerCase()}${where.slice(1)}` : "Failed";
  const code = [failure.code, typeof failure.exit_code === "number" && `exit code ${failure.exit_code}`].filter(Boolean).join(" · ");
  const parts = [make("h3", { textContent: title }), make("p", { textContent: failure.message || row.message }), make("p", { class: "code", textContent: code })];
  if (failure.hint) parts.push(make("h4", { textContent: "What to do" }), make("p", { textContent: failure.hint }));
  for (const [name, tail] of [["The container’s last lines", failure.container_log_note ? [String(failure.container_log_note)] : lines(failure.container_log_tail)], ["What the engine said", lines(failure.output_tail)]]) {
    if (tail.length) parts.push(make("h4", { textContent: name }), make("pre", { tabIndex: 0, role: "region", ariaLabel: name, textContent: tail.join("\n") }));
  }
  const sides = [["Undone", lines(failure.undone)], ["Left behind", lines(failure.left)]].filter(([, items]) => items.length);
  const list = (items) => make("ul", { class: "plain" }, ...items.map((item) => make("li", { textContent: item })));
  if (sides.length) parts.push(make("div", { class: "sides" }, ...sides.map(([name, items]) => make("div", {}, make("h4", { textContent: name }), list(items)))));
  return parts;
}

for (const which of ["events", "container"]) {
  $(`t-${which}`).addEventListener("click", () => shown?.selectLog(which));
  $(`t-${which}`).addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = which === "events" ? "container" : "events";
    shown?.selectLog(other);
    $(`t-${other}`).focus();
  });
  $(`log-${which}`).addEventListener("scroll", () => shown?.showLatest(), { passive: true });
}
$("latest").addEventListener("click", () => {
  const box = $(`log-${shown.selected}`);
  box.scrollTop = box.scrollHeight;
  box.focus();
});

/** Asks for something about the deployment that is shown, and says how that went. */
async function ask(words, method, path, body, done) {
  const mine = shown;
  const say = (text) => shown === mine && setText($("d-note"), text);
  say(words);
  try {
    const answer = await api(`/deployments/${encodeURIComponent(mine.id)}${path}`, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
    if (!answer.ok) throw await Problem.from(answer);
    say("");
    done?.(mine);
  } catch (error) {
    say(error instanceof Problem ? error.message : "The server did not answer.");
  }
}
confirmed($("d-cancel"), "Really cancel?", () => ask("Cancelling: what was made so far is being undone.", "POST", "/cancel"));
confirmed($("d-stop"), "Really stop?", () => ask("Stopping; it has 10 seconds to end by itself.", "POST", "/stop", { timeout_seconds: 10 }));
$("d-start").addEventListener("click", () => ask("Starting…", "POST", "/start"));
confirmed($("d-forget"), "Really forget?", () => ask("Forgetting…", "DELETE", "", undefined, (mine) => {
  mine.gone = true;
  older.delete(mine.id);
  listDirty = true;
  schedule();
  if (shown === mine) details.close();
}));
$("d-again").addEventListener("click", () => openForm(shown.row));

// -------------------------------------------------------------------- a new deployment

const sheet = $("form");
const form = $("deploy-form");
const memoryKey = "slipway.dashboard.requests";
/** A submission of which it is not known whether it arrived: sent again under the same key, it cannot start twice. */
let unanswered = null;

const remembered = (app, environment) => keep.read(memoryKey)?.[`${environment}\n${app}`] ?? {};

/** Keeps what a next deployment of the app needs, without values of the environment. */
function remember(request) {
  const all = keep.read(memoryKey) ?? {};
  const { env_vars: env, ...rest } = request;
  all[`${request.environment ?? "default"}\n${request.script_name}`] = { ...rest, ports_text: $("f-ports").value, env_names: Object.keys(env ?? {}) };
  for (const key of Object.keys(all).slice(0, -100)) delete all[key];
  keep.write(memoryKey, all);
}

function openForm(record = null) {
  clearFaults();
  form.reset();
  $("f-note").textContent = "";
  setText($("f-title"), record ? `Deploy ${record.app} again` : "New deployment");
  let lead = "A folder goes into a fresh container of an image. What ran before stays up until the new one is healthy.";
  if (record) {
    const last = remembered(record.app, record.environment);
    const values = { ...last, script_name: record.app, environment: record.environment, registry_image: record.image, container_name: record.container_name };
    for (const control of form.elements) {
      const value = control.name.startsWith("health.") ? last.health?.[control.name.slice(7)] : values[control.name];
      if (control.name && (typeof value === "string" || typeof value === "number")) control.value = value;
    }
    $("f-ports").value = last.ports_text ?? "";
    const names = Object.keys(record.result?.metadata?.urls ?? {});
    lead = `As #${record.number} was, as far as it is known.`;
    if (!last.script_folder) lead += " The folder is not part of the history.";
    if (!last.ports_text && names.length) lead += ` It published ${names.join(", ")}.`;
    lead += last.env_names?.length ? ` Give the values of ${last.env_names.join(", ")} again: they are not kept.` : " Values of its environment must be given again: they are not kept.";
  } else {
    $("f-script_name").value = address.app;
    $("f-environment").value = address.environment;
  }
  setText($("f-lead"), lead);
  placeholders();
  if (!sheet.open) sheet.showModal();
  (record && !$("f-script_folder").value ? $("f-script_folder") : record ? $("f-registry_image") : $("f-script_name")).focus();
}

function placeholders() {
  $("f-container_name").placeholder = `fractalic-${$("f-script_name").value.trim() || "…"}`;
}

const numeric = (text) => (/^[0-9]{1,9}$/.test(text) ? Number(text) : text);

/** The request as the form has it, and what cannot be written as JSON at all. */
function gather() {
  const request = {};
  const faults = [];
  for (const control of form.elements) {
    const value = control.name && control.tagName !== "TEXTAREA" ? control.value.trim() : "";
    if (!value) continue;
    if (control.name.startsWith("health.")) (request.health ??= {})[control.name.slice(7)] = control.name.endsWith("seconds") ? numeric(value) : value;
    else request[control.name] = value;
  }
  for (const name of ["script_name", "script_folder"]) if (!request[name]) faults.push({ field: name, message: "is required" });
  const lines = (id) => $(id).value.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const ports = lines("f-ports");
  if (ports.length === 1 && ports[0] === "none") request.ports = {};
  else if (ports.length) {
    request.ports = {};
    for (const line of ports) {
      const [, name, host, container] = /^([^=\s]+)\s*=\s*(?:(\d+):)?(\S+)$/.exec(line) ?? [];
      if (!name) faults.push({ field: "ports", message: `“${line}” is not of the form name=port` });
      else request.ports[name] = host ? { container: numeric(container), host: numeric(host) } : numeric(container);
    }
  }
  for (const line of lines("f-env_vars")) {
    const place = line.indexOf("=");
    if (place < 1) faults.push({ field: "env_vars", message: "each line has the form NAME=value" });
    else (request.env_vars ??= {})[line.slice(0, place).replace(/^export\s+/, "").trim()] = line.slice(place + 1);
  }
  return { request, faults };
}

function clearFault(control) {
  if (!control.getAttribute?.("aria-invalid")) return;
  control.removeAttribute("aria-invalid");
  const faultId = `${control.id}-fault`;
  $(faultId)?.remove();
  const rest = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== faultId);
  if (rest.length) control.setAttribute("aria-describedby", rest.join(" "));
  else control.removeAttribute("aria-describedby");
}

function clearFaults() {
  for (const control of form.querySelectorAll("[aria-invalid]")) clearFault(control);
  $("f-summary").hidden = true;
}

/** The control a path such as `ports.frontend.container` speaks of. */
function controlFor(path) {
  for (let key = String(path ?? ""); key; key = key.slice(0, Math.max(0, key.lastIndexOf(".")))) {
    const control = form.elements.namedItem(key);
    if (control) return control;
  }
  return null;
}

function showFaults(title, faults) {
  clearFaults();
  setText($("f-summary-title"), title);
  $("f-faults").replaceChildren(...faults.map(({ field, message }) => {
    const label = field ? `${field}: ${message}` : message;
    const control = controlFor(field);
    if (!control) return make("li", { textContent: label });
    const faultId = `${control.id}-fault`;
    const words = control.name === field ? message : label;
    if (control.closest("details")) control.closest("details").open = true;
    if ($(faultId)) $(faultId).textContent += ` ${words}`;
    else {
      control.closest(".field").append(make("p", { class: "fault", id: faultId, textContent: words }));
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${faultId}`.trim());
    }
    return make("li", {}, make("a", { href: `#${control.id}`, textContent: label, onclick(event) {
      event.preventDefault(); // the address belongs to what is shown
      control.focus();
    } }));
  }));
  $("f-summary").hidden = false;
  $("f-summary").focus();
  $("f-summary").scrollIntoView({ block: "nearest" });
}

form.addEventListener("input", (event) => {
  clearFault(event.target);
  placeholders();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if ($("f-submit").disabled) return;
  const { request, faults } = gather();
  if (faults.length) return showFaults(faults.length === 1 ? "One value needs attention" : `${faults.length} values need attention`, faults);
  clearFaults();
  const body = JSON.stringify(request);
  if (unanswered?.body !== body) unanswered = { body, key: [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
  $("f-submit").disabled = true;
  $("f-note").textContent = "Asking…";
  try {
    const ask = () => api("/deployments", { method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": unanswered.key }, body });
    // A browser drops its requests where a network interface comes or goes, as one does with every container.
    const answer = await ask().catch(() => new Promise((resolve) => setTimeout(resolve, 300)).then(ask));
    // After a fault of the server, or half an answer, it may have been taken all the same.
    if (answer.status >= 400 && answer.status < 500) unanswered = null;
    if (!answer.ok) throw await Problem.from(answer);
    const record = await answer.json();
    unanswered = null;
    remember(request);
    $("f-env_vars").value = "";
    sheet.close();
    location.hash = hashFor({ id: record.id });
  } catch (error) {
    $("f-note").textContent = "";
    const { errors } = error.document ?? {};
    if (Array.isArray(errors) && errors.length) showFaults(errors.length === 1 ? "One value needs attention" : `${errors.length} values need attention`, errors);
    else if (error instanceof Problem) showFaults(error.title, [{ message: error.message + (error.retryAfter ? ` Try again in ${durationText(error.retryAfter, { whole: true })}.` : "") }]);
    else showFaults("No answer came", [{ message: "Whether it was taken is not known; asking again is safe, it cannot start twice." }]);
  } finally {
    $("f-submit").disabled = false;
  }
});
for (const id of ["f-close", "f-cancel"]) $(id).addEventListener("click", () => sheet.close());
sheet.addEventListener("close", () => ($("f-env_vars").value = ""));
$("f-curl").addEventListener("click", async () => {
  const { request } = gather();
  for (const name of Object.keys(request.env_vars ?? {})) request.env_vars[name] = "…";
  $("f-note").textContent = (await copyText(curlCommand(request, true))) ? (request.env_vars ? "Copied; secret values stand as “…”." : "Copied.") : "The browser refused to copy.";
});
$("new").addEventListener("click", () => openForm());

// -------------------------------------------------------------------- keys

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog[open]")) return;
  if (event.key === "/") {
    event.preventDefault();
    showPane("deployments");
    $("q").focus();
  } else if (event.key === "n") {
    event.preventDefault();
    openForm();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const row = event.target.closest(".row");
    if (!row) return;
    event.preventDefault();
    const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    next?.querySelector("a.app").focus();
  }
});

applyAddress();
showConnection();
schedule();
