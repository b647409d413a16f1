// The counters and the apps.
import { appKey, liveApps } from "../slipway.js";
import { $, make, setData, setText } from "./dom.js";
import { agoText, dateText, link, shortDigest, statusWords, webAddress, workloadWords } from "./words.js";
import { client, now, rowOf } from "./state.js";
import { address, hashFor, setFilters } from "./address.js";

const counters = [...document.querySelectorAll("#counters > div")].map((box) => ({ box, value: box.querySelector("dd"), name: box.dataset.count }));

export function drawCounts() {
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

export const appRows = new Map();

export function drawApps() {
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
          make("a", { href: hashFor({ id: entry.live_deployment_id }), class: `live ${state}`, textContent: live ? `#${live.number}` : "Show", ariaLabel: live ? null : "Show the live deployment", title: workloadWords[state] ?? "This deployment is older than those that are loaded" }),
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

export function showPane(name) {
  $("main").dataset.pane = name;
  for (const button of $("panes").children) button.setAttribute("aria-pressed", String(button.dataset.pane === name));
}
for (const button of $("panes").children) button.addEventListener("click", () => showPane(button.dataset.pane));
