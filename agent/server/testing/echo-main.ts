import { runAgent } from "../run.ts";
import { createEchoBrain } from "./echo-brain.ts";

/** The whole agent server with an echo in the place of openclaw; for tests of everything around the model. */
await runAgent(createEchoBrain);
