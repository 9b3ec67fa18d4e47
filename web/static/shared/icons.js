// The few line icons of both pages, drawn on a 24 by 24 grid.

const SHAPES = {
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
  restart: "M4 12a8 8 0 1 0 2.5-5.800M4 4v4.500h4.5",
  send: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19.5 7.5",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5.5 11h13v9.500h-13z",
  book: "M5 4.500h10.500a3 3 0 0 1 3 3v12H8a3 3 0 0 1-3-3zM5 16.500a3 3 0 0 1 3-3h10.5",
  steps: "M5 6h.01M5 12h.01M5 18h.01M10 6h10M10 12h10M10 18h10",
  phone: "M8 3h8a1.5 1.5 0 0 1 1.5 1.500v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.500v-15A1.5 1.5 0 0 1 8 3ZM11 18h2",
  down: "M12 5v14M5.5 12.5 12 19l6.5-6.5",
  alert: "M12 8.500v4.500M12 16.500h.01M12 3.5 2.5 20.500h19z",
  clock: "M12 7v5l3.5 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z",
  keyboard: "M3 6.500h18v11H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  receipt: "M6 3.500h12v17l-3-2-3 2-3-2-3 2zM9.5 8.500h5M9.5 12.500h5",
  inbox: "M4 13.5 6.5 5h11l2.5 8.500v5.500H4zM4 13.500h5a3 3 0 0 0 6 0h5",
  menu: "M4 7h16M4 12h16M4 17h16",
  back: "M15 5l-7 7 7 7",
};

/** @typedef {keyof typeof SHAPES} IconName */

/**
 * @param {IconName} name
 * @returns {SVGSVGElement} decorative: the text beside it carries the meaning
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** Draws the icon into every `[data-icon]` of the page. @param {ParentNode} root */
export function drawIcons(root) {
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-icon]"))) {
    node.prepend(icon(/** @type {IconName} */ (node.dataset.icon)));
    delete node.dataset.icon;
  }
}
