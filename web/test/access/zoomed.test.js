import { everyState } from "./every_state.js";

everyState("zoomed");
