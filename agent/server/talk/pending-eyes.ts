import type { Facts } from "../state/facts.ts";
import type { Spoken } from "./speech.ts";

/** Of a burst only the last message gets eyes: the one that nothing follows for so long. */
export const EYES_AFTER_MS = 700;

export interface PendingEyes {
  /** This message is to get eyes, instead of the one before, unless another follows soon. */
  await(on: Spoken): void;
  /** What was read is answered after all. */
  forget(): void;
  stop(): void;
}

/** The eyes that are due, over a restart as well. */
export function createPendingEyes(options: {
  facts: Facts;
  show(on: Spoken): void;
  onQueued(): void;
}): PendingEyes {
  const { facts } = options;
  let timer: NodeJS.Timeout | undefined;

  const show = (): void => {
    const [messageId, inboxId] = facts.get("eyes-due")?.split(" ") ?? [];
    if (messageId !== undefined && inboxId !== undefined) options.show({ messageId, inboxId });
    // Shown twice it is one entry of the outbox, so the order of these two does not matter.
    facts.clear("eyes-due");
    options.onQueued();
  };
  const showLater = (): void => {
    clearTimeout(timer);
    timer = setTimeout(show, EYES_AFTER_MS);
  };
  if (facts.get("eyes-due") !== undefined) showLater();
  return {
    await: ({ messageId, inboxId }) => {
      facts.set("eyes-due", `${messageId} ${inboxId}`);
      showLater();
    },
    forget: () => {
      clearTimeout(timer);
      facts.clear("eyes-due");
    },
    stop: () => clearTimeout(timer),
  };
}
