// What happened in a turn? The nine stages with their reasons and times, in the order they ran.
/** @import { Stage, Turn } from "./types.js" */
import { el } from "./dom.js";
import { clockTime, duration, words } from "./format.js";
import { renderRecord } from "./record.js";

/** What each stage is for, in one line a newcomer understands. */
export const STAGE_PURPOSES = {
  intake: "Takes the message in once, whoever sent it twice",
  safety: "Hides card data and personal data, looks for attacks",
  understanding: "Turns words into commands",
  context: "Fetches facts and articles that may be used",
  decision: "Rules decide; no model can overrule them",
  action: "Does the one authorized thing, at most once",
  answer: "Writes the answer and checks every claim in it",
  record: "Commits trail, state and reply together",
  reply: "Delivers what was recorded",
};

const STAGES_MAX = 60;

/**
 * Numbers repeated stages: context, decision and action run once per round.
 * @param {Stage[]} stages
 * @returns {(Stage & {round: number, is_repeated: boolean})[]}
 */
export function withRounds(stages) {
  /** @type {Map<string, number>} */
  const totals = new Map();
  for (const { stage } of stages) totals.set(stage, (totals.get(stage) ?? 0) + 1);
  /** @type {Map<string, number>} */
  const seen = new Map();
  return stages.map((stage) => {
    const round = (seen.get(stage.stage) ?? 0) + 1;
    seen.set(stage.stage, round);
    return { ...stage, round, is_repeated: (totals.get(stage.stage) ?? 0) > 1 };
  });
}

/** @param {Stage[]} stages */
export function totalMs(stages) {
  return stages.reduce((sum, { ms }) => sum + (Number.isFinite(ms) ? ms : 0), 0);
}

/**
 * @param {Turn} turn
 * @param {string} locale
 * @returns {HTMLElement}
 */
export function renderTurn(turn, locale) {
  const total_ms = totalMs(turn.stages);
  const shown = withRounds(turn.stages.slice(0, STAGES_MAX));
  return el("div", { class: "turn" },
    el("p", { class: "turn-facts" },
      el("span", {}, `${turn.stages.length} steps`),
      el("span", {}, duration(total_ms, locale)),
      turn.at ? el("time", { datetime: turn.at }, clockTime(turn.at, locale)) : null),
    shareBar(shown, total_ms),
    el("ol", { class: "stages" }, shown.map((stage) => renderStage(stage, total_ms, locale))));
}

/**
 * Where the time went; decorative, since every stage states its own time.
 * @param {Stage[]} stages
 * @param {number} total_ms
 */
function shareBar(stages, total_ms) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "share");
  svg.setAttribute("viewBox", "0 0 1000 8");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  let x = 0;
  for (const { stage, ms } of stages) {
    const width = total_ms > 0 ? (ms / total_ms) * 1000 : 0;
    const rect = document.createElementNS(space, "rect");
    for (const [name, value] of Object.entries({ x, y: 0, width: Math.max(0, width - 3), height: 8, class: `share-${stage}` })) {
      rect.setAttribute(name, String(value));
    }
    svg.append(rect);
    x += width;
  }
  return svg;
}

/**
 * @param {Stage & {round: number, is_repeated: boolean}} stage
 * @param {number} total_ms
 * @param {string} locale
 */
function renderStage(stage, total_ms, locale) {
  const purpose = STAGE_PURPOSES[/** @type {keyof typeof STAGE_PURPOSES} */ (stage.stage)] ?? "";
  const is_slow = total_ms > 0 && stage.ms / total_ms > 0.5 && stage.ms > 50;
  return el("li", { class: "stage", data: { stage: stage.stage } },
    el("details", {},
      el("summary", {},
        el("span", { class: "stage-head" },
          el("span", { class: "stage-name" }, words(stage.stage), stage.is_repeated ? el("span", { class: "round" }, ` round ${stage.round}`) : null),
          el("span", { class: is_slow ? "ms slow" : "ms" }, duration(stage.ms, locale))),
        el("span", { class: "stage-summary", dir: "auto" }, stage.summary)),
      el("div", { class: "reasons" },
        el("p", { class: "purpose" }, purpose),
        renderRecord(stage.detail ?? {}, locale))));
}
