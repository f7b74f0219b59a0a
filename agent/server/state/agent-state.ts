import type { DatabaseSync } from "node:sqlite";
import type { JoinLedger } from "../../convos/index.ts";
import type { EventStore } from "../../skills/agentmail/index.ts";
import type { PaymentStore } from "../../skills/bankr/payment.ts";
import type { Schedules } from "../../skills/scheduling/index.ts";
import type { SmsLog } from "../../skills/telnyx-cli/sms-log.ts";
import { createCalendarEvents } from "./calendar-events.ts";
import { type ClaimStore, createClaimStore } from "./claim-record.ts";
import { createFacts, type Facts } from "./facts.ts";
import { type IdentityFile, openIdentityFile } from "./identity-file.ts";
import { createJoinLedger } from "./join-ledger.ts";
import { createNamedAddresses, type NamedAddresses } from "./named-addresses.ts";
import { createNotifications, type Notifications } from "./notifications.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import type { StatePaths } from "./paths.ts";
import { createPaymentStore } from "./payments.ts";
import { createReportQueue, type ReportQueue } from "./report-queue.ts";
import { createSchedules } from "./schedules.ts";
import { createSmsLog } from "./sms-log.ts";
import { createTurnLedger, type TurnLedger } from "./turn-ledger.ts";

/** Everything durable of a living agent. */
export interface AgentState {
  identity: IdentityFile;
  facts: Facts;
  claim: ClaimStore;
  turns: TurnLedger;
  outbox: Outbox;
  joinLedger: JoinLedger;
  notifications: Notifications;
  namedAddresses: NamedAddresses;
  schedules: Schedules;
  payments: PaymentStore;
  smsLog: SmsLog;
  calendarEvents: EventStore;
  reports: ReportQueue;
}

/** Throws when the state cannot be trusted, for instance because the state key is another one. */
export function openAgentState(
  database: DatabaseSync,
  paths: StatePaths,
  stateKeyHex: string,
  epoch: number,
): AgentState {
  const identity = openIdentityFile(paths.identity, stateKeyHex);
  const { vault } = identity;
  return {
    identity,
    facts: createFacts(database),
    claim: createClaimStore(database, vault),
    turns: createTurnLedger(database, vault),
    outbox: createOutbox(database, vault),
    joinLedger: createJoinLedger(database),
    notifications: createNotifications(database),
    namedAddresses: createNamedAddresses(database, vault),
    schedules: createSchedules(database, vault),
    payments: createPaymentStore(database, vault),
    smsLog: createSmsLog(database, vault),
    calendarEvents: createCalendarEvents(database, vault),
    reports: createReportQueue(database, epoch),
  };
}
