import { everyState } from "./every_state.js";

everyState("wide_light");
