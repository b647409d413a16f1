// Buttons that copy something, and buttons that ask before they act.
import { make } from "./dom.js";

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Clipboard access is refused outside secure contexts; a selection can still be copied.
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

/** A shell command that deploys and shows the stream; single quotes hold any text in a POSIX shell. */
export function curlCommand(server, request, { withToken = false } = {}) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    `curl -N -X POST ${quote(`${server}/api/deploy/docker-registry/stream`)}`,
    "-H 'Content-Type: application/json'",
    ...(withToken ? ['-H "Authorization: Bearer $SLIPWAY_TOKEN"'] : []),
    `-d ${quote(JSON.stringify(request, null, 2))}`,
  ].join(" \\\n  ");
}

/** Lets a button act on the second press only: what it does cannot be taken back. */
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
