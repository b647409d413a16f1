// Things that are copied, and things that ask before they are done.
import { make } from "./dom.js";

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Clipboard access is refused outside secure contexts; a selection still can be copied.
    const area = make("textarea", { value: text, class: "hidden-visually", tabIndex: -1 });
    const focused = document.activeElement;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return done;
  }
}

export async function copied(button, text) {
  const word = (button.dataset.word ??= button.textContent);
  button.textContent = (await copyText(text)) ? "Copied" : "Refused";
  clearTimeout(button.calming);
  button.calming = setTimeout(() => (button.textContent = word), 1500);
}

/** A shell command that asks for a deployment; single quotes hold any text in a POSIX shell. */
export function curlCommand(request, stream = false) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const path = stream ? "/api/deploy/docker-registry/stream" : "/api/deployments";
  return [`curl ${stream ? "-N " : ""}-X POST ${quote(location.origin + path)}`, "-H 'Content-Type: application/json'", `-d ${quote(JSON.stringify(request, null, 2))}`].join(" \\\n  ");
}

/** A button that acts on the second press: what it does cannot be taken back. */
export function confirmed(button, question, act) {
  const word = button.textContent;
  let timer = null;
  const calm = () => {
    clearTimeout(timer);
    timer = null;
    button.textContent = word;
    delete button.dataset.sure;
  };
  button.addEventListener("click", () => {
    if (timer === null) {
      button.textContent = question;
      button.dataset.sure = "";
      timer = setTimeout(calm, 4000);
    } else {
      calm();
      act();
    }
  });
  button.addEventListener("blur", calm);
}
