// Who sits at the desk? In the demo a name is enough; elsewhere a staff token.
/** @import { Api } from "../shared/api.js" */
/** @import { Desk } from "./state.js" */
import { byId, show } from "../shared/dom.js";
import { Problem } from "../shared/problem.js";

/** @param {Desk} desk @param {Api} api */
export function makeSignIn(desk, api) {
  /** @type {HTMLInputElement} */
  const name = byId("name");
  /** @type {HTMLInputElement} */
  const token = byId("token");
  const problem = byId("sign-in-problem");
  let is_busy = false;

  /** @param {HTMLInputElement} field @param {() => Promise<string>} get_token */
  async function signIn(field, get_token) {
    if (is_busy) return;
    is_busy = true;
    problem.textContent = "";
    field.setAttribute("aria-invalid", "false");
    try {
      await desk.signIn(await get_token());
      token.value = "";
    } catch (error) {
      problem.textContent = adviceFor(error);
      field.setAttribute("aria-invalid", "true");
      field.focus();
    } finally {
      is_busy = false;
    }
  }

  byId("name-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void signIn(name, async () => (await api.openDemoStaff(name.value.trim())).token);
  });
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void signIn(token, async () => token.value.trim());
  });
  return {
    /** @param {boolean} is_demo */
    offer(is_demo) {
      show(byId("name-form"), is_demo);
      // In the demo a name is enough; elsewhere the token is the only way.
      show(byId("token-summary"), is_demo);
      /** @type {HTMLDetailsElement} */ (byId("token-fold")).open = !is_demo;
      byId("sign-in-text").textContent = is_demo
        ? "This is the demo of a fictional company: any name opens the desk."
        : "Only staff can open the desk.";
    },
    /** @param {string} text */
    tell(text) {
      problem.textContent = text;
    },
  };
}

/** @param {unknown} error */
function adviceFor(error) {
  if (!(error instanceof Problem) || error.kind !== "refused") return "The service cannot be reached. Check your connection, then try again.";
  if ([401, 403, 404].includes(error.status)) return "This sign-in is not accepted. Check that the token is complete and has not ended.";
  if (error.status === 429) return "Too many attempts. Wait a minute, then try again.";
  return "Signing in did not work. Try again.";
}
