import { deepEqual } from "node:assert/strict";
import sharp from "sharp";
import { bytesOf } from "../../../testing/skills/ends.ts";
import type { Evening } from "../evening.ts";
import { adaSays, adaSends, type Step } from "../step.ts";

const READ = "Fish soup 9, Sea bass 28, Apple tart 11";

export const images = ({ menu }: Evening): Step[] => [
  adaSays("I have a photo of their menu. Can you read it to me, and make it smaller?", {
    script: [{ when: "photo of their menu", in: "message", use: [], say: "Of course, send it." }],
    answers: ["Of course, send it."],
  }),
  adaSends(
    { name: "menu.jpg", mimeType: "image/jpeg", bytes: menu },
    {
      script: [
        {
          ...{ when: "menu.jpg", in: "message" },
          use: [
            { tool: "image_text", with: { path: "received/menu.jpg" } },
            {
              tool: "image_edit",
              with: {
                paths: ["received/menu.jpg"],
                ...{ out: "menu-small.jpg", steps: [{ op: "resize", width: 400 }] },
              },
            },
            { tool: "message", with: { action: "send", media: "menu-small.jpg" } },
          ],
          say: "It says: {{1 /(Fish soup \\d+)/}}, {{1 /(Sea bass \\d+)/}}, {{1 /(Apple tart \\d+)/}}.",
        },
      ],
      answers: ["[menu-small.jpg, 6 kB]", `It says: ${READ}.`],
      proof: {
        ...{ skill: "images", tools: ["image_text", "image_edit"] },
        verified: "the words are those on the photo; what came is a JPEG of 400 x 300 pixels",
        look: async (_, [small]) => {
          if (small === undefined) throw new Error("no picture came");
          const { width, height, format } = await sharp(bytesOf(small)).metadata();
          deepEqual({ width, height, format }, { width: 400, height: 300, format: "jpeg" });
        },
      },
    },
  ),
];
