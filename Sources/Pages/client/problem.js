// What can go wrong, and how long to wait after it.

/** An answer that is not the one asked for; its document is that of RFC 9457, if the server sent one. */
export class Problem extends Error {
  constructor(status, title, document = {}, retryAfter = null) {
    super(document.detail || title);
    Object.assign(this, { status, title, document, retryAfter });
  }

  static async from(response) {
    const text = await response.text().catch(() => "");
    let document;
    try {
      document = JSON.parse(text) ?? {};
    } catch {
      document = /html/i.test(response.headers.get("Content-Type") ?? "") ? {} : { detail: text.slice(0, 500) };
    }
    const title = document.title || `The server answered ${response.status}`;
    return new Problem(response.status, title, document, retryAfter(response.headers.get("Retry-After")));
  }

  /** Whether the same request cannot succeed until a person has done something. */
  get isRefusal() {
    return [400, 401, 403, 421].includes(this.status);
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return this.status === 429 || this.status >= 500;
  }
}

/** Milliseconds of a Retry-After field (RFC 9110, 10.2.3); null if there is none. */
function retryAfter(text) {
  if (!text) return null;
  const wait = /^\s*[0-9]+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

/** A connection that was lost or given up; `reason` says why. */
export class Lost extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

/** Milliseconds to wait after this many failures in a row: doubled each time, half of it by chance. */
export function backoff(failures, { reconnectDelay = 1000, maxReconnectDelay = 30000 } = {}, random = Math.random) {
  const longest = Math.min(maxReconnectDelay, reconnectDelay * 2 ** Math.min(30, failures - 1));
  return longest * (0.5 + 0.5 * random());
}
