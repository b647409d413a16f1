// The state of the deployments, asked for instead of streamed.
import { Problem } from "./problem.js";
import { snapshotFromLists, total } from "./store.js";

/** A snapshot put together from the lists of deployments and of apps. */
export async function readLists(signal, api, query, options) {
  const { fetch, headers, pollingInterval, setTimeout, clearTimeout, filters } = options;
  const limit = new AbortController();
  const stop = () => limit.abort();
  const timer = setTimeout(stop, Math.max(10000, 2 * pollingInterval));
  signal.addEventListener("abort", stop, { once: true });
  const read = async (path) => {
    const response = await fetch(api + path, { headers: { Accept: "application/json", ...headers }, cache: "no-store", credentials: "same-origin", signal: limit.signal });
    if (!response.ok) throw await Problem.from(response);
    return response.json();
  };
  try {
    query.delete("ids");
    query.delete("types");
    query.set("limit", "100");
    const [{ deployments }, { apps }] = await Promise.all([read(`/deployments?${query}`), read("/apps")]);
    const { app, environment, ids } = filters;
    const inScope = apps.filter((entry) => (!app || entry.app === app) && (!environment || entry.environment === environment));
    // Deployments that have not ended belong to the snapshot, however old they are.
    for (const status of ["queued", "in_progress"]) {
      if (!(total(inScope, status) > deployments.filter((row) => row.status === status).length)) continue;
      query.set("status", status);
      const more = await read(`/deployments?${query}`);
      const known = new Set(deployments.map((row) => row.id));
      deployments.push(...more.deployments.filter((row) => !known.has(row.id)));
    }
    const snapshot = snapshotFromLists(deployments, inScope);
    if (ids?.length) {
      const wanted = [...ids];
      snapshot.payload.deployments = await Promise.all(wanted.map((id) => read(`/deployments/${encodeURIComponent(id)}`).catch(() => null))).then((rows) => rows.filter(Boolean));
      const found = new Set(snapshot.payload.deployments.map((row) => row.id));
      snapshot.payload.unknown_ids = wanted.filter((id) => !found.has(id));
    }
    return snapshot;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
