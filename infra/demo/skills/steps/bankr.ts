import { deepEqual } from "node:assert/strict";
import { bankrState } from "../../../testing/skills/ends.ts";
import type { SkillScene } from "../../../testing/skills/scene.ts";
import { ADA, adaSays, type Step } from "../step.ts";

const RESTAURANT = "0x000000000000000000000000000000000000dEaD";
const TERMS = `20 USDC on Base to ${RESTAURANT}`;

/** Money that the agent has before any of it is spent. */
export async function fundWallet(scene: SkillScene): Promise<void> {
  const { wallets } = await bankrState(scene);
  await scene.double("bankr", "POST", "/__double/bankr/fund", {
    ...{ wallet: wallets[0]?.id, token: "USDC", amount: "30" },
  });
}

export const bankr = (): Step[] => [
  adaSays(`They want a deposit. Pay them 20 USDC, to ${RESTAURANT}.`, {
    script: [
      {
        ...{ when: "They want a deposit", in: "message" },
        use: [
          {
            tool: "pay",
            with: { action: "send", amount: "20", asset: "USDC", to: RESTAURANT, note: "deposit" },
          },
        ],
        say: "Please check that, and answer it.",
      },
    ],
    answers: [
      `Send ${TERMS} (for “deposit”)?\nReply “yes” to this message to confirm, “no” to drop it. Valid for 15 minutes.`,
      "Please check that, and answer it.",
    ],
  }),
  {
    ...{ who: `${ADA}, in reply to “Send 20 USDC …?”`, shows: "yes" },
    act: (scene, [quote]) => scene.reply("yes", quote?.id ?? ""),
    answers: [`Sent ${TERMS}. Transaction 0x${"5".repeat(64)}`],
    proof: {
      ...{ skill: "bankr", tools: ["pay"] },
      verified: "one transfer has left the wallet, of that amount to that address",
      look: async (scene) => {
        const sent = (await bankrState(scene)).transactions.map((transaction) => {
          const { amount, token, to }: Record<string, unknown> = Object(transaction);
          return { amount, token, to };
        });
        deepEqual(sent, [{ amount: "20", token: "USDC", to: RESTAURANT }]);
      },
    },
  },
];
