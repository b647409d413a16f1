// The connection, and who asks.
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
    // That a proxy holds the stream back is said already, and the lists are asked next.
    else if (!client.status.buffering) showNotice(error.status ? `The server refused: ${error.title ?? error.status}` : "Offline", error.status ? error.message : `${error.message} Is it still running?`);
  } else if (mode === "polling" && polled === false) {
    const since = heardAt ? ` What is shown is as of ${clockText(heardAt)}.` : "";
    showNotice("The server cannot be reached", `${error?.message && error.status ? `${error.title}: ${error.message}` : "It may be restarting, or the network is gone."} It is asked again every few seconds.${since}`);
  } else if (mode === "polling" && polled) {
    if (client.status.buffering) showNotice("A proxy is buffering", `${bufferingAdvice} Until then the lists are asked every 5 seconds.`);
    else showNotice("Streaming does not get through", "The lists are asked every 5 seconds instead, so what is shown may be a little late. Streaming is tried again every minute.");
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
    // Not the words themselves: they count seconds. The page has just opened where nothing was said yet.
    if ($("notice").hidden && kind !== "connecting" && (kind !== "connected" || $("said").textContent)) say(kind === "waiting" ? "The connection was lost." : words);
  }
  setText($("connection-text"), words);
  const about = kind === "connected" ? (role === "follower" ? "Events arrive as they happen, over the connection of another tab." : "Events arrive as they happen.")
    : kind === "waiting" ? `The connection was lost (${error?.message ?? "no answer"}). Attempt ${attempt}.`
      : kind === "polling" ? (buffering ? "A proxy holds the stream back; the lists are asked every 5 s." : "The lists are asked every 5 s.") : error?.message ?? "";
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

/** For those who do not see it: a notice that was hidden is not read out by itself. */
function say(words) {
  setText($("said"), words);
}

function hideNotice() {
  $("notice").hidden = true;
}

/** Asks whom the server takes this page for: what that may not do is not offered. */
async function askWho() {
  const who = await api("/session").then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (!who) return;
  document.documentElement.dataset.role = who.role;
  $("who").hidden = who.name === null;
  setText($("who-name"), who.name === null ? "" : `${who.name}, ${who.role}`);
}
$("sign-out").addEventListener("click", async () => {
  // What is shown goes with the page.
  const answer = await api("/session", { method: "DELETE" }).catch(() => null);
  if (answer?.ok) location.reload();
  else showNotice("Not signed out", answer ? "The server refused; try again." : "No answer came; try again.");
});

function askForToken() {
  showNotice("This server asks for a token", "It is sent to this server only.");
  $("sign-in").hidden = false;
}
$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  if (!token) return;
  $("token").value = "";
  const answer = await api("/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) }).catch(() => null);
  // What another token has shown goes with the page.
  if (answer?.ok) location.reload();
  else {
    setText($("notice-text"), answer ? "That token was not taken." : "No answer came; try again.");
    say($("notice-text").textContent);
  }
});
