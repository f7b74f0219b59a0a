import type { Evening } from "./evening.ts";
import type { Step } from "./step.ts";
import { agentmail } from "./steps/agentmail.ts";
import { bankr } from "./steps/bankr.ts";
import { browsing } from "./steps/browsing.ts";
import { files } from "./steps/files.ts";
import { images } from "./steps/images.ts";
import { modelCalls } from "./steps/model-calls.ts";
import { scheduling } from "./steps/scheduling.ts";
import { telnyxCli } from "./steps/telnyx-cli.ts";
import { voice } from "./steps/voice.ts";
import { webSearch } from "./steps/web-search.ts";

/** What is said, in order: a part for each skill. */
export const conversationOf = (evening: Evening): readonly (readonly Step[])[] => [
  webSearch(evening),
  browsing(evening),
  agentmail(evening),
  images(evening),
  files(),
  voice(evening),
  bankr(),
  telnyxCli(),
  scheduling(),
  modelCalls(),
];
