import { equal, match } from "node:assert/strict";
import { type Sms, smsOf } from "../../../testing/skills/ends.ts";
import type { SkillScene } from "../../../testing/skills/scene.ts";
import { adaSays, type Step } from "../step.ts";

const BOBS_PHONE = "+13125550142";
const TEXT = "Ada asks: do you come by train?";
const ANSWER = "I do, it arrives at 18:40.";

export const telnyxCli = (): Step[] => [
  adaSays("Text Bob at (312) 555-0142 and ask him whether he comes by train.", {
    script: [
      {
        ...{ when: "Text Bob", in: "message" },
        use: [{ tool: "sms_send", with: { to: BOBS_PHONE, text: TEXT } }],
        say: "I have asked him.",
      },
    ],
    answers: ["I have asked him."],
  }),
  {
    ...{ who: "Bob, by text message", shows: ANSWER },
    act: async (scene) => {
      const [sms] = await sentTo(scene);
      return scene.double("telnyx", "POST", "/__double/telnyx/receive", {
        ...{ from: BOBS_PHONE, to: sms?.from, text: ANSWER },
      });
    },
    script: [{ when: ANSWER, in: "message", use: [], say: "Bob answers that his train arrives at 18:40." }],
    answers: ["Bob answers that his train arrives at 18:40."],
    proof: {
      ...{ skill: "telnyx-cli", tools: ["sms_send"] },
      verified: "Bob's phone got one text, with who it is from and how to opt out; his answer came back",
      look: async (scene) => {
        const texts = await sentTo(scene);
        equal(texts.length, 1, `${texts.length} texts went to Bob`);
        match(texts[0]?.text ?? "", /^Ada asks: do you come by train\?\n.*Marco.*STOP/);
      },
    },
  },
];

const sentTo = async (scene: SkillScene): Promise<Sms[]> =>
  (await smsOf(scene)).filter(({ direction, to }) => direction === "outbound" && to === BOBS_PHONE);
