import { TURN_WINDOW_MS } from "../../agent/server/state/turn-ledger.ts";

/**
 * Loaded into an agent before its own program: at each SIGUSR2 its clock is one window of turns ahead. An agent begins 60
 * turns in ten minutes and no more, so that 200 turns would take half an hour of waiting.
 */
const now = Date.now;
let aheadMs = 0;
Date.now = () => now() + aheadMs;
process.on("SIGUSR2", () => {
  aheadMs += TURN_WINDOW_MS;
});
