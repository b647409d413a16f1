// The state of the connection, notices, and signing in.
import { bufferingAdvice } from "../slipway.js";
import { $, api, setText } from "./dom.js";
import { clockText } from "./words.js";
import { client, schedule } from "./state.js";
import { shown } from "./drawer.js";

let heardAt = null;

export function connectionChanged(before) {
  const { state, mode, error, polled } = client.status;
  if (before.state === "connected" && state !== "connected") heardAt = new Date();
  if (state === "connected") {
    hideNotice();
    if (before.state !== "connected") askWho();
  }
  else if (state === "error" && mode === "live" && error) {
    if (error.status === 401) askForToken();
    // The notice about the proxy is there already, and the lists are asked next.
    else if (!client.status.buffering) showNotice(error.status ? `The server refused: ${error.title ?? error.status}` : "Offline", error.status ? error.message : `${error.message} Is it still running?`);
  } else if (mode === "polling" && polled === false) {
    const since = heardAt ? ` This page shows the state of ${clockText(heardAt)}.` : "";
    showNotice("The server cannot be reached", `${error?.message && error.status ? `${error.title}: ${error.message}` : "It may be restarting, or the network is down."} The page tries again every few seconds.${since}`);
  } else if (mode === "polling" && polled) {
    if (client.status.buffering) showNotice("A proxy is buffering", `${bufferingAdvice} Until then the page asks for the lists every 5 seconds.`);
    else showNotice("Streaming does not get through", "The page asks for the lists every 5 seconds instead, so what it shows may be a little late. It tries to stream again every minute.");
  }
  showConnection();
  schedule();
}

export function showConnection() {
  const { state, mode, attempt, retryAt, polled, role, error, buffering } = client.status;
  const wait = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
  let [kind, words, again] = ["connecting", "Connecting…", ""];
  if (state === "connected") [kind, words] = ["connected", "Live"];
  else if (state === "reconnecting") [kind, words, again] = ["waiting", wait ? `Reconnecting in ${wait}s` : "Reconnecting…", "Try now"];
  else if (mode === "polling" && polled !== false) [kind, words, again] = ["polling", "Polling", "Try streaming"];
  else if (state === "error") [kind, words, again] = ["offline", error?.status && error.status < 500 ? "Refused" : "Offline", "Try again"];
  const connection = $("connection");
  if (connection.dataset.state !== kind) {
    connection.dataset.state = kind;
    // The words themselves are not read out, because they count seconds. If nothing was said yet, the page has just opened.
    if ($("notice").hidden && kind !== "connecting" && (kind !== "connected" || $("said").textContent)) say(kind === "waiting" ? "The connection was lost." : words);
  }
  setText($("connection-text"), words);
  const about = kind === "connected" ? (role === "follower" ? "Events arrive as they happen, over the connection of another tab." : "Events arrive as they happen.")
    : kind === "waiting" ? `The connection was lost (${error?.message ?? "no answer"}). Attempt ${attempt}.`
      : kind === "polling" ? (buffering ? "A proxy holds the stream back; the page asks for the lists every 5 s." : "The page asks for the lists every 5 s.") : error?.message ?? "";
  if (connection.title !== about) connection.title = about;
  $("try-again").hidden = again === "";
  if (again) setText($("try-again"), again);
}
$("try-again").addEventListener("click", () => (client.mode === "polling" ? client.resetFallback() : client.reconnect()));

export function showNotice(title, words) {
  $("notice").hidden = false;
  $("sign-in").hidden = true;
  setText($("notice-title"), title);
  setText($("notice-text"), words);
  say(`${title}. ${words}`);
}

/** Has words read out to those who do not see them: a notice that was hidden is not read out by itself. */
function say(words) {
  setText($("said"), words);
}

function hideNotice() {
  $("notice").hidden = true;
}

/** Asks the server who is signed in: what they may not do is not offered. */
async function askWho() {
  const who = await api("/session").then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (!who) return;
  document.documentElement.dataset.role = who.role;
  $("who").hidden = who.name === null;
  setText($("who-name"), who.name === null ? "" : `${who.name}, ${who.role}`);
}
$("sign-out").addEventListener("click", async () => {
  // The reload removes what is shown.
  const answer = await api("/session", { method: "DELETE" }).catch(() => null);
  if (answer?.ok) location.reload();
  else showNotice("Not signed out", answer ? "The server refused; try again." : "The server did not answer; try again.");
});

function askForToken() {
  showNotice("This server requires a token", "It is sent to this server only.");
  $("sign-in").hidden = false;
}
$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  if (!token) return;
  $("token").value = "";
  const answer = await api("/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) }).catch(() => null);
  // The reload removes what was shown to another token.
  if (answer?.ok) location.reload();
  else {
    setText($("notice-text"), answer ? "The server did not accept that token." : "The server did not answer; try again.");
    say($("notice-text").textContent);
  }
});
