import { DatabaseSync } from "node:sqlite";

/**
 * A script, run as the gateway's user before openclaw starts: `interrupted-sessions.ts <database>`.
 *
 * After a crash or a stop in the middle of a turn openclaw would continue that turn by itself: a model call that
 * nobody asked for, whose answer has nowhere to go, while the same turn comes again from our server. So the marks
 * by which it finds such sessions are taken away; the transcript stays as it is.
 */
const CLEAR_MARKS = `
  UPDATE session_nodes
  SET status = 'failed',
      entry_json = json_set(
        json_remove(
          entry_json,
          '$.mainRestartRecovery', '$.restartRecoveryRuns', '$.restartRecoveryForceSafeTools',
          '$.restartRecoveryDeliveryContext', '$.restartRecoveryDeliveryRunId',
          '$.restartRecoveryDeliverySourceRunId', '$.restartRecoveryRequesterAccountId',
          '$.restartRecoveryRequesterSenderId', '$.restartRecoverySourceIngress',
          '$.restartRecoverySourceReplyDeliveryMode', '$.pendingFinalDelivery',
          '$.activeWriterRunId', '$.lifecycleRunId'
        ),
        '$.status', 'failed',
        '$.abortedLastRun', json('false')
      )
  WHERE status = 'running'
     OR json_extract(entry_json, '$.abortedLastRun') = 1
     OR json_extract(entry_json, '$.mainRestartRecovery') IS NOT NULL
     OR json_extract(entry_json, '$.pendingFinalDelivery') IS NOT NULL`;

const [databasePath] = process.argv.slice(2);
if (databasePath === undefined) throw new Error("usage: interrupted-sessions.ts <database>");
const database = new DatabaseSync(databasePath, { timeout: 5_000 });
database.exec(CLEAR_MARKS);
database.close();
