import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from "@temporalio/client";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import {
  LEAKS_SCHEDULE,
  PROBES_SCHEDULE,
  RECONCILE_SCHEDULE,
  SPEND_SCHEDULE,
  WORKFLOW_TYPES,
} from "../domain/workflow-types.ts";

interface ScheduledRun {
  scheduleId: string;
  workflowType: string;
  every: "60s" | "10m";
  within: "2m" | "10m";
  staticSummary: string;
}

const SCHEDULES: readonly ScheduledRun[] = [
  {
    scheduleId: RECONCILE_SCHEDULE,
    workflowType: WORKFLOW_TYPES.reconcile,
    every: "60s",
    within: "2m",
    staticSummary: "Reconcile, each minute",
  },
  {
    scheduleId: LEAKS_SCHEDULE,
    workflowType: WORKFLOW_TYPES.leaks,
    every: "10m",
    within: "2m",
    staticSummary: "What the providers have against the ledger, each ten minutes",
  },
  {
    scheduleId: SPEND_SCHEDULE,
    workflowType: WORKFLOW_TYPES.spend,
    every: "10m",
    within: "2m",
    staticSummary: "What the agents have spent, each ten minutes",
  },
  {
    scheduleId: PROBES_SCHEDULE,
    workflowType: WORKFLOW_TYPES.probes,
    every: "10m",
    within: "10m",
    staticSummary: "Whether the idle agents still answer, each ten minutes",
  },
];

/** Makes each schedule once. A run that overlaps waits: a skipped one would hide a run that is stuck. */
export async function ensureSchedules(client: Client): Promise<void> {
  for (const { scheduleId, workflowType, every, within, staticSummary } of SCHEDULES) {
    try {
      await client.schedule.create({
        scheduleId,
        spec: { intervals: [{ every }] },
        policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: "2m" },
        action: {
          type: "startWorkflow",
          workflowType,
          taskQueue: TASK_QUEUES.control,
          workflowExecutionTimeout: within,
          args: [],
          staticSummary,
        },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
}
