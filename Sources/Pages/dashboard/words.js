// Words, times and amounts, as people read them.
import { make } from "./dom.js";

export const stages = {
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
export const stageTitle = (name) => stages[name]?.[0] ?? String(name ?? "");
export const stageTag = (name) => stages[name]?.[1] ?? String(name ?? "");
export const stepWords = { pending: "not yet", running: "running", success: "done", failed: "failed", skipped: "skipped" };
export const statusWords = { queued: "Queued", in_progress: "Deploying", success: "Deployed", failed: "Failed", cancelled: "Cancelled", superseded: "Superseded" };
export const workloadWords = { running: "Running", unhealthy: "Unhealthy", restarting: "Restarting", stopping: "Stopping", stopped: "Stopped", removed: "Removed" };

export function bytesText(done, total) {
  const of = total ?? done;
  const [size, unit] = of >= 1e9 ? [1e9, "GB"] : of >= 1e6 ? [1e6, "MB"] : of >= 1e3 ? [1e3, "kB"] : [1, "B"];
  const number = (value) => (value / size).toFixed(size === 1 ? 0 : 1);
  return total == null ? `${number(done)} ${unit}` : `${number(done)} of ${number(total)} ${unit}`;
}

/** `https://git.example/shop.git at 95790bf891e7 (main)`, or the archive's id; null if it was a folder. */
export function sourceText(source) {
  if (!source) return null;
  if (source.archive) return `archive ${source.archive.slice(0, 19)}`;
  const ref = source.ref && source.ref !== source.commit ? ` (${source.ref})` : "";
  return `${source.url}${source.commit ? ` at ${source.commit.slice(0, 12)}` : ""}${ref}`;
}

const two = (value) => String(value).padStart(2, "0");

const shortUnits = { second: "s", minute: "m", hour: "h", day: "d" };

/** `2m 34s`; below a minute with a tenth of a second, unless only `whole` seconds count. */
export function durationText(milliseconds, { whole = false, units = shortUnits } = {}) {
  const { second, minute, hour, day } = units;
  const ms = Math.max(0, milliseconds);
  if (!whole && ms < 1000) return `${Math.round(ms)} ms`;
  if (!whole && ms < 59950) return `${(ms / 1000).toFixed(1)}${second}`;
  const seconds = whole ? Math.floor(ms / 1000) : Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}${second}`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${minute} ${two(seconds % 60)}${second}`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}${hour} ${two(Math.floor((seconds % 3600) / 60))}${minute}`;
  return `${Math.floor(seconds / 86400)}${day} ${Math.floor((seconds % 86400) / 3600)}${hour}`;
}

export function agoText(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86400)}d ago`;
}

export const clockText = (at) => [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
export const dateText = (text) => (text ? new Date(text).toLocaleString() : "");
/** An image's name without the registry and its folders: what tells images apart stands at the end. */
export const shortImage = (image) => String(image ?? "").replace(/^.*\//, "").replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@$1");
export const shortDigest = (digest) => (digest ? digest.replace(/^sha256:/, "").slice(0, 12) : "");

/** The URL of a text; null if it is not an http or https address, which is all that becomes a link. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

export function link(address, text = address) {
  const url = webAddress(address);
  return url ? make("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", textContent: text }) : document.createTextNode(String(text));
}
