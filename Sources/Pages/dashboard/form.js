// The form of a new deployment.
import { Problem } from "../slipway.js";
import { $, api, keep, make, setText } from "./dom.js";
import { durationText } from "./words.js";
import { address, hashFor } from "./address.js";
import { copyText, curlCommand } from "./actions.js";
import { clearFault, faultsTitle, markFault, newKey, numeric } from "./fields.js";

const sheet = $("form");
const form = $("deploy-form");
const memoryKey = "slipway.dashboard.requests";
/** A submission that may have arrived without an answer. If it is sent again under the same key, it starts only once. */
let unanswered = null;

const remembered = (app, environment) => keep.read(memoryKey)?.[`${environment}\n${app}`] ?? {};

/** Keeps what the app's next deployment needs, without the values of environment variables. */
function remember(request) {
  const all = keep.read(memoryKey) ?? {};
  const { env_vars: env, ...rest } = request;
  all[`${request.environment ?? "default"}\n${request.script_name}`] = { ...rest, ports_text: $("f-ports").value, env_names: Object.keys(env ?? {}) };
  for (const key of Object.keys(all).slice(0, -100)) delete all[key];
  keep.write(memoryKey, all);
}

export function openForm(record = null) {
  clearFaults();
  form.reset();
  $("f-note").textContent = "";
  setText($("f-title"), record ? `Deploy ${record.app} again` : "New deployment");
  let lead = "A folder is copied into a new container of an image. What ran before stays up until the new one is healthy.";
  if (record) {
    const last = remembered(record.app, record.environment);
    const values = { ...last, script_name: record.app, environment: record.environment, registry_image: record.image, container_name: record.container_name };
    for (const control of form.elements) {
      const value = control.name.startsWith("health.") ? last.health?.[control.name.slice(7)] : values[control.name];
      if (control.name && (typeof value === "string" || typeof value === "number")) control.value = value;
    }
    $("f-ports").value = last.ports_text ?? "";
    const names = Object.keys(record.result?.metadata?.urls ?? {});
    lead = `The fields have the values of #${record.number}, as far as they are known.`;
    if (!last.script_folder) lead += " The folder is not part of the history.";
    if (!last.ports_text && names.length) lead += ` It published ${names.join(", ")}.`;
    lead += last.env_names?.length ? ` Enter the values of ${last.env_names.join(", ")} again, because they are not kept.` : " Enter the values of environment variables again, because they are not kept.";
  } else {
    $("f-script_name").value = address.app;
    $("f-environment").value = address.environment;
  }
  setText($("f-lead"), lead);
  placeholders();
  if (!sheet.open) sheet.showModal();
  (record && !$("f-script_folder").value ? $("f-script_folder") : record ? $("f-registry_image") : $("f-script_name")).focus();
}

function placeholders() {
  $("f-container_name").placeholder = `fractalic-${$("f-script_name").value.trim() || "…"}`;
}

/** The request of the form, and the faults that keep it from being written as JSON. */
function gather() {
  const request = {};
  const faults = [];
  for (const control of form.elements) {
    const value = control.name && control.tagName !== "TEXTAREA" ? control.value.trim() : "";
    if (!value) continue;
    if (control.name.startsWith("health.")) (request.health ??= {})[control.name.slice(7)] = control.name.endsWith("seconds") ? numeric(value) : value;
    else request[control.name] = value;
  }
  for (const name of ["script_name", "script_folder"]) if (!request[name]) faults.push({ field: name, message: "is required" });
  const lines = (id) => $(id).value.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const ports = lines("f-ports");
  if (ports.length === 1 && ports[0] === "none") request.ports = {};
  else if (ports.length) {
    request.ports = {};
    for (const line of ports) {
      const [, name, host, container] = /^([^=\s]+)\s*=\s*(?:(\d+):)?(\S+)$/.exec(line) ?? [];
      if (!name) faults.push({ field: "ports", message: `“${line}” does not have the form name=port` });
      else request.ports[name] = host ? { container: numeric(container), host: numeric(host) } : numeric(container);
    }
  }
  for (const line of lines("f-env_vars")) {
    const place = line.indexOf("=");
    if (place < 1) faults.push({ field: "env_vars", message: "each line must have the form NAME=value" });
    else (request.env_vars ??= {})[line.slice(0, place).replace(/^export\s+/, "").trim()] = line.slice(place + 1);
  }
  return { request, faults };
}

function clearFaults() {
  for (const control of form.querySelectorAll("[aria-invalid]")) clearFault(control);
  $("f-summary").hidden = true;
}

/** The control of a path such as `ports.frontend.container`. */
function controlFor(path) {
  for (let key = String(path ?? ""); key; key = key.slice(0, Math.max(0, key.lastIndexOf(".")))) {
    const control = form.elements.namedItem(key);
    if (control) return control;
  }
  return null;
}

function showFaults(title, faults) {
  clearFaults();
  setText($("f-summary-title"), title);
  $("f-faults").replaceChildren(...faults.map(({ field, message }) => {
    const label = field ? `${field}: ${message}` : message;
    const control = controlFor(field);
    if (!control) return make("li", { textContent: label });
    const words = control.name === field ? message : label;
    if (control.closest("details")) control.closest("details").open = true;
    markFault(control, control.closest(".field"), words);
    return make("li", {}, make("a", { href: `#${control.id}`, textContent: label, onclick(event) {
      event.preventDefault(); // the address names what is shown
      control.focus();
    } }));
  }));
  $("f-summary").hidden = false;
  $("f-summary").focus();
  $("f-summary").scrollIntoView({ block: "nearest" });
}

form.addEventListener("input", (event) => {
  clearFault(event.target);
  placeholders();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if ($("f-submit").disabled) return;
  const { request, faults } = gather();
  if (faults.length) return showFaults(faultsTitle(faults), faults);
  clearFaults();
  const body = JSON.stringify(request);
  if (unanswered?.body !== body) unanswered = { body, key: newKey() };
  $("f-submit").disabled = true;
  $("f-note").textContent = "Sending the request…";
  try {
    const ask = () => api("/deployments", { method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": unanswered.key }, body });
    // A browser drops its requests if a network interface comes or goes, which happens with every container.
    const answer = await ask().catch(() => new Promise((resolve) => setTimeout(resolve, 300)).then(ask));
    // After an error of the server, or half an answer, the request may have been accepted all the same.
    if (answer.status >= 400 && answer.status < 500) unanswered = null;
    if (!answer.ok) throw await Problem.from(answer);
    const record = await answer.json();
    unanswered = null;
    remember(request);
    $("f-env_vars").value = "";
    sheet.close();
    location.hash = hashFor({ id: record.id });
  } catch (error) {
    $("f-note").textContent = "";
    const { errors } = error.document ?? {};
    if (Array.isArray(errors) && errors.length) showFaults(faultsTitle(errors), errors);
    else if (error instanceof Problem) showFaults(error.title, [{ message: error.message + (error.retryAfter ? ` Try again in ${durationText(error.retryAfter, { whole: true })}.` : "") }]);
    else showFaults("The server did not answer", [{ message: "It is not known whether the request arrived. You can safely deploy again: the same request starts only once." }]);
  } finally {
    $("f-submit").disabled = false;
  }
});
for (const id of ["f-close", "f-cancel"]) $(id).addEventListener("click", () => sheet.close());
sheet.addEventListener("close", () => ($("f-env_vars").value = ""));
$("f-curl").addEventListener("click", async () => {
  const { request } = gather();
  for (const name of Object.keys(request.env_vars ?? {})) request.env_vars[name] = "…";
  $("f-note").textContent = (await copyText(curlCommand(location.origin, request))) ? (request.env_vars ? "Copied, with “…” in place of secret values." : "Copied.") : "The browser refused to copy.";
});
$("new").addEventListener("click", () => openForm());
