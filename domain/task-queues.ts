/** Task queues: `control` runs the workflows and the registry's activities; each provider has one of its own. */
export const TASK_QUEUES = {
  control: "control",
  claims: "claims",
  openrouter: "openrouter",
  agentmail: "agentmail",
  telnyx: "telnyx",
  bankr: "bankr",
} as const;
