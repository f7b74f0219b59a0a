import { createOpenclawBrain } from "./openclaw-brain.ts";
import { runAgent } from "./run.ts";

await runAgent(createOpenclawBrain);
