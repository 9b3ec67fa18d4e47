import { everyState } from "./every_state.js";

everyState("narrow_dark");
