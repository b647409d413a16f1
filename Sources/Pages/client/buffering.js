// Finding out whether a proxy holds streams back.
import { readEvents } from "./event-stream.js";

export const bufferingAdvice =
  "Something between this page and the server holds the answer back until it is complete. " +
  "In nginx: proxy_buffering off; and do not ignore X-Accel-Buffering, which the server sends. " +
  "In other proxies, switch off response buffering and compression for /api/.";

/**
 * Whether answers come in pieces as they are sent. `buffered` is null if that could not be found out;
 * `spread` is the time between the first and the last of five ticks, which the server sends within 800 ms.
 */
export async function probeBuffering({ endpoint = "/api/stream-test", fetch = globalThis.fetch, now = () => performance.now(), signal } = {}) {
  const times = [];
  try {
    const response = await fetch(endpoint, { headers: { Accept: "text/event-stream" }, cache: "no-store", credentials: "same-origin", signal });
    if (!response.ok) return { buffered: null, ticks: 0, spread: null };
    for await (const events of readEvents(response)) {
      for (const { data } of events) if (data.includes("tick")) times.push(now());
    }
  } catch {
    return { buffered: null, ticks: times.length, spread: null };
  }
  const spread = times.length ? times.at(-1) - times[0] : null;
  return { buffered: times.length < 5 ? null : spread < 300, ticks: times.length, spread };
}
