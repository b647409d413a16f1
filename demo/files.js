// Where the files and the image come from.
import { $ } from "../dashboard/dom.js";
import { clearFault } from "../dashboard/fields.js";
import { bytesText } from "../dashboard/words.js";
import { filesMode, form, isBuilt, text, usesFiles } from "./controls.js";
import { clearFaults, showFaults } from "./faults.js";
import { formChanged } from "./form.js";
import { authorization, server } from "./server.js";
import { readSetting } from "./settings.js";

/** What the server said of the archive that was sent: its id, bytes and files. */
let archive = null;
/** The request that is sending one. */
let sending = null;

/** Adds the source of the files to a request. */
export function gatherFiles(request, faults, secret) {
  if (filesMode() === "folder") {
    request.script_folder = text($("f-script_folder"));
    if (!request.script_folder) faults.push({ field: "script_folder", message: "is required" });
  } else if (filesMode() === "git") {
    request.source = { git: text($("f-git")) };
    if (!request.source.git) faults.push({ field: "source.git", message: "is required" });
    if (text($("f-ref"))) request.source.ref = text($("f-ref"));
    if (text($("f-subfolder"))) request.source.subfolder = text($("f-subfolder"));
    if ($("f-submodules").checked) request.source.submodules = true;
    const [username, password] = [text($("f-git-user")), $("f-git-pass").value];
    if (username || password) request.source_auth = { username, password: secret(password) };
  } else {
    request.source = { archive: archive?.id ?? "" };
    if (!archive) faults.push({ field: "source.archive", message: sending ? "is still being sent" : "is required" });
  }
}

/** Adds to a request how its image is built. */
export function gatherBuild(request, faults, secret) {
  const build = (request.build = {});
  for (const name of ["dockerfile", "target"]) {
    if (text(form.elements[`build.${name}`])) build[name] = text(form.elements[`build.${name}`]);
  }
  const control = form.elements["build.args"];
  const [args, fault] = readSetting({ kind: "secrets" }, control.value.trim(), secret);
  if (fault) faults.push({ control, field: "build.args", message: fault });
  else if (Object.keys(args).length) build.args = args;
}

/** Shows the fields of the chosen source and image. */
export function showFiles() {
  for (const part of form.querySelectorAll("[data-files]")) part.hidden = part.dataset.files !== filesMode();
  $("files-field").textContent = filesMode() === "folder" ? "script_folder" : "source";
  $("files").hidden = !usesFiles();
  for (const part of form.querySelectorAll("[data-image]")) part.hidden = part.dataset.image !== form.elements["image-mode"].value;
  $("image-field").textContent = isBuilt() ? "build" : "registry_image";
  const [usual, afterStart] = $("f-copy").options;
  usual.textContent = isBuilt() ? "None: the image has them" : "After the start";
  afterStart.hidden = !isBuilt() && !afterStart.selected;
  $("registry-auth").hidden = isBuilt();
}

/** Sends an archive and shows the progress. */
function sendArchive(file) {
  sending?.abort();
  archive = null;
  clearFault($("f-archive"));
  const request = new XMLHttpRequest();
  sending = request;
  const note = (words) => ($("archive-note").textContent = words);
  const bar = $("archive-progress");
  bar.hidden = false;
  bar.value = 0;
  note(`Sending ${file.name}…`);
  const end = (words, faulty) => {
    if (sending !== request) return;
    sending = null;
    bar.hidden = true;
    note(words);
    if (faulty) showFaults("The server did not take the archive", [{ field: "source.archive", message: words }]);
    formChanged();
  };
  request.upload.onprogress = ({ loaded, total }) => {
    bar.value = total ? loaded / total : 0;
    note(loaded < total ? `Sending ${file.name}: ${bytesText(loaded, total)}` : `The server is checking ${file.name}…`);
  };
  request.onload = () => {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch { /* A proxy may answer with a page of its own. */ }
    if (request.status === 201 && sending === request) {
      archive = answer;
      clearFaults();
      end(`${file.name}: ${answer.files} ${answer.files === 1 ? "file" : "files"}, ${bytesText(answer.bytes)}`);
    } else end(answer.detail ?? `The server answered ${request.status}.`, true);
  };
  request.onerror = () => end("The server did not answer, or did not take the archive.", true);
  request.open("POST", `${server()}/api/archives`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
  request.send(file);
}

$("f-archive").addEventListener("change", () => {
  const [file] = $("f-archive").files;
  if (file) sendArchive(file);
  $("f-archive").value = ""; // the same file may be chosen again with other content
});
for (const [type, isOver] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  $("drop").addEventListener(type, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", isOver);
    const [file] = (type === "drop" && event.dataTransfer?.files) || [];
    if (file) sendArchive(file);
  });
}
