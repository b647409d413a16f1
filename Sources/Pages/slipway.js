// The browser client of Slipway's live feed. It knows no page: it keeps a connection, folds the
// events into a store, and tells listeners.
//
//     import { connect } from "/slipway.js";
//     const client = connect({ endpoint: "/api/events/stream" });
//     client.subscribe((event) => event.type === "change" && draw(client.store));

export { EventStreamParser } from "./client/event-stream.js";
export { appKey, compareRows, emptyState, isFinal, liveApps, reduce, snapshotFromLists } from "./client/store.js";
export { Problem, backoff } from "./client/problem.js";
export { bufferingAdvice, probeBuffering } from "./client/buffering.js";
export { connect } from "./client/client.js";
