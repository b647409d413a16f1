// Deployments that are older than those of the feed.
import { Problem, compareRows } from "../slipway.js";
import { $, api } from "./dom.js";
import { client, index, older, rowOf, schedule, stale } from "./state.js";
import { address, hashFor } from "./address.js";
import { views } from "./list.js";

export const cursors = { next: null, pages: 0, end: false, busy: false, key: "limit=100" };

export function filtersChanged() {
  stale.list = true;
  for (const view of views.values()) view.anchor.setAttribute("href", hashFor({ id: view.id }));
  schedule();
  // A text is searched for in the loaded rows only.
  if (cursors.key === String(historyQuery(null))) return;
  Object.assign(cursors, { next: null, pages: 0, end: false, key: String(historyQuery(null)) });
  older.clear();
  $("older-note").textContent = "";
  // The snapshot has the newest deployments; those that match may be older.
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
    // The first pages hold what the snapshot has brought already.
    for (let fresh = 0; fresh === 0 && !cursors.end; ) {
      const { deployments, next_cursor: next } = await historyPage(cursors.next);
      if (cursors.key !== key) return;
      fresh = addOlder(deployments);
      Object.assign(cursors, { next, end: !next, pages: cursors.pages + 1 });
      if (quiet) break;
    }
    $("older-note").textContent = cursors.end && !quiet ? "There are no older deployments." : "";
  } catch (error) {
    if (!quiet) $("older-note").textContent = `Not loaded: ${error instanceof Problem ? error.message : "the server did not answer."}`;
  } finally {
    cursors.busy = false;
    $("older").disabled = false;
    stale.list = true;
    schedule();
  }
}
$("older").addEventListener("click", () => loadOlder());

let [reloading, reloadAgain] = [false, false];

/** Loads the older rows again after a gap in the feed, during which they may have changed. One reload runs at a time. */
export async function reloadOlder() {
  reloadAgain = true;
  if (reloading) return;
  reloading = true;
  while (reloadAgain) {
    reloadAgain = false;
    await reloadOnce().catch(() => {}); // the next snapshot tries again
  }
  reloading = false;
}

/** Reads all pages down to the oldest row; rows below it that are loaded meanwhile stay. */
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
  stale.all = stale.list = true;
  schedule();
}
