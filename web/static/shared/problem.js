// What went wrong, in the three kinds a page has to tell apart.

/** A request that failed: `network` never reached an answer, `refused` was answered with an error. */
export class Problem extends Error {
  /**
   * @param {object} facts
   * @param {"network"|"deadline"|"refused"} facts.kind
   * @param {number=} facts.status HTTP status, 0 when there was no answer
   * @param {string=} facts.code stable code, `OM-0000`
   * @param {string=} facts.detail
   * @param {number=} facts.retry_after_s
   */
  constructor({ kind, status = 0, code = "", detail = "", retry_after_s = 0 }) {
    super(detail || `${kind} ${status}`);
    this.kind = kind;
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.retry_after_s = retry_after_s;
  }

  /** Whether the same request may succeed when sent again unchanged. */
  get is_temporary() {
    return this.kind !== "refused" || this.status === 429 || this.status >= 500;
  }

  /** Whether the session or the conversation is no longer this visitor's to use. */
  get is_session_over() {
    return this.kind === "refused" && [401, 403, 404].includes(this.status);
  }
}

/**
 * The key of the sentence that tells the reader what to do next.
 * @param {unknown} error
 * @returns {string}
 */
export function adviceFor(error) {
  if (!(error instanceof Problem)) return "problem.ours";
  if (error.kind === "network") return "problem.network";
  if (error.kind === "deadline") return "problem.deadline";
  if (error.is_session_over) return "problem.session_over";
  if (error.status === 409) return "problem.conflict";
  if (error.status === 413) return "problem.too_long";
  if (error.status === 429) return "problem.too_many";
  if (error.status >= 500) return "problem.ours";
  return "problem.not_accepted";
}

/**
 * Reads an error answer; a body that is not a problem document still gives a usable problem.
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
export async function problemFrom(response) {
  /** @type {Record<string, unknown>} */
  let body = {};
  try {
    const parsed = await response.json();
    if (parsed && typeof parsed === "object") body = parsed;
  } catch {
    // A proxy's HTML page, most likely; the status says enough.
  }
  const retry_after_s = Number(response.headers.get("Retry-After") ?? 0);
  return new Problem({
    kind: "refused",
    status: response.status,
    code: typeof body.code === "string" ? body.code : "",
    detail: typeof body.detail === "string" ? body.detail : String(body.title ?? ""),
    retry_after_s: Number.isFinite(retry_after_s) && retry_after_s > 0 ? retry_after_s : 0,
  });
}
