// The drawer that shows a deployment, and what can be done with it there.
import { Problem } from "../slipway.js";
import { $, api, setText } from "./dom.js";
import { older, schedule, stale } from "./state.js";
import { address, hashFor } from "./address.js";
import { views } from "./list.js";
import { confirmed } from "./actions.js";
import { Details } from "./details.js";
import { openForm } from "./form.js";

export let shown = null;
let returnTo = null;
export const details = $("details");

export function openDetails(id) {
  shown?.end();
  returnTo ??= document.activeElement?.closest?.(".row") ?? null;
  shown = new Details(id);
  if (!details.open) details.showModal();
  $("d-title").focus({ preventScroll: true });
  details.querySelector(".drawer-body").scrollTop = 0;
}

export function closeDetails() {
  shown?.end();
  shown = null;
  if (details.open) details.close();
  const back = returnTo && views.get(returnTo.dataset.id)?.anchor;
  returnTo = null;
  back?.focus();
}

details.addEventListener("close", () => {
  if (address.id) location.hash = hashFor({ id: null });
});
$("d-close").addEventListener("click", () => details.close());
details.addEventListener("click", (event) => event.target === details && details.close());

for (const which of ["events", "container"]) {
  $(`t-${which}`).addEventListener("click", () => shown?.selectLog(which));
  $(`t-${which}`).addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = which === "events" ? "container" : "events";
    shown?.selectLog(other);
    $(`t-${other}`).focus();
  });
  $(`log-${which}`).addEventListener("scroll", () => shown?.showLatest(), { passive: true });
}
$("latest").addEventListener("click", () => {
  const box = $(`log-${shown.selected}`);
  box.scrollTop = box.scrollHeight;
  box.focus();
});

/** Sends a request about the deployment that is shown, and reports the outcome. */
async function ask(words, method, path, body, done) {
  const mine = shown;
  const say = (text) => shown === mine && setText($("d-note"), text);
  say(words);
  try {
    const answer = await api(`/deployments/${encodeURIComponent(mine.id)}${path}`, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
    if (!answer.ok) throw await Problem.from(answer);
    say("");
    done?.(mine);
  } catch (error) {
    say(error instanceof Problem ? error.message : "The server did not answer.");
  }
}
confirmed($("d-cancel"), "Really cancel?", () => ask("Cancelling: what was made so far is being undone.", "POST", "/cancel"));
confirmed($("d-stop"), "Really stop?", () => ask("Stopping: the program has a moment to end by itself.", "POST", "/stop"));
$("d-start").addEventListener("click", () => ask("Starting…", "POST", "/start"));
confirmed($("d-forget"), "Really forget?", () => ask("Forgetting…", "DELETE", "", undefined, (mine) => {
  mine.gone = true;
  older.delete(mine.id);
  stale.list = true;
  schedule();
  if (shown === mine) details.close();
}));
$("d-again").addEventListener("click", () => openForm(shown.row));
