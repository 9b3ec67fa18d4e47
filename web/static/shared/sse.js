// How does a page stay up to date? Server-sent events read through fetch, because EventSource cannot send a token.

const BUFFER_CHARACTERS_MAX = 1_000_000;
const SILENCE_MS_MAX = 45_000; // three missed pings
const BACKOFF_MS_MIN = 500;
const BACKOFF_MS_MAX = 30_000;

/** @typedef {{id: string, event: string, data: string}} ServerEvent */

/** Cuts a stream of text into events; keeps what is not complete yet. */
export class EventStreamParser {
  #buffer = "";
  #id = "";
  #event = "";
  /** @type {string[]} */
  #data = [];

  /**
   * @param {string} text the next piece, cut anywhere
   * @returns {ServerEvent[]} the events it completed
   * @throws {RangeError} when one event grows past the bound
   */
  push(text) {
    this.#buffer += text;
    /** @type {ServerEvent[]} */
    const events = [];
    for (;;) {
      const end = this.#buffer.search(/\r\n|\n|\r/);
      // A lone \r at the very end may be half of \r\n: wait for the rest.
      if (end < 0 || (this.#buffer[end] === "\r" && end === this.#buffer.length - 1)) break;
      const line = this.#buffer.slice(0, end);
      this.#buffer = this.#buffer.slice(end + (this.#buffer.startsWith("\r\n", end) ? 2 : 1));
      const event = this.#line(line);
      if (event) events.push(event);
    }
    if (this.#buffer.length + this.#data.join("").length > BUFFER_CHARACTERS_MAX) {
      throw new RangeError(`an event is longer than ${BUFFER_CHARACTERS_MAX} characters`);
    }
    return events;
  }

  /** @param {string} line @returns {ServerEvent | undefined} */
  #line(line) {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return undefined;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  /** @returns {ServerEvent | undefined} */
  #dispatch() {
    const data = this.#data;
    const event = this.#event || "message";
    this.#data = [];
    this.#event = "";
    return data.length === 0 ? undefined : { id: this.#id, event, data: data.join("\n") };
  }
}

/**
 * How long to wait before attempt `n` (from 0): doubles up to a bound, half of it random.
 * @param {number} attempt
 * @param {number} random in [0, 1)
 */
export function backoffMs(attempt, random) {
  const full = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(attempt, 10));
  return full / 2 + (full / 2) * random;
}

/**
 * Follows a stream until closed, reconnecting with `Last-Event-ID`.
 * @param {object} options
 * @param {string} options.url
 * @param {() => string} options.token
 * @param {string=} options.last_event_id
 * @param {(event: ServerEvent) => void} options.on_event
 * @param {(state: "open"|"retrying"|"refused") => void} options.on_state
 * @param {typeof window.fetch=} options.fetch
 * @param {() => number=} options.random
 * @returns {{close: () => void, last_event_id: () => string}}
 */
export function followEvents({ url, token, last_event_id = "", on_event, on_state, ...injected }) {
  const { fetch = globalThis.fetch.bind(globalThis), random = Math.random } = injected;
  const closed = new AbortController();
  let last_id = last_event_id;
  let attempt = 0;

  /** Reads one connection to its end. */
  async function readOnce() {
    const connection = new AbortController();
    const stop = () => connection.abort();
    closed.signal.addEventListener("abort", stop);
    let watchdog = setTimeout(stop, SILENCE_MS_MAX);
    try {
      const response = await fetch(url, {
        headers: {
          Accept: "text/event-stream",
          Authorization: `Bearer ${token()}`,
          ...(last_id ? { "Last-Event-ID": last_id } : {}),
        },
        credentials: "omit",
        cache: "no-store",
        signal: connection.signal,
      });
      if ([204, 401, 403, 404].includes(response.status)) return "refused";
      if (!response.ok || !response.body) return "ended";
      attempt = 0;
      on_state("open");
      const parser = new EventStreamParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return "ended";
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, SILENCE_MS_MAX);
        for (const event of parser.push(value)) {
          if (event.id) last_id = event.id;
          on_event(event);
        }
      }
    } finally {
      clearTimeout(watchdog);
      stop();
      closed.signal.removeEventListener("abort", stop);
    }
  }

  async function follow() {
    while (!closed.signal.aborted) {
      const outcome = await readOnce().catch(() => "ended");
      if (closed.signal.aborted) return;
      if (outcome === "refused") return on_state("refused");
      on_state("retrying");
      await pause(backoffMs(attempt++, random()), closed.signal);
    }
  }

  void follow();
  return { close: () => closed.abort(), last_event_id: () => last_id };
}

/**
 * Waits; ends early when the page comes back online or the stream is closed.
 * @param {number} ms
 * @param {AbortSignal} signal
 */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", end);
      signal.removeEventListener("abort", end);
      resolve(undefined);
    };
    const timer = setTimeout(end, ms);
    globalThis.addEventListener?.("online", end);
    signal.addEventListener("abort", end);
  });
}
