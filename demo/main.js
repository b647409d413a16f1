// The page for a single deployment: it starts here, and here is what its buttons do.
import { Problem } from "../client/problem.js";
import { $ } from "../dashboard/dom.js";
import { faultsTitle } from "../dashboard/fields.js";
import "../dashboard/theme.js";
import { form } from "./controls.js";
import { clearFaults, showFaults } from "./faults.js";
import { formChanged, keepForm, restoreForm } from "./form.js";
import { gather } from "./request.js";
import { follow, idInAddress, remembered, run, showEmpty, startAnother, submit } from "./run.js";
import { api } from "./server.js";

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (run && !run.state.final) return;
  const { request, faults } = gather();
  keepForm();
  if (faults.length) {
    showFaults(faultsTitle(faults), faults);
    return;
  }
  clearFaults();
  submit(request);
  $("run").focus({ preventScroll: true });
  $("run").scrollIntoView({ block: "nearest" });
});

$("cancel").addEventListener("click", async () => {
  const mine = run;
  mine.cancelling = true;
  $("cancel").disabled = true;
  $("cancel-note").textContent = "Asking the server to cancel…";
  const say = (words, again) => {
    if (run !== mine || mine.state.final) return;
    $("cancel-note").textContent = words;
    mine.cancelling = !again;
    $("cancel").disabled = !again;
  };
  try {
    const path = `/api/deployments/${encodeURIComponent(mine.state.id)}/cancel`;
    const answer = await api(path, { method: "POST", headers: { "Content-Type": "application/json" } });
    if (answer.ok) say("Cancelling: what was made so far is being undone.", false);
    else if (answer.status === 409) say("It had already ended.", false);
    else say(`Not cancelled: ${(await Problem.from(answer)).message}`, true);
  } catch {
    say("Not cancelled: the server did not answer.", true);
  }
});

$("another").addEventListener("click", startAnother);
$("retry-now").addEventListener("click", () => run?.follower.retryNow());
addEventListener("online", () => run?.follower.retryNow());
addEventListener("hashchange", () => {
  const id = idInAddress();
  if (id && id !== run?.state.id) follow({ id });
});

restoreForm();
formChanged();
showEmpty();
const last = remembered();
const id = idInAddress() ?? (last?.final === false ? last.id : null);
if (id) follow({ id, about: last?.id === id ? last.about : null, seen: last?.id === id ? last.lastEventId : 0 });
