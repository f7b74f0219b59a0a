import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from "@temporalio/client";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { RECONCILE_SCHEDULE, WORKFLOW_TYPES } from "../domain/workflow-types.ts";

/** Makes the schedule once. A run that overlaps waits: a skipped one would hide a run that is stuck. */
export async function ensureReconcileSchedule(client: Client): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: RECONCILE_SCHEDULE,
      spec: { intervals: [{ every: "60s" }] },
      policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: "2m" },
      action: {
        type: "startWorkflow",
        workflowType: WORKFLOW_TYPES.reconcile,
        taskQueue: TASK_QUEUES.control,
        workflowExecutionTimeout: "2m",
        args: [],
        staticSummary: "Reconcile, each minute",
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
