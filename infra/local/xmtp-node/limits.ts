/** libxmtp's own limit for one gRPC message, in both directions: no client sends or takes more. */
export const MAX_MESSAGE_BYTES = 25 * 1024 * 1024;
/** One client holds one connection (a second while it reconnects): enough for a thousand agents and people. */
export const MAX_SESSIONS = 2_048;
/** A client has two or three open streams and a handful of calls at a time; a burst waits its turn in the client. */
export const MAX_STREAMS_PER_SESSION = 256;
/** Bounds what one connection may make the server hold: a request of the largest size and the streams' buffers. */
export const MAX_SESSION_MEMORY_MIB = 64;
/** Repeated items in one request; libxmtp's own batches are of some hundreds. */
export const MAX_ITEMS_PER_REQUEST = 10_000;

/** Entries in one page of a query: the public network's limit, on which the client's paging relies. */
export const MAX_PAGE_ENTRIES = 100;
/** The public network's limit on the updates of one inbox. */
export const MAX_INBOX_UPDATES = 256;
/** The public network's limits on commit log batches. */
export const MAX_COMMIT_LOG_INSERTS = 10;
export const MAX_COMMIT_LOG_QUERIES = 20;

/** Faults that may be pending at a time: a test needs a few, so more is a test that forgets to clear them. */
export const MAX_FAULTS = 100;
/** Longer than any time limit of a client, so that a longer wait would show nothing new; use `hang` instead. */
export const MAX_FAULT_LATENCY_MS = 120_000;
/** A fault is some 100 bytes of JSON. */
export const MAX_CONTROL_BODY_BYTES = 16 * 1024;
