// The elements of a page, and what the browser keeps.

export const $ = (id) => document.getElementById(id);
export const api = (path, options = {}) => fetch(`/api${path}`, { cache: "no-store", credentials: "same-origin", ...options });

/** An element with text only ever as text. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets a text only if it differs: a browser does work for every assignment, even of the same text. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

/** Whether a box is scrolled to its end, or nearly. */
export const atEnd = (box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 12;

export const keep = {
  read(key, storage = "localStorage") {
    try {
      return JSON.parse(globalThis[storage].getItem(key));
    } catch {
      return null;
    }
  },
  /** Null removes what is kept. */
  write(key, value, storage = "localStorage") {
    try {
      if (value === null) globalThis[storage].removeItem(key);
      else globalThis[storage].setItem(key, JSON.stringify(value));
    } catch {
      // Storage can be switched off; the page then only forgets.
    }
  },
};
