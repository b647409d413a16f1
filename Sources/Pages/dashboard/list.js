// The list of deployments.
import { compareRows } from "../slipway.js";
import { $, make } from "./dom.js";
import { client, dirty, older, rowOf, stale } from "./state.js";
import { address, filterNames } from "./address.js";
import { RowView } from "./row.js";
import { cursors } from "./history.js";
import { drawApps, drawCounts } from "./apps.js";
import { copied, curlCommand } from "./actions.js";
import { shown } from "./drawer.js";
import { openForm } from "./form.js";

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

export const views = new Map();

function drawList() {
  const list = $("list");
  const wanted = wantedRows();
  const kept = new Set(wanted.map(({ id }) => id));
  // Rows that are gone are removed first, so that a row that need not move keeps the focus.
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

export function draw() {
  if (stale.all) {
    for (const view of views.values()) {
      const row = rowOf(view.id);
      if (row) view.patch(row);
    }
  }
  if (stale.list) drawList();
  else {
    for (const id of dirty) {
      const row = rowOf(id);
      if (!row) continue;
      // Any change of a row's words can make a text search match it, or no longer match it.
      if (address.q && matches(row) !== views.has(id)) return (stale.list = true), draw();
      views.get(id)?.patch(row);
    }
  }
  if (stale.apps) drawApps();
  drawCounts();
  if (shown && (stale.all || dirty.has(shown.id))) shown.changed();
  dirty.clear();
  stale.all = stale.list = stale.apps = false;
}

/** Shows a text in place of rows if there are none. */
function drawBlank(count) {
  const blank = $("blank");
  const filtered = filterNames.some((name) => address[name]);
  const kind = count ? "" : !client.store.ready ? "wait" : filtered ? (cursors.end ? "filter-all" : "filter") : "empty";
  blank.hidden = kind === "";
  document.body.classList.toggle("is-empty", kind === "empty");
  if (blank.dataset.kind === kind) return;
  blank.dataset.kind = kind;
  if (kind === "wait") blank.replaceChildren(make("p", { class: "lead", textContent: "Loading deployments…" }));
  if (kind.startsWith("filter")) {
    blank.replaceChildren(
      make("h2", { textContent: "Nothing matches" }),
      make("p", { class: "lead", textContent: kind === "filter" ? "None of the loaded deployments matches these filters. You can load older ones below." : "No deployment matches these filters." }),
      make("button", { type: "button", class: "quiet", textContent: "Clear the filters", onclick: () => $("clear").click() }));
  }
  if (kind === "empty") {
    const command = curlCommand(location.origin, { script_name: "site", script_folder: "/srv/apps/site", registry_image: "localhost:5000/web:1", ports: { frontend: 3000 } });
    const copy = make("button", { type: "button", class: "link", textContent: "Copy", ariaLabel: "Copy the command", onclick: () => copied(copy, command) });
    const create = make("button", { type: "button", class: "primary", textContent: "New deployment", onclick: () => openForm() });
    create.dataset.needs = "deployer";
    blank.replaceChildren(
      make("h2", { textContent: "Nothing deployed yet" }),
      make("p", { class: "lead", textContent: "A deployment copies a folder into a new container of an image and reports every step. It appears here as soon as anybody requests it." }),
      make("div", { class: "actions" }, create, make("span", { class: "note", textContent: "or from a terminal:" })),
      make("div", { class: "command" }, make("pre", { tabIndex: 0, role: "region", ariaLabel: "The command", textContent: command }), copy));
  }
}
