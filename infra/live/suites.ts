import { agentmail } from "./skills/agentmail.ts";
import { bankr } from "./skills/bankr.ts";
import { browsing } from "./skills/browsing.ts";
import { files } from "./skills/files.ts";
import { images } from "./skills/images.ts";
import { modelCalls } from "./skills/model-calls.ts";
import { scheduling } from "./skills/scheduling.ts";
import { telnyxCli } from "./skills/telnyx-cli.ts";
import { voice } from "./skills/voice.ts";
import { webSearch } from "./skills/web-search.ts";
import type { Suite } from "./suite.ts";

/** All skills, in the order in which they are listed. */
export const SUITES: readonly Suite[] = [
  ...[webSearch, browsing, agentmail, scheduling, files],
  ...[images, voice, bankr, telnyxCli, modelCalls],
];
