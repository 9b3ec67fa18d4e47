// Where does a side panel live? Beside the page where there is room, in a drawer where there is not.
import { el } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {object} parts
 * @param {HTMLElement} parts.aside
 * @param {HTMLDialogElement} parts.drawer
 * @param {HTMLElement} parts.opener shown only while the panel lives in the drawer
 * @param {HTMLElement} parts.body
 * @param {string} parts.roomy media query that says there is room beside the page
 * @param {string} close_label
 * @returns {{open: () => void}}
 */
export function makePanel({ aside, drawer, opener, body, roomy }, close_label = "Close") {
  const close = el("button", { type: "button", class: "drawer-close", "aria-label": close_label, title: close_label,
    on: { click: () => drawer.close() } }, icon("close"));
  drawer.append(close);
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer) drawer.close(); // the backdrop belongs to the dialog element itself
  });
  const query = matchMedia(roomy);
  const place = () => {
    if (query.matches) {
      drawer.close();
      aside.append(body);
    } else {
      drawer.append(body);
    }
    aside.hidden = !query.matches;
    opener.hidden = query.matches;
  };
  query.addEventListener("change", place);
  const open = () => {
    if (!query.matches && !drawer.open) drawer.showModal();
  };
  opener.addEventListener("click", open);
  place();
  return { open };
}
