// What the forms share: values, and what is wrong with them, shown at their controls.
import { $, make } from "./dom.js";

const faultOf = (control) => `${control.id}-fault`;

/** Adds words to what is wrong with a control; they stand in `place` and describe the control. */
export function markFault(control, place, words) {
  const id = faultOf(control);
  if ($(id)) return ($(id).textContent += ` ${words}`);
  place.append(make("p", { class: "fault", id, textContent: words }));
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
}

export function clearFault(control) {
  if (!control.getAttribute?.("aria-invalid")) return;
  control.removeAttribute("aria-invalid");
  $(faultOf(control))?.remove();
  const rest = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== faultOf(control));
  if (rest.length) control.setAttribute("aria-describedby", rest.join(" "));
  else control.removeAttribute("aria-describedby");
}

export const faultsTitle = ({ length }) => (length === 1 ? "One value needs attention" : `${length} values need attention`);

/** A number if the text is one; anything else goes as it is, for the server to judge. */
export const numeric = (text) => (/^[0-9]{1,9}$/.test(text) ? Number(text) : text);

/** A new idempotency key: a request that is sent several times under one key deploys once. */
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
