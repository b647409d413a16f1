// What the feed's client keeps, what has changed of it, and when it is drawn.
import { connect, isFinal } from "../slipway.js";
import { $ } from "./dom.js";
import { statusWords } from "./words.js";
import { draw } from "./list.js";
import { cursors, reloadOlder } from "./history.js";
import { connectionChanged, showNotice } from "./connection.js";

export const client = connect({ endpoint: "/api/events/stream" });

/** Rows that were loaded beyond what the snapshot has, by id. */
export const older = new Map();
export const dirty = new Set();
/** What is to be drawn anew beside single rows. */
export const stale = { all: true, list: true, apps: true };
/** How far this clock is ahead of the server's, in milliseconds, as far as it is known. */
let skew = 0;
export const now = () => Date.now() - skew;

export const rowOf = (id) => client.store.deploymentById.get(id) ?? older.get(id) ?? null;

/** A container's id as results name their own; what they replaced is named in full. */
export const shortContainer = (id) => (id ? id.slice(0, 12) : null);
/** The row whose container has that id, and the row that replaced that container. */
export const byContainer = new Map();
export const byReplaced = new Map();
export function index(row) {
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
export function schedule() {
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
    stale.all = stale.list = stale.apps = true;
    if (cursors.pages > 0) reloadOlder();
    else older.clear();
    indexAll();
  }
  for (const { type: kind, payload } of envelopes) {
    const id = payload?.id ?? payload?.deployment_id;
    if (kind === "deployment.delete") older.delete(id);
    if (kind === "app.upsert") stale.apps = true;
    if (id === undefined) continue;
    dirty.add(id);
    const [old, row] = [before.deploymentById.get(id), store.deploymentById.get(id)];
    if (row && older.has(id)) older.set(id, row);
    if (old?.status !== row?.status || !row) stale.list = true;
    if (row && kind === "deployment.upsert") {
      index(row);
      announceEnd(old, row);
      const replaced = byContainer.get(shortContainer(row.result?.metadata?.replaced));
      if (replaced) dirty.add(replaced);
      stale.apps = true;
    }
  }
  schedule();
});

function announceEnd(old, row) {
  if (!old || isFinal(old.status) || !isFinal(row.status)) return;
  const where = row.environment === "default" ? row.app : `${row.app} in ${row.environment}`;
  $("announcer").textContent = row.status === "failed" ? `${where} failed: ${row.failure?.message ?? row.message}` : `${where}: ${statusWords[row.status]}`;
}
