// The state of the page: the feed's client, what has changed since the last frame, and when it is drawn.
import { connect, isFinal } from "../slipway.js";
import { $ } from "./dom.js";
import { statusWords } from "./words.js";
import { draw } from "./list.js";
import { cursors, reloadOlder } from "./history.js";
import { connectionChanged, showNotice } from "./connection.js";

export const client = connect({ endpoint: "/api/events/stream" });

/** Rows that are not in the snapshot and were loaded later, by id. */
export const older = new Map();
export const dirty = new Set();
/** What is to be drawn anew besides single rows. */
export const stale = { all: true, list: true, apps: true };
/** How far this clock is ahead of the server's, in milliseconds; 0 if it is not known. */
let skew = 0;
export const now = () => Date.now() - skew;

export const rowOf = (id) => client.store.deploymentById.get(id) ?? older.get(id) ?? null;

/** A container's id, cut to the length that results use for their own container. */
export const shortContainer = (id) => (id ? id.slice(0, 12) : null);
/** By a container's id: the row to which the container belongs, and the row that replaced it. */
export const byContainer = new Map();
export const byReplaced = new Map();
export function index(row) {
  const metadata = row.result?.metadata;
  if (row.status === "success" && row.result?.deployment_id) byContainer.set(shortContainer(row.result.deployment_id), row.id);
  if (row.status === "success" && metadata?.replaced) byReplaced.set(shortContainer(metadata.replaced), row.id);
  // A page can stay open for weeks: entries that lead to no row are dropped.
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
  // A hidden tab has no frames; the changes are drawn when it is seen again.
  frame ??= requestAnimationFrame(() => {
    frame = null;
    draw();
  });
}

/** Whether the next difference counts without a comparison, because clocks drift and are set. */
let skewIsOld = true;
function noteClock(envelopes) {
  for (const { type, ts } of envelopes) {
    if (type === "snapshot") skewIsOld = true;
    if (type === "snapshot" || !ts) continue;
    const difference = Date.now() - Date.parse(ts);
    if (!Number.isFinite(difference)) continue;
    // The smallest difference contains the least delay.
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
