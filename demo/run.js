// The deployment that is shown, from the request or its id to its end.
import { Problem } from "../client/problem.js";
import { $, keep, make } from "../dashboard/dom.js";
import { faultsTitle, newKey } from "../dashboard/fields.js";
import { form } from "./controls.js";
import { cancelRender, render, renderTimeline, scheduleRender, setClock, showConnection } from "./drawing.js";
import { showFaults } from "./faults.js";
import { Follower } from "./follower.js";
import { addPageLine } from "./log.js";
import { announce, hideNotice, showNotice, signIn } from "./notice.js";
import { api, fromFile, server } from "./server.js";
import { DeploymentState } from "./state.js";
import { durationText } from "./words.js";

/** The deployment that is shown; null if there is none. */
export let run = null;
/** A submission of which it is not known whether it arrived. */
let unanswered = null;
const memoryKey = "slipway.demo.run";

/** What a reload needs of the deployment that was shown last. */
export const remembered = () => keep.read(memoryKey, "sessionStorage");
const forget = () => keep.write(memoryKey, null, "sessionStorage");

/** Keeps what a reload needs. */
export function remember() {
  if (!run?.state.id) return;
  const { id, lastEventId, final } = run.state;
  keep.write(memoryKey, { id, lastEventId, final: Boolean(final), about: run.about }, "sessionStorage");
}

export const idInAddress = () => new URLSearchParams(location.hash.slice(1)).get("deployment");

function clearRun() {
  run?.follower.stop();
  run = null;
  cancelRender();
  hideNotice();
  $("log").replaceChildren();
  $("log-box").hidden = $("gauge").hidden = $("outcome").hidden = $("connection").hidden = true;
  $("figures").hidden = true;
  $("cancel-note").textContent = "";
  $("submit").disabled = false;
  $("submit").textContent = "Deploy";
}

export function showEmpty() {
  clearRun();
  $("main").dataset.view = "form";
  delete $("run").dataset.outcome;
  $("run-title").textContent = "Nothing deployed yet";
  $("run-sub").textContent = "The six stages of a deployment are shown here as they happen.";
  document.title = "Deploy · Slipway";
  document.querySelector(".columns").classList.add("alone");
  renderTimeline(new DeploymentState());
}

export function follow({ id = null, submission = null, about = null, seen = 0 }) {
  clearRun();
  const mine = { submission, state: new DeploymentState(), about: about ?? {}, seen, lines: [], pending: [], connection: null, announced: null };
  mine.follower = new Follower(api, { id, submission }, {
    event(event, eventId) {
      if (run !== mine || !mine.state.apply(event, eventId)) return;
      if (idInAddress() !== event.deployment_id) history.replaceState(null, "", `#deployment=${event.deployment_id}`);
      mine.pending.push(event);
      scheduleRender();
    },
    connection(connection) {
      if (run !== mine) return;
      const before = mine.connection?.state;
      if (connection.state === "waiting" && before === "connected") addPageLine("Connection lost; it continues after the last event as soon as the server answers.");
      if (connection.state === "polling" && before !== "polling") addPageLine("Streaming does not get through; the page asks for the newest state instead.");
      mine.connection = connection;
      showConnection();
    },
    clock: setClock,
    signIn,
  });
  run = mine;
  $("main").dataset.view = "run";
  $("run").dataset.outcome = "none";
  $("submit").disabled = true;
  $("submit").textContent = "Deploying…";
  $("gauge").hidden = $("log-box").hidden = $("connection").hidden = false;
  document.querySelector(".columns").classList.remove("alone");
  mine.state.order(about?.copy);
  mine.state.message = id ? "Asking the server for this deployment" : "Sending the request";
  showAbout();
  render();
  mine.follower.run().then(
    () => run === mine && render(),
    (error) => run === mine && showProblem(error, mine),
  );
  if (id && !about?.app) {
    api(`/api/deployments/${encodeURIComponent(id)}`).then((answer) => (answer.ok ? answer.json() : null)).then((record) => {
      if (!record || run !== mine) return;
      const place = (name) => (record.stages ?? []).findIndex((stage) => stage.name === name);
      mine.about = { app: record.app, image: record.image, container: record.container_name };
      if (place("copying_files") >= 0 && place("copying_files") < place("starting_container")) mine.state.order("before_start");
      showAbout();
      scheduleRender();
    }, () => {});
  }
}

function showAbout() {
  const { app, image, container } = run.about;
  $("run-title").textContent = app ?? "Deployment";
  $("run-sub").textContent = [image, container].filter(Boolean).join(" → ") || run.follower.id || "";
}

function showProblem(error, mine) {
  const submitted = mine.follower.id === null;
  const id = error.document?.deployment_id ?? /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(error.message)?.[0];
  if (error.status === 400 && submitted && Array.isArray(error.document.errors)) {
    const { errors } = error.document;
    showEmpty();
    showFaults(faultsTitle(errors), errors);
    return;
  }
  const back = make("button", { type: "button", class: "quiet", textContent: "Back to the form", onclick: startAnother });
  showEmpty();
  $("main").dataset.view = "run";
  $("run-title").textContent = submitted ? "Not deployed" : "Cannot be shown";
  $("run-sub").textContent = submitted ? "Nothing was started." : mine.follower.id;
  const unreachable = !(error instanceof Problem);
  if (unreachable) {
    unanswered = mine.submission;
    const why = fromFile ? " Is it running, and does it allow this page (--allow-origin null)?" : " Is it still running?";
    showNotice(`${server()} cannot be reached`, `The server did not answer.${why}`, [back]);
  } else if (error.status === 404 && !submitted) {
    forget();
    showNotice("This server does not know that deployment", "It may have been removed from the history, or belong to another tenant.", [back]);
  } else {
    const wait = error.retryAfter ? ` Try again in ${durationText(error.retryAfter, { whole: true })}.` : "";
    const watch = error.status === 409 && id && make("button", { type: "button", class: "primary", textContent: "Watch that deployment", onclick: () => follow({ id }) });
    showNotice(error.title, (error.message === error.title ? "" : error.message) + wait, [watch || null, back].filter(Boolean));
  }
  $("notice").focus();
  $("notice").scrollIntoView({ block: "nearest" });
}

/** Goes back to the form. */
export function startAnother() {
  history.replaceState(null, "", location.pathname + location.search);
  forget();
  showEmpty();
  announce("");
  form.elements.script_name.focus();
}

/** Deploys. The same request under the same key cannot start a second deployment. */
export function submit(request) {
  const about = { app: request.script_name, image: request.registry_image, container: request.container_name ?? `fractalic-${request.script_name}`, copy: request.copy };
  const body = JSON.stringify(request);
  history.replaceState(null, "", location.pathname + location.search);
  follow({ submission: unanswered?.body === body ? unanswered : { body, key: newKey() }, about });
  unanswered = null;
}
