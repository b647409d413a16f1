// The form: what it shows, what it keeps, and its buttons.
import { copyText, curlCommand } from "../dashboard/actions.js";
import { $, keep } from "../dashboard/dom.js";
import { clearFault } from "../dashboard/fields.js";
import { form, isBuilt, text } from "./controls.js";
import { showFiles } from "./files.js";
import { gather } from "./request.js";
import { addEnv, addPort, envRows, portRows, portsChosen } from "./rows.js";
import { fromFile, hasToken, server } from "./server.js";
import { settings } from "./settings.js";

const memoryKey = "slipway.demo.form";
const keptSettings = settings.filter(({ kind }) => kind !== "secrets");
const kept = ["script_name", "script_folder", "files-mode", "source.git", "source.ref", "source.subfolder", "image-mode", "build.dockerfile", "build.target", "container_name", "registry_image", "platform", "environment", "container_path", "pull", "on_conflict", "copy", "restart", "health.timeout_seconds", "health.require", "memory", "cpus", "network", "command", "labels"];

/** Keeps the form, without environment values and credentials. */
export function keepForm() {
  keep.write(memoryKey, {
    values: Object.fromEntries(kept.map((name) => [name, form.elements[name].value])),
    settings: Object.fromEntries(keptSettings.map(({ name, kind }) => [name, kind === "flag" ? form.elements[name].checked : form.elements[name].value])),
    submodules: $("f-submodules").checked,
    server: $("f-server").value,
    healthNames: $("f-health-names").value,
    portsChosen: portsChosen(),
    ports: portRows().map(({ fields }) => Object.fromEntries(Object.entries(fields).map(([key, input]) => [key, input.value]))),
    env: envRows().map(({ fields }) => fields.name.value),
    advanced: $("advanced").open,
  });
}

/** Whether a control was changed: a page from a file can be filled in before its modules have come. */
const isTouched = (control) =>
  control instanceof RadioNodeList ? [...control].some((each) => each.checked !== each.defaultChecked) : control.value !== (control.defaultValue ?? control.value);

export function restoreForm() {
  const saved = keep.read(memoryKey);
  if (!saved) return;
  for (const name of kept) {
    const control = form.elements[name];
    if (typeof saved.values?.[name] === "string" && !isTouched(control)) control.value = saved.values[name];
  }
  for (const { name, kind } of keptSettings) {
    const value = saved.settings?.[name];
    if (kind === "flag") form.elements[name].checked = value === true;
    else if (typeof value === "string") form.elements[name].value = value;
  }
  $("f-submodules").checked = saved.submodules === true;
  if (!fromFile) $("f-server").value = saved.server ?? "";
  $("f-health-names").value = saved.healthNames ?? "";
  $("ports-chosen").checked = saved.portsChosen === true;
  $("ports-default").checked = !portsChosen();
  (saved.ports ?? []).forEach(addPort);
  (saved.env ?? []).forEach((name) => addEnv({ name }));
  $("advanced").open = saved.advanced === true;
}

function showPorts() {
  $("port-rows").hidden = $("add-port").hidden = !portsChosen();
  $("ports-hint").textContent = !portsChosen()
    ? "frontend 3000, backend 8000, ai_server 8001 and mcp_manager 5859, unless the server was started with others."
    : portRows().length === 0
      ? "Without a port nothing is published and nothing is probed."
      : "If no host port is given, a free one is taken. Health checks ask for the path.";
}

/** Shows what follows from the form's values, and keeps it. */
export function formChanged() {
  const name = text(form.elements.script_name);
  $("f-container_name").placeholder = `fractalic-${name || "…"}`;
  $("f-container_path").placeholder = `/payload/${name || "…"}`;
  $("health-names-field").hidden = $("f-health-require").value !== "named";
  $("curl-secrets-field").hidden = !envRows().some(({ fields }) => fields.value.value) && !$("f-auth-pass").value && !$("f-git-pass").value && !form.elements.secrets.value && !(isBuilt() && $("f-args").value);
  showFiles();
  showPorts();
  $("server-line").textContent = server().replace(/^https?:\/\//, "");
  keepForm();
}

form.addEventListener("input", (event) => {
  clearFault(event.target);
  formChanged();
});
form.addEventListener("change", formChanged);
$("advanced").addEventListener("toggle", keepForm);
$("ports-chosen").addEventListener("change", () => {
  if (portRows().length === 0) addPort({ name: "frontend", container: "3000" });
});
const addAndFocus = (add) => () => {
  add().fields.name.focus();
  formChanged();
};
$("add-port").addEventListener("click", addAndFocus(addPort));
$("add-env").addEventListener("click", addAndFocus(addEnv));
$("copy-curl").addEventListener("click", async () => {
  const secrets = $("curl-secrets").checked && !$("curl-secrets-field").hidden;
  const { request } = gather({ secrets });
  const copied = await copyText(curlCommand(server(), request, { withToken: hasToken() }));
  const without = !secrets && !$("curl-secrets-field").hidden;
  $("curl-note").textContent = !copied ? "The browser refused to copy." : without ? "Copied, with “…” in place of secret values." : "Copied.";
});
