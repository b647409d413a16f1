// What is known of deployments and apps. It is folded from the feed's events by pure functions.

/** The key of an app's entry in `apps`. */
export const appKey = (app, environment) => `${environment}\n${app}`;

/** What is known before anything has arrived. */
export const emptyState = Object.freeze({
  deploymentById: new Map(),
  /** Newest first. */
  deploymentIds: Object.freeze([]),
  apps: new Map(),
  counts: null,
  unknownIds: Object.freeze([]),
  lastEventId: 0,
  /** Whether a snapshot has come. */
  ready: false,
  countsEventId: 0,
  /** The events that deleted deployments, by the deployment's id: an older event must not bring one back. */
  deleted: new Map(),
});

const finalStatuses = new Set(["success", "failed", "cancelled", "superseded"]);

/** Whether a deployment with that status has ended. */
export const isFinal = (status) => finalStatuses.has(status);

/** Newest first: by number, or by time if the server gives no number. */
export function compareRows(a, b) {
  if (a.number != null && b.number != null) return b.number - a.number;
  return a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : a.id < b.id ? 1 : -1;
}

const rowLimit = 1000;

const withEntry = (map, key, value) => new Map(map).set(key, value);

function without(map, key) {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

function insertion(state, row) {
  let [low, high] = [0, state.deploymentIds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareRows(state.deploymentById.get(state.deploymentIds[middle]), row) < 0) low = middle + 1;
    else high = middle;
  }
  return state.deploymentIds.toSpliced(low, 0, row.id);
}

/** Makes a row of a record of the history, where the newest event has another name. */
const asRow = (row, eventId) => ({ ...row, event_id: row.event_id ?? row.last_event_id ?? eventId });

const reducers = {
  snapshot(state, { payload, event_id: eventId }) {
    const rows = (payload.deployments ?? []).map((row) => asRow(row, eventId)).sort(compareRows);
    const apps = (payload.apps ?? []).filter((app) => app.latest_deployment_id !== null);
    return {
      deploymentById: new Map(rows.map((row) => [row.id, row])),
      deploymentIds: rows.map((row) => row.id),
      apps: new Map(apps.map((app) => [appKey(app.app, app.environment), { ...app, event_id: eventId }])),
      counts: payload.counts ?? null,
      unknownIds: payload.unknown_ids ?? [],
      lastEventId: eventId,
      ready: true,
      countsEventId: eventId,
      deleted: new Map(),
    };
  },

  "deployment.upsert"(state, { payload, event_id: eventId }) {
    const row = asRow(payload, eventId);
    const known = state.deploymentById.get(row.id);
    if (known ? row.event_id < known.event_id : row.event_id <= (state.deleted.get(row.id) ?? 0)) return state;
    // A row has no figures; the known ones are kept until the stage is over.
    if (known?.detail && known.stage === row.stage && !isFinal(row.status)) row.detail = known.detail;
    const next = {
      ...state,
      deploymentById: withEntry(state.deploymentById, row.id, row),
      deploymentIds: known ? state.deploymentIds : insertion(state, row),
    };
    // A page can stay open for weeks: deployments that ended long ago are left to the history.
    if (next.deploymentIds.length > rowLimit) {
      const place = next.deploymentIds.findLastIndex((id) => isFinal(next.deploymentById.get(id).status));
      if (place >= 0) {
        next.deploymentById.delete(next.deploymentIds[place]);
        next.deploymentIds = next.deploymentIds.toSpliced(place, 1);
      }
    }
    return next;
  },

  "deployment.progress"(state, { payload, event_id: eventId, ts }) {
    const known = state.deploymentById.get(payload.id);
    if (!known || eventId < known.event_id || isFinal(known.status)) return state;
    const { stage, progress, message, detail = null } = payload;
    const row = { ...known, stage, progress, message, detail, updated_at: ts ?? known.updated_at, event_id: eventId };
    return { ...state, deploymentById: withEntry(state.deploymentById, row.id, row) };
  },

  "deployment.delete"(state, { payload: { id }, event_id: eventId }) {
    const known = state.deploymentById.get(id);
    if (known && eventId < known.event_id) return state;
    const deleted = withEntry(state.deleted, id, Math.max(eventId, state.deleted.get(id) ?? 0));
    // Events are only a little late: none is still to come of the deployments that were deleted first.
    if (deleted.size > rowLimit) deleted.delete(deleted.keys().next().value);
    return {
      ...state,
      deploymentById: known ? without(state.deploymentById, id) : state.deploymentById,
      deploymentIds: known ? state.deploymentIds.filter((each) => each !== id) : state.deploymentIds,
      deleted,
    };
  },

  "app.upsert"(state, { payload, event_id: eventId }) {
    const key = appKey(payload.app, payload.environment);
    const known = state.apps.get(key);
    if (known && eventId < known.event_id) return state;
    // An app that is gone stays as an entry without a deployment, so that older events cannot bring it back.
    return { ...state, apps: withEntry(state.apps, key, { ...payload, event_id: eventId }) };
  },

  "counts.update"(state, { payload, event_id: eventId }) {
    return eventId < state.countsEventId ? state : { ...state, counts: payload, countsEventId: eventId };
  },

  "workload.update"(state, { payload, event_id: eventId, ts }) {
    const known = state.deploymentById.get(payload.deployment_id);
    if (!known || eventId < known.event_id) return state;
    const { state: now, previous_state, health } = payload;
    const since = known.workload?.state === now ? known.workload.since : ts;
    const row = { ...known, workload: { ...known.workload, state: now, previous_state, health, since }, event_id: eventId };
    return { ...state, deploymentById: withEntry(state.deploymentById, row.id, row) };
  },
};

/**
 * Takes one envelope of the feed in. Does not change its arguments; returns the same state if the
 * envelope says nothing new. An event that is older than the known state of a deployment is ignored; a
 * snapshot always replaces everything.
 */
export function reduce(state, envelope) {
  const { type, event_id: eventId, payload } = envelope ?? {};
  if (!Object.hasOwn(reducers, type) || !Number.isFinite(eventId) || !payload || typeof payload !== "object") return state;
  const next = reducers[type](state, envelope);
  return next.lastEventId < eventId ? { ...next, lastEventId: eventId } : next;
}

/** The apps of a store that have a deployment. */
export const liveApps = (state) => [...state.apps.values()].filter((app) => app.latest_deployment_id !== null);

/** How many deployments of these apps have a status; null if the list does not say. */
export function total(apps, status) {
  const sum = apps.reduce((sum, { counts }) => sum + (counts?.[status] ?? NaN), 0);
  return Number.isNaN(sum) ? null : sum;
}

/**
 * Makes a snapshot of the answers of the lists, for pages that cannot stream. A count is null if the
 * lists do not tell it: they name one living container of an app, and there can be more.
 */
export function snapshotFromLists(deployments, apps, { counts = true } = {}) {
  const entries = apps.map(({ app, environment, latest, live }) => ({
    app,
    environment,
    latest_deployment_id: latest.id,
    status: latest.status,
    time: latest.finished_at ?? latest.updated_at ?? latest.created_at,
    image_digest: latest.result?.metadata?.image_digest ?? null,
    live_deployment_id: live?.id ?? null,
  }));
  const count = (list, matches) => list.filter(matches).length;
  return {
    type: "snapshot",
    event_id: Math.max(0, ...deployments.map((row) => row.event_id ?? row.last_event_id ?? 0)),
    payload: {
      deployments,
      unknown_ids: [],
      apps: entries,
      counts: counts && {
        running_deployments: total(apps, "in_progress"),
        queued: total(apps, "queued"),
        apps_live: count(entries, (app) => app.status === "success"),
        apps_failing: count(entries, (app) => app.status === "failed"),
        workloads_running: null,
        workloads_unhealthy: null,
      },
    },
  };
}
